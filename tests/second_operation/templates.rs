//! What `new-operation` writes fits the contract and passes its cases at once, by the commands that it prints.

use std::path::Path;
use std::process::Command;

use test_support::{Home, workspace};

use crate::{KEPT, component, javascript};

/// A new operation in this language, built by these commands, then checked and tested.
fn passes_at_once(language: &str, build: &[(&[&str], (&str, &str))]) {
    let home = Home::new();
    let written = home.run(["new-operation", language, "vip"]);
    written.assert(0, &[]).assert_prints(&["cd vip", "host-harness test cases --component operation.wasm"]);
    let folder = home.path("vip");
    if language == "rust" {
        // The same versions, which are at hand.
        std::fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a copy");
    }
    for (command, (name, value)) in build {
        written.assert_prints(&[&command.join(" ")]);
        let (program, arguments) = command.split_first().expect("a program");
        let program = if program.starts_with("./") { folder.join(program) } else { Path::new(program).to_owned() };
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .env(name, value)
            .env("CARGO_NET_OFFLINE", "true")
            .output();
        let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let checked = home.run(["check", "vip/operation.wasm"]);
    checked.assert(0, &[]).assert_prints(&["fits telephony:operation@0.2.0", "operation       vip 0.1.0"]);
    let tested = home.run(["test", "vip/cases", "--component", "vip/operation.wasm"]);
    tested.assert(0, &[]).assert_prints(&["2 passed, 0 failed", "Reasons reached: 1 of 1"]);
}

#[test]
fn a_new_operation_in_rust_passes_check_and_test() {
    // What was built is kept.
    passes_at_once("rust", &[(&["cargo", "run"], ("CARGO_TARGET_DIR", &format!("{KEPT}/new-operation")))]);
}

#[test]
fn a_new_operation_in_python_passes_check_and_test() {
    // Its toolchain is the other operation's.
    if component().is_some() {
        passes_at_once("python", &[(&["./build", "operation.wasm"], ("TOOLS", &format!("{KEPT}/tools")))]);
    }
}

#[test]
fn a_new_operation_in_javascript_passes_check_and_test() {
    if javascript::component(None).is_some() {
        let nothing = ("NO_UPDATE_NOTIFIER", "1");
        passes_at_once("javascript", &[(&["npm", "ci"], nothing), (&["npm", "run", "build"], nothing)]);
    }
}
