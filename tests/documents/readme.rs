//! The README is short, and its Russian twin has the same parts and commands.

use std::process::Command;

use crate::tree;

/// What can be read at one sitting.
const MOST_LINES: usize = 130;

/// `cargo run` asks which program is meant as soon as there are two.
#[test]
fn cargo_run_means_the_host() {
    let output =
        Command::new(env!("CARGO")).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).output();
    let metadata = String::from_utf8(output.expect("cargo runs").stdout).expect("UTF-8");
    assert_eq!(metadata.matches(r#""kind":["bin"]"#).count(), 1, "make the other program an example");
}

#[test]
fn the_readme_is_short() {
    for path in ["README.md", "README.ru.md"] {
        let lines = tree::read(path).lines().count();
        assert!(lines <= MOST_LINES, "{path} has {lines} lines; move something to host-harness/docs");
    }
}

#[test]
fn the_russian_readme_has_the_commands_and_headings_of_the_english_one() {
    let [english, russian] = ["README.md", "README.ru.md"].map(tree::read);
    assert!(commands(&english).len() >= 15, "{:?}", commands(&english));
    assert_eq!(commands(&russian), commands(&english));
    assert_eq!(levels(&russian), levels(&english));
    assert_eq!(links(&russian), links(&english));
}

/// The commands of a document's shell blocks, without their comments.
fn commands(document: &str) -> Vec<&str> {
    let blocks = document.split("\n```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap_or(line).trim_end()).collect()
}

/// How deep each heading stands.
fn levels(document: &str) -> Vec<usize> {
    let depth = |line: &str| line.bytes().take_while(|byte| *byte == b'#').count();
    // A number sign in a block of code is not a heading.
    document.split("\n```").step_by(2).flat_map(str::lines).map(depth).filter(|depth| *depth > 0).collect()
}

/// Where a document leads, but to its twin.
fn links(document: &str) -> Vec<&str> {
    let links = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.starts_with("README")).collect()
}
