//! The program under test.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::workspace;

/// The program's file. Cargo builds it for the tests of its own package and names it; for those of other packages it is built here, once,
/// with the profile and into the target directory of the test that asks.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("CARGO_BIN_EXE_host-harness").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    // A test is a file of the folder `deps`, which is in the profile's folder, which is in the target directory.
    let test = env::current_exe().expect("a running test has a file");
    let profile = test.ancestors().nth(2).expect("a test is in the folder of its profile");
    let name = match profile.file_name().expect("a profile's folder has a name") {
        name if name == "debug" => OsString::from("dev"),
        name => name.to_owned(),
    };
    let target = profile.parent().expect("profiles are in the target directory");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--package",
        "host-harness",
        "--bin",
        "host-harness",
        "--message-format=json-render-diagnostics",
    ]);
    // What cargo tells a test of its own package would have build scripts run again that look at it.
    for (name, _) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|kind| name.to_string_lossy().starts_with(kind)) {
            cargo.env_remove(name);
        }
    }
    cargo.arg("--profile").arg(name).arg("--target-dir").arg(target).current_dir(workspace()).stderr(Stdio::inherit());
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "cargo does not build host-harness: {cargo:?}");
    let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut executables = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    executables.next_back().expect("cargo names the executable that it built")
}
