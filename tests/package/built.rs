//! The package under test, and the same once more as its next version.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use test_support::workspace;

use crate::machine;

/// Where the package is; none where this machine cannot build it.
pub(crate) fn package() -> Option<&'static Path> {
    static PACKAGE: OnceLock<Option<PathBuf>> = OnceLock::new();
    PACKAGE.get_or_init(|| machine::has("dh", "debhelper").then(|| build("1"))).as_deref()
}

/// The next version of [`package`], which was asked for before.
pub(crate) fn next_version() -> &'static Path {
    static NEXT: OnceLock<PathBuf> = OnceLock::new();
    NEXT.get_or_init(|| build("2"))
}

/// The revision that the component inside is to name.
pub(crate) const REVISION: &str = "5d1c9b7e3a2f4086d5e1c0b9a8f7e6d5c4b3a291";
/// When that is said to be of: 2026-11-22T09:00:00Z.
const SOURCE_DATE: &str = "1795338000";

/// Builds it into the target directory of these tests.
fn build(revision: &str) -> PathBuf {
    let mut build = by_cargo(workspace().join("host-harness/packaging/build"));
    build.arg(revision).env("PROFILE", profile()).env("CARGO_TARGET_DIR", target());
    build.env("OPERATION_REVISION", REVISION).env("OPERATION_DATE", SOURCE_DATE);
    let output = build.stdin(Stdio::null()).output().expect("a shell runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    PathBuf::from(said.trim_end())
}

/// A program that runs cargo, or cargo itself, without what cargo tells this test of its own package: that would have packages built again which ask
/// for such variables.
pub(crate) fn by_cargo(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|begin| text.starts_with(begin)) {
            command.env_remove(&name);
        }
    }
    command
}

/// The profile of these tests.
pub(crate) fn profile() -> String {
    match folder().file_name().and_then(OsStr::to_str).expect("a profile's folder has a name") {
        "debug" => "dev".to_owned(),
        name => name.to_owned(),
    }
}

/// The target directory of these tests.
pub(crate) fn target() -> PathBuf {
    folder().parent().expect("profiles are in the target directory").to_owned()
}

/// A test is a file of the folder `deps`, which is in the profile's folder.
fn folder() -> PathBuf {
    let test = env::current_exe().expect("a running test has a file");
    test.ancestors().nth(2).expect("a test is in the folder of its profile").to_owned()
}
