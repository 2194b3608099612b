//! What these tests ask of the machine. Where it is missing they are [skipped](skip), and where `CI` is set they fail.

use std::process::{Command, Output};

use test_support::skip;

/// Whether a program is there.
pub(crate) fn has(program: &str, package: &str) -> bool {
    let is_there = Command::new("sh")
        .args(["-c", "command -v \"$0\"", program])
        .output()
        .is_ok_and(|found| found.status.success());
    if !is_there {
        skip("the Debian package is", &format!("Install {package} (Debian: apt-get install {package})"));
    }
    is_there
}

/// Whether this is root, who alone can install into a tree.
pub(crate) fn is_root() -> bool {
    let is_root = output(Command::new("id").arg("-u")).trim() == "0";
    if !is_root {
        skip("installing the Debian package is", "Run the tests as root");
    }
    is_root
}

/// What a command says, which must succeed.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    said(&output)
}

/// Both streams of a command.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
