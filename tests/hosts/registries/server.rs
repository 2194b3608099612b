//! A registry of container images, as Debian packages it: a process on loopback with a folder of its own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use test_support::{skip, workspace};

use crate::program::Program;

/// How `get-registry` says that it cannot be had.
const NOT_TO_BE_HAD: i32 = 3;
const KEPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/other-hosts/registry");

/// A registry, until it is dropped.
pub(super) struct Registry {
    _program: Program,
    folder: TempDir,
    address: String,
}

impl Registry {
    /// Starts one, with more lines of its configuration. None where it cannot be had: the test is then [skipped](skip).
    pub(super) fn start(more: &str) -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().expect("a folder");
        let configuration = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: '127.0.0.1:0', secret: one-node}}\n{more}",
            folder.path().join("data").display()
        );
        let file = folder.path().join("configuration.yml");
        std::fs::write(&file, configuration).expect("a file");
        let program = Program::start(Command::new(program).arg("serve").arg(file).env_remove("REGISTRY_AUTH_FILE"));
        let address = |line: &str| Some(line.split_once("listening on ")?.1.split('"').next()?.to_owned());
        let address = program.wait_for(address).unwrap_or_else(|said| panic!("{said}"));
        Some(Self { _program: program, folder, address })
    }

    /// A reference to something in it.
    pub(super) fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }

    /// Where its parts are on the disk.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn program() -> Option<PathBuf> {
    static FETCHED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let fetch = || {
        let output = Command::new(workspace().join("tests/hosts/tools/get-registry")).arg(KEPT).output().expect("bash");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(NOT_TO_BE_HAD) {
            skip("pushing to a registry and pulling from it are", said.trim_end());
            return None;
        }
        assert!(output.status.success(), "{said}");
        Some(PathBuf::from(KEPT).join("usr/bin/docker-registry"))
    };
    FETCHED.get_or_init(fetch).clone()
}
