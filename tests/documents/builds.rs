//! Each package is compiled once for `cargo run`, `cargo test` and the tests that need other programs.

use std::collections::BTreeSet;
use std::process::Command;

use crate::tree;

/// Cargo compiles a package again when a test asks more features of it than the program does, and with it all that use it.
#[test]
fn tests_ask_for_no_other_features_than_the_program() {
    let run = packages(&["--package", "host-harness", "--edges", "no-dev"]);
    let test = packages(&[]);
    assert!(run.len() > 200, "only {} packages found", run.len());
    let compiled_twice: Vec<_> = run.difference(&test).collect();
    assert!(
        compiled_twice.is_empty(),
        "tests ask for other features of these; ask for the same in host-harness/Cargo.toml: {compiled_twice:#?}"
    );
}

/// The packages whose tests need other programs, and what makes the Debian package, as `.ci/run` and `.ci/full` build them after the README's command.
const TIERS: [&str; 8] = [
    "packaging",
    "test-asterisk",
    "test-hosts",
    "test-package",
    "test-page",
    "test-redis",
    "test-second-operation",
    "test-sip",
];

#[test]
#[ignore = "needs the sources of every package: cargo fetch --locked"]
fn tests_that_need_other_programs_ask_for_no_other_features_either() {
    let name = |package: &str| package.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let test = packages(&[]);
    let compiled: BTreeSet<_> = test.iter().map(|package| name(package)).collect();
    for tier in TIERS {
        let tests = packages(&["--package", tier]);
        assert!(tests.len() > 200, "only {} packages found in {tier}", tests.len());
        let compiled_twice: Vec<_> =
            tests.difference(&test).filter(|package| compiled.contains(&name(package))).collect();
        assert!(
            compiled_twice.is_empty(),
            "{tier} asks for other features of these; ask for the same in host-harness/Cargo.toml: {compiled_twice:#?}"
        );
    }
}

/// The packages of a build, each with its features.
fn packages(arguments: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--offline", "--prefix", "none", "--format", "{p} {f}"]).args(arguments);
    cargo.current_dir(tree::root());
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let packages = String::from_utf8(output.stdout).expect("UTF-8");
    packages.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}
