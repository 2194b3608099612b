//! The package under test, and the same once more as its next version.

use std::env;
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

/// Builds it into the target directory of these tests.
fn build(revision: &str) -> PathBuf {
    let test = env::current_exe().expect("a running test has a file");
    let profile = test.ancestors().nth(2).expect("a test is in the folder of its profile");
    let name = match profile.file_name().and_then(|name| name.to_str()).expect("a profile's folder has a name") {
        "debug" => "dev",
        name => name,
    };
    let target = profile.parent().expect("profiles are in the target directory");
    let mut build = Command::new(workspace().join("host-harness/packaging/build"));
    build.arg(revision).env("PROFILE", name).env("CARGO_TARGET_DIR", target);
    // What cargo tells this test of its own package would have packages built again that ask for such variables.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|begin| text.starts_with(begin)) {
            build.env_remove(&name);
        }
    }
    let output = build.stdin(Stdio::null()).output().expect("a shell runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    PathBuf::from(said.trim_end())
}
