//! The server as its user runs it: the binary, with a simulated amoCRM behind it.

use std::net::SocketAddr;

use amocrm_simulator::{Options, Simulator};
use http::StatusCode;
use serde_json::{Value, json};
use test_support::client::{Answer, TOKEN};
use test_support::{Home, Process};

pub(crate) struct Site {
    pub(crate) amocrm: Simulator,
    process: Process,
    home: Home,
}

impl Site {
    /// With more lines of the integration's section, and another linked operation.
    pub(crate) async fn start(integration: &str, linked_operation: &str) -> Self {
        Self::with(integration, &format!("[[operation]]\nlinked_operation = '{linked_operation}'\n")).await
    }

    /// With more lines of the integration's section, and these placed operations.
    pub(crate) async fn with(integration: &str, operations: &str) -> Self {
        let home = Home::new();
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
            {operations}
            "#,
            amocrm.base_url()
        );
        home.write("token", TOKEN);
        home.write("host-harness.toml", config);
        let process = home.serve(&["--config", "host-harness.toml", "--state", "state"]);
        Self { amocrm, process, home }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.process.client.server
    }

    /// A call comes in; gives the answer's body.
    pub(crate) async fn call(&self, caller: &str, called: &str) -> String {
        self.ask(&json!({ "caller": caller, "called": called })).await
    }

    /// A PBX asks; gives the answer's body.
    pub(crate) async fn ask(&self, call: &Value) -> String {
        text(&self.process.client.call(call).await)
    }

    /// The configuration's file as it is now.
    pub(crate) fn configuration(&self) -> String {
        std::fs::read_to_string(self.home.path("host-harness.toml")).expect("the file")
    }

    /// The PBX reports what it saw of a call.
    pub(crate) async fn report(&self, seq: u32, outcome: &Value) {
        text(&self.process.client.call_at(&format!("/v1/calls/{seq}/outcome?by=seq"), outcome).await);
    }

    /// Ends the server at once.
    pub(crate) fn stop(&self) {
        self.process.signal("-KILL");
    }
}

/// The body of an answer to a request that must succeed.
fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    String::from_utf8_lossy(&answer.body).into_owned()
}
