//! The server as its user runs it: the binary, with a simulated amoCRM behind it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use amocrm_simulator::{Options, Simulator};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The server's token.
pub(crate) const TOKEN: &str = "a-token-of-the-page-0123456789";

pub(crate) struct Site {
    pub(crate) address: String,
    pub(crate) amocrm: Simulator,
    process: Child,
    _home: TempDir,
}

impl Site {
    /// With more lines of the integration's section, and another linked operation.
    pub(crate) async fn start(integration: &str, linked_operation: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let amocrm = Simulator::start(Options::default()).await.expect("the simulator starts");
        let config = format!(
            r#"
            [server]
            token = "file:token"
            [[integration]]
            account = "{}"
            token = "file:token"
            plain_http = "granted"
            private_addresses = "granted"
            {integration}
            [[integration.employee]]
            id = "anna"
            name = "Анна <b>Соколова</b>"
            amocrm_user = 504141
            numbers = ["101"]
            [[operation]]
            linked_operation = '{linked_operation}'
            "#,
            amocrm.base_url()
        );
        std::fs::write(home.path().join("token"), TOKEN).expect("a file");
        std::fs::write(home.path().join("host-harness.toml"), config).expect("a file");
        let mut process = Command::new(env!("CARGO_BIN_EXE_host-harness"))
            .args(["serve", "--config", "host-harness.toml", "--listen", "127.0.0.1:0", "--state", "state"])
            .current_dir(home.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut said = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut said).expect("text");
        let address = said.strip_prefix("listening on http://").and_then(|rest| rest.split(';').next());
        let address = address.unwrap_or_else(|| panic!("{said}")).to_owned();
        Self { address, amocrm, process, _home: home }
    }

    /// A call comes in; gives the answer's body.
    pub(crate) async fn call(&self, caller: &str, called: &str) -> String {
        self.post("/v1/resolve-call", &serde_json::json!({ "caller": caller, "called": called })).await
    }

    /// The PBX reports what it saw of a call.
    pub(crate) async fn report(&self, seq: u32, outcome: &serde_json::Value) {
        self.post(&format!("/v1/calls/{seq}/outcome"), outcome).await;
    }

    async fn post(&self, path: &str, body: &serde_json::Value) -> String {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let answer = exchange(&self.address, &(head + &body)).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.split_once("\r\n\r\n").expect("an answer").1.to_owned()
    }

    /// Asks a server to stop at once, and waits for its end.
    pub(crate) fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn exchange(address: &str, request: &str) -> String {
    let exchanged = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    tokio::time::timeout(Duration::from_secs(30), exchanged).await.expect("an answer in time").expect("an answer")
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}
