//! Processes of the binary, each with a home of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The access token of every test. No process may ever print it.
pub(crate) const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiIxIn0.c2lnbmF0dXJl";
/// The caller of the README: contact 3 of the demonstration account, whose manager is Anna.
pub(crate) const CALLER: &str = "+7 916 123-45-67";

/// A home directory, where processes start and keep their state.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("a file");
    }

    /// A process in this home, in English and without anything of this machine's environment.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.0.path()).env("XDG_STATE_HOME", self.path("state")).env("LANG", "C");
        command
    }

    /// Runs a process to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ended {
        Ended::of(self.command(arguments).output().expect("the binary starts"))
    }

    /// Runs `call` with these arguments and `--json`.
    pub(crate) fn call_json(&self, arguments: &[&str]) -> (Ended, Value) {
        let ended = self.run(["call", "--json"].iter().chain(arguments));
        let json = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("not JSON: {error}: {ended:?}"));
        (ended, json)
    }
}

/// How a process ended. Making one checks that it told nobody the token.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        let ended = Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        for part in TOKEN.split('.') {
            assert!(!ended.stdout.contains(part) && !ended.stderr.contains(part), "the token was printed: {ended:?}");
        }
        ended
    }

    /// Asserts the exit code, and that standard error says all these parts (nothing at all where there are none).
    pub(crate) fn assert(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!parts.is_empty() || self.stderr.is_empty(), "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "lacks `{part}`: {self:?}");
        }
        self
    }

    /// Asserts that standard output says all these parts.
    pub(crate) fn assert_prints(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.stdout.contains(part), "lacks `{part}`: {self:?}");
        }
        self
    }
}

/// A separately running `host-harness amocrm`; killed when it is dropped.
pub(crate) struct Amocrm {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) base_url: String,
}

impl Amocrm {
    /// Starts one that demands the token, and returns when it has said where it listens.
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(["amocrm", "--token", TOKEN].iter().chain(arguments));
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let base_url = lines.next().expect("the first line is its address").expect("text");
        assert!(base_url.starts_with("http://127.0.0.1:"), "{base_url}");
        Self { process, lines, base_url }
    }

    /// Waits for the line of the next request.
    pub(crate) fn next_request(&mut self) -> String {
        let line = self.lines.next().expect("a line for each request").expect("text");
        assert!(!line.contains(TOKEN), "{line}");
        line
    }

    /// Sends a request to its control, and gives the answer's body.
    pub(crate) fn control(&self, method: &str, path: &str) -> String {
        let address = self.base_url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("it listens");
        write!(stream, "{method} /_simulator/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer.split_once("\r\n\r\n").expect("an HTTP answer").1.to_owned()
    }

    /// The requests that it got.
    pub(crate) fn requests(&self) -> Value {
        serde_json::from_str(&self.control("GET", "requests")).expect("JSON")
    }
}

impl Drop for Amocrm {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A configuration file for the server at this address, with Anna as its employee.
pub(crate) fn config_for(base_url: &str, integration: &str) -> String {
    format!(
        "[[integration]]\naccount = \"{base_url}\"\ntoken = \"env:AMOCRM_TOKEN\"\n{integration}\n\
         [[integration.employee]]\nid = \"anna\"\nname = \"Anna\"\namocrm_user = 504141\n\
         numbers = [\"101\", {{ number = \"+79035550101\", ring_time = \"25s\" }}]\n\
         [[operation]]\nlinked_operation = \"queue:support\"\n"
    )
}

/// Grants what a server on this machine needs.
pub(crate) const LOOPBACK: &str = "plain_http = \"granted\"\nprivate_addresses = \"granted\"";

/// The file of the store in a state directory.
pub(crate) fn store_in(directory: &Path) -> PathBuf {
    directory.join("key-value.sqlite3")
}
