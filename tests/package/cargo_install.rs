//! `cargo install`, as `host-harness/docs/installing.md` says it.

use std::env;
use std::process::Command;

use test_support::workspace;

use crate::built::{by_cargo, profile, target};
use crate::machine::output;

#[test]
fn cargo_installs_the_program_with_its_component() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cargo = by_cargo(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["install", "--path", "host-harness", "--locked", "--root"]).arg(folder.path());
    cargo.arg("--target-dir").arg(target()).arg("--profile").arg(profile()).current_dir(workspace());
    output(&mut cargo);
    let program = folder.path().join("bin/host-harness");
    let mut call = Command::new(program);
    let said = output(call.args(["call", "+7 916 123-45-67", "--state", "memory"]).env("LC_ALL", "C"));
    assert!(said.contains("Forwarded: Анна Соколова (anna)"), "{said}");
}
