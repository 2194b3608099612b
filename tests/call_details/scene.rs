//! A server that keeps calls, and the ways to look at them.

use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use test_support::client::{Answer, PATIENCE};
use test_support::{CALLER, ConnectedHome, Ended, OPERATIONS, Process};

/// Contact 2, whose manager is Boris.
pub(crate) const OTHER: &str = "+79035550112";

/// A home and the server in it.
pub(crate) struct Serving {
    pub(crate) home: ConnectedHome,
    pub(crate) process: Process,
}

impl Serving {
    /// With this `[call_details]` section, or none.
    pub(crate) async fn new(section: &str) -> Self {
        Self::of(OPERATIONS, section).await
    }

    /// With these placed operations.
    pub(crate) async fn of(operations: &str, section: &str) -> Self {
        let home = ConnectedHome::new(operations, section).await;
        let process = home.serve(&[]);
        Self { home, process }
    }

    /// A server again after the one before has gone.
    pub(crate) fn again(&mut self) {
        self.process.kill();
        self.process = self.home.serve(&[]);
    }

    /// Ends the server as an interrupt does.
    pub(crate) async fn stop(self) -> ConnectedHome {
        self.process.signal("-TERM");
        let (status, stderr) = self.process.ended().await;
        assert_eq!(status.code(), Some(0), "{stderr}");
        self.home
    }

    /// Resolves a call; always answered.
    pub(crate) async fn call(&self, id: &str, caller: Option<&str>, operation: &str) -> Answer {
        let call = json!({"id": id, "caller": caller, "called": "+74951234567", "operation": operation});
        let answer = self.process.client.call(&call).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer
    }

    /// Four calls that end in four ways, all kept when this returns.
    pub(crate) async fn four_calls(&self) {
        assert_eq!(self.call("pbx-1", Some(CALLER), "sales").await.goes_to(), "anna");
        assert_eq!(self.call("pbx-2", Some(OTHER), "support").await.goes_to(), "boris");
        assert_eq!(self.call("pbx-3", None, "sales").await.reason(), "caller-hidden");
        assert_eq!(self.call("pbx-4", Some("+74990000000"), "support").await.reason(), "contact-not-found");
        self.kept(4).await;
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.process.client.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer.json()
    }

    /// What the state says of keeping.
    pub(crate) async fn keeping(&self) -> Value {
        self.get("/v1/state").await["call_details"].clone()
    }

    /// A gauge or counter of the metrics.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = String::from_utf8(self.process.client.get("/metrics").await.body.to_vec()).expect("text");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("{name} in {text}"))
    }

    /// Waits until so many calls were kept since the server began.
    pub(crate) async fn kept(&self, calls: u64) {
        self.until(&format!("{calls} calls are kept"), |keeping| keeping["kept"] == calls).await;
    }

    /// Waits until keeping is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        let mut last = Value::Null;
        let wait = async {
            loop {
                last = self.keeping().await;
                if is_so(&last) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("in vain: {what}; {last}");
        }
    }

    /// `host-harness calls` with these arguments.
    pub(crate) fn calls(&self, arguments: &[&str]) -> Ended {
        calls(&self.home, arguments)
    }

    /// The identifiers that `calls` lists.
    pub(crate) fn ids(&self, arguments: &[&str]) -> Vec<String> {
        ids(&self.home, arguments)
    }

    pub(crate) fn file(&self) -> PathBuf {
        file(&self.home)
    }

    /// Another program's connection to the file.
    pub(crate) fn other_program(&self) -> Connection {
        Connection::open(self.file()).expect("the file")
    }
}

/// `host-harness calls` with these arguments.
pub(crate) fn calls(home: &ConnectedHome, arguments: &[&str]) -> Ended {
    home.run(&[&["calls", "--state", "kept"], arguments].concat())
}

/// The same where `TZ` is this.
pub(crate) fn calls_in_zone(home: &ConnectedHome, zone: &str, arguments: &[&str]) -> Ended {
    let mut command = home.command(&["calls", "--state", "kept"]);
    command.args(arguments).env("TZ", zone);
    Ended::of(command.output().expect("the binary starts"))
}

/// The identifiers that `calls` lists, in its order.
pub(crate) fn ids(home: &ConnectedHome, arguments: &[&str]) -> Vec<String> {
    let ended = calls(home, &[&["--json"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let id = |line: &str| {
        let call: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        call["call"]["id"].as_str().expect("an identifier").to_owned()
    };
    ended.stdout.lines().map(id).collect()
}

/// The file of call details.
pub(crate) fn file(home: &ConnectedHome) -> PathBuf {
    home.path("kept").join("call-details.sqlite3")
}
