//! The server as its user runs it: the binary, with a simulated amoCRM behind it.

use std::net::SocketAddr;
use std::path::PathBuf;

use amocrm_simulator::{OAuthApp, Options, Simulator};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::client::{Answer, TOKEN, authorised};
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
        home.write_secret("token", TOKEN);
        home.write("host-harness.toml", config);
        let process = home.serve(&["--config", "host-harness.toml", "--state", "state"]);
        Self { amocrm, process, home }
    }

    /// With OAuth that is not connected yet. After consent amoCRM sends the browser to the address that is made of the server's.
    pub(crate) async fn unconnected(redirect_uri: impl Fn(SocketAddr) -> String) -> Self {
        let home = Home::new();
        let configure = |redirect_uri: &str, account: &str| {
            let config = format!(
                "[server]\ntoken = \"file:token\"\n[[integration]]\naccount = \"{account}\"\nclient_id = \"{}\"\n\
                 client_secret = \"file:client-secret\"\nredirect_uri = \"{redirect_uri}\"\nplain_http = \"granted\"\n\
                 private_addresses = \"granted\"\n[[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\n\
                 numbers = [\"101\"]\n[[operation]]\nlinked_operation = \"queue:sales\"\n",
                OAuthApp::DEMO_CLIENT_ID
            );
            home.write("host-harness.toml", config);
        };
        home.write_secret("token", TOKEN);
        home.write_secret("client-secret", OAuthApp::DEMO_CLIENT_SECRET);
        configure(OAuthApp::DEMO_REDIRECT_URI, "http://127.0.0.1:9");
        let process = home.serve(&["--config", "host-harness.toml", "--state", "state"]);
        let redirect_uri = redirect_uri(process.client.server);
        let app = OAuthApp { redirect_uri: redirect_uri.clone(), ..OAuthApp::demo() };
        let options = Options { oauth: Some(app), ..Options::default() };
        let amocrm = Simulator::start(options).await.expect("the simulator starts");
        configure(&redirect_uri, amocrm.base_url());
        process.prints("the configuration is in force").await;
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

    /// A program reads something.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.process.client.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// A program asks for something with the token.
    pub(crate) async fn request(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = authorised(method, path).header("content-type", "application/json");
        self.process.client.send(request, body.to_string()).await
    }

    /// A program changes the configuration as it is now.
    pub(crate) async fn change(&self, method: Method, path: &str, body: &Value) -> Answer {
        let revision = self.get("/v1/configuration").await["revision"].to_string();
        let request = authorised(method, path).header("content-type", "application/json").header("if-match", revision);
        self.process.client.send(request, body.to_string()).await
    }

    /// A program uploads a component; gives its digest.
    pub(crate) async fn upload(&self, component: Vec<u8>) -> Value {
        let request = authorised(Method::POST, "/v1/components").header("content-type", "application/wasm");
        let answer = self.process.client.send(request, component).await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer.json()["digest"].clone()
    }

    /// A file of the administrator's, to be uploaded.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        self.home.write(name, bytes);
        self.home.path(name)
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
