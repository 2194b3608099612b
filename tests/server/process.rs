//! The binary: how a newcomer and an init system meet it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use amocrm_simulator::{Options, Simulator};
use http::{Method, Request, StatusCode};
use serde_json::json;
use tempfile::TempDir;

use crate::client::Client;
use crate::scene::CALLER;

/// A process that serves, in a home of its own; killed when it is dropped.
struct Process {
    child: Child,
    _lines: BufReader<ChildStdout>,
    said: String,
    client: Client,
}

fn command(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).current_dir(home.path()).stdin(Stdio::null());
    command.env_clear().env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    fn start(home: &TempDir, arguments: &[&str]) -> Self {
        let mut child = command(home, arguments).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut said = String::new();
        lines.read_line(&mut said).expect("text");
        let address = said.strip_prefix("listening on http://").and_then(|rest| rest.split(';').next());
        let address: SocketAddr = address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("{said}"));
        Self { child, _lines: lines, said, client: Client::of(address) }
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// How it ended.
    async fn ended(mut self) -> Output {
        tokio::task::spawn_blocking(move || {
            let status = self.child.wait().expect("it ends");
            let mut stderr = Vec::new();
            if let Some(mut pipe) = self.child.stderr.take() {
                std::io::Read::read_to_end(&mut pipe, &mut stderr).expect("text");
            }
            Output { status, stdout: Vec::new(), stderr }
        })
        .await
        .expect("no panic")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn token_in(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("server-token")).expect("a token")
}

#[tokio::test]
async fn a_newcomer_serves_the_demonstration_and_calls_with_the_token_of_the_state_directory() {
    let home = tempfile::tempdir().expect("a folder");
    let process = Process::start(&home, &["--state", "kept"]);
    let token = token_in(&home.path().join("kept"));
    assert!(process.said.contains("server-token") && !process.said.contains(&token), "{}", process.said);
    let call = |token: &str| {
        let request = Request::builder().method(Method::POST).uri("/v1/resolve-call");
        request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json")
    };
    let body = json!({"caller": CALLER, "called": "+74951234567"}).to_string();
    assert_eq!(process.client.send(call(&token), body.clone()).await.goes_to(), "anna");
    assert_eq!(process.client.send(call("another-token-0123456789"), body).await.status, StatusCode::UNAUTHORIZED);
    process.signal("-TERM");
    let ended = process.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
    let again = Process::start(&home, &["--state", "kept"]);
    assert_eq!(token_in(&home.path().join("kept")), token, "made once");
    drop(again);
}

#[tokio::test]
async fn sigterm_lets_calls_in_flight_end_and_a_second_one_does_not() {
    let simulator = Simulator::start(Options::default()).await.expect("the simulator starts");
    simulator.add_fault("contacts:hang".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    let home = tempfile::tempdir().expect("a folder");
    let config = format!(
        "[[integration]]\naccount = \"{}\"\ntoken = \"file:amo\"\nplain_http = \"granted\"\nprivate_addresses = \"granted\"\n\
         requests_per_second = 50\n[[operation]]\nlinked_operation = \"queue:support\"\n[server]\ntoken = \"file:token\"\n",
        simulator.base_url()
    );
    for (name, text) in [("amo", "an-amocrm-token"), ("token", crate::client::TOKEN), ("config.toml", &config)] {
        std::fs::write(home.path().join(name), text).expect("a file");
    }
    for second in [false, true] {
        simulator.clear_requests();
        let process = Process::start(&home, &["--config", "config.toml", "--state", "kept"]);
        let calls: Vec<_> = (0..10)
            .map(|number| {
                let client = process.client.clone();
                let call = json!({"caller": format!("+791600000{number:02}")});
                tokio::spawn(async move { client.call(&call).await })
            })
            .collect();
        crate::scene::until(|| simulator.requests().len() >= 10).await;
        process.signal("-TERM");
        let server = process.client.server;
        // Refused as soon as the signal was seen.
        let refused = async { while tokio::net::TcpStream::connect(server).await.is_ok() {} };
        tokio::time::timeout(crate::client::PATIENCE, refused).await.expect("nothing new is accepted");
        if second {
            process.signal("-TERM");
            let ended = process.ended().await;
            assert!(String::from_utf8_lossy(&ended.stderr).contains("stopped at once"), "{ended:?}");
            calls.iter().for_each(tokio::task::JoinHandle::abort);
        } else {
            for call in calls {
                let answer = call.await.expect("no panic");
                assert_eq!((answer.status, answer.goes_to().as_str()), (StatusCode::OK, "queue:support"));
            }
            let ended = process.ended().await;
            assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        }
    }
}

#[test]
fn what_keeps_a_server_from_beginning_is_said() {
    let home = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command.args(["serve", "--state", "kept", "--listen", &address]).current_dir(home.path()).env("HOME", home.path());
    let ended = command.output().expect("the binary starts");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("cannot listen on {address}")) && said.contains("--listen"), "{said}");
}
