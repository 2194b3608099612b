//! A simulated amoCRM in a process of its own, and the configuration that points at it.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;
use test_support::{ACCOUNT_TOKEN, Home};

/// A separately running `host-harness amocrm`; killed when it is dropped.
pub(crate) struct Amocrm {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) base_url: String,
}

impl Amocrm {
    /// Starts one that demands the token, and returns when it has said where it listens.
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(["amocrm", "--token", ACCOUNT_TOKEN].iter().chain(arguments));
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let base_url = lines.next().expect("the first line is its address").expect("text");
        assert!(base_url.starts_with("http://127.0.0.1:"), "{base_url}");
        Self { process, lines, base_url }
    }

    /// Waits for the line of the next request.
    pub(crate) fn next_request(&mut self) -> String {
        let line = self.lines.next().expect("a line for each request").expect("text");
        assert!(!line.contains(ACCOUNT_TOKEN), "{line}");
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

/// The file of cached answers in a state directory.
pub(crate) fn cache_in(directory: &Path) -> PathBuf {
    directory.join("key-value.sqlite3")
}
