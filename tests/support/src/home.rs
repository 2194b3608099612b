//! A home directory for processes of the program, and how they end.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::Process;
use crate::binary::binary;
use crate::compiled;

/// The access token of the simulated account, for every process. No process may ever print it.
pub const ACCOUNT_TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiIxIn0.c2lnbmF0dXJl";

/// A home directory, where processes start and keep their state.
pub struct Home(TempDir);

impl Home {
    /// One where the program has run before, so that it has the built-in operation compiled, and nothing else is left of it.
    #[allow(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let home = Self::bare();
        home.has_run("state/host-harness");
        home
    }

    /// Makes this a state directory of a program that has run before.
    pub fn has_run(&self, state: &str) {
        compiled::keep_in(&self.path(state));
    }

    /// An empty one, where the program has never run.
    pub fn bare() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The home itself.
    pub fn directory(&self) -> &Path {
        self.0.path()
    }

    /// A file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("a file");
    }

    /// Writes a file that this user alone can read.
    pub fn write_secret(&self, name: &str, secret: &str) {
        self.write(name, secret);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).expect("one's own file");
        }
    }

    /// The program, in this home, with these arguments.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command_of(binary());
        command.args(arguments);
        command
    }

    /// Any program in this home, in English and without anything of this machine's environment.
    pub fn command_of(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.directory()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.directory()).env("XDG_STATE_HOME", self.path("state")).env("LANG", "C");
        command
    }

    /// Runs the program to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ended {
        Ended::of(self.command(arguments).output().expect("the binary starts"))
    }

    /// Runs `call` with these arguments and `--json`.
    pub fn call_json(&self, arguments: &[&str]) -> (Ended, Value) {
        let ended = self.run(["call", "--json"].iter().chain(arguments));
        let json = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("not JSON: {error}: {ended:?}"));
        (ended, json)
    }

    /// Starts `serve` with these arguments.
    pub fn serve(&self, arguments: &[&str]) -> Process {
        let mut command = self.command(["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Process::of(command, self)
    }
}

/// How a process ended. Making one checks that it printed no part of the [account's token](ACCOUNT_TOKEN).
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of and logged.
    pub stderr: String,
}

impl Ended {
    /// Of a process that has ended.
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        let ended = Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        for part in ACCOUNT_TOKEN.split('.') {
            assert!(!ended.stdout.contains(part) && !ended.stderr.contains(part), "the token was printed: {ended:?}");
        }
        ended
    }

    /// What it complained of and logged, without the line that says that this is the demonstration.
    pub fn complaints(&self) -> String {
        let lines = self.stderr.split_inclusive('\n');
        lines.filter(|line| !["demonstration: ", "демонстрация: "].iter().any(|said| line.starts_with(said))).collect()
    }

    /// Asserts the exit code, and that standard error says all these parts (nothing at all where there are none).
    pub fn assert(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!parts.is_empty() || self.complaints().is_empty(), "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "lacks `{part}`: {self:?}");
        }
        self
    }

    /// Asserts that standard output says all these parts.
    pub fn assert_prints(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.stdout.contains(part), "lacks `{part}`: {self:?}");
        }
        self
    }
}
