//! The configuration that nodes share: a change on one is in force on all, the record is put back where the store has lost it, and a file that says
//! otherwise is named and not applied.

use std::time::Duration;

use ::server::tokens::TokenHash;
use amocrm_simulator::{FaultRule, Options, Simulator};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use test_support::client::{Answer, Client, PATIENCE, TOKEN, authorised};
use test_support::{CALLER, Home, Process};

use crate::server::RedisServer;

pub(crate) const FILE: &str = "host-harness.toml";
const ANNA: &str = "a-token-of-anna-0123456789";

/// What the nodes share.
const SHARED: &str = "[[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\n\
                      # The step\n[[operation]]\nlinked_operation = \"queue:sales\"\nsettings = { waiting_time = \"8s\" }\n\n";

/// A home whose file has these lines after what is its own.
fn home(simulator: &Simulator, redis: &RedisServer, shared: &str, token: &str) -> Home {
    let home = Home::new();
    home.write_secret("amo", "an-amocrm-token");
    home.write_secret("token", TOKEN);
    home.write_secret("key", &"0123456789abcdef".repeat(4));
    home.write(
        FILE,
        format!(
            "[[integration]]\naccount = \"{}\"\ntoken = \"file:amo\"\ncache_key_secret = \"file:key\"\nplain_http = \"granted\"\n\
             private_addresses = \"granted\"\n\n{shared}[server]\ntoken = \"file:token\"\n{token}[store]\nlocation = \"{}\"\n",
            simulator.base_url(),
            redis.address()
        ),
    );
    home
}

/// Two nodes, the second of which has in its file only what is its own.
pub(crate) struct Nodes {
    simulator: Simulator,
    pub(crate) redis: RedisServer,
    pub(crate) homes: [Home; 2],
    pub(crate) nodes: [Process; 2],
}

impl Nodes {
    pub(crate) async fn start() -> Option<Self> {
        Self::with(SHARED).await
    }

    /// The same, sharing these employees and operations.
    pub(crate) async fn with(shared: &str) -> Option<Self> {
        let redis = RedisServer::start(&[])?;
        let simulator = Simulator::start(Options::default()).await.expect("the simulator starts");
        let anna =
            format!("[[server.tokens]]\nname = \"anna\"\nscope = \"manager\"\nhash = \"{}\"\n", TokenHash::of(ANNA));
        let homes = [home(&simulator, &redis, shared, &anna), home(&simulator, &redis, "", "")];
        let first = homes[0].serve(&[]);
        first.prints("the configuration that the nodes share is written to redis://").await;
        let second = homes[1].serve(&[]);
        Some(Self { simulator, redis, homes, nodes: [first, second] })
    }

    pub(crate) fn clients(&self) -> [&Client; 2] {
        [&self.nodes[0].client, &self.nodes[1].client]
    }
}

async fn configuration(client: &Client) -> Value {
    client.get("/v1/configuration").await.json()
}

pub(crate) async fn revision(client: &Client) -> String {
    configuration(client).await["revision"].as_str().expect("a revision").to_owned()
}

/// Waits until what is in force is so.
async fn until(client: &Client, condition: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let configuration = configuration(client).await;
            if condition(&configuration) {
                return configuration;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the condition comes true in time")
}

pub(crate) async fn has(client: &Client, text: &str) -> Value {
    until(client, |configuration| configuration["text"].as_str().is_some_and(|now| now.contains(text))).await
}

pub(crate) async fn change(client: &Client, revision: &str, method: Method, path: &str, body: &Value) -> Answer {
    let request = authorised(method, path).header("content-type", "application/json");
    client.send(request.header("if-match", format!("\"{revision}\"")), body.to_string()).await
}

async fn link(client: &Client, revision: &str, to: &str) -> Answer {
    change(client, revision, Method::PATCH, "/v1/operations/main", &json!({"linked_operation": to})).await
}

async fn hidden(client: &Client) -> String {
    client.call(&json!({"caller": ""})).await.goes_to()
}

#[tokio::test]
async fn a_change_on_one_node_is_in_force_on_all_and_known_there_with_its_author() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let before = revision(a).await;
    assert_eq!((hidden(b).await.as_str(), &revision(b).await), ("queue:sales", &before), "it is the record");
    assert_eq!(b.call(&json!({"caller": CALLER})).await.goes_to(), "anna", "employees are shared too");
    let request = Request::builder().method(Method::PATCH).uri("/v1/operations/main");
    let request = request.header("authorization", format!("Bearer {ANNA}")).header("if-match", format!("\"{before}\""));
    let body = json!({"linked_operation": "queue:support", "exits": {"caller": "queue:hidden"}}).to_string();
    assert_eq!(a.send(request.header("content-type", "application/json"), body).await.status, StatusCode::OK);
    let in_force = has(b, "queue:support").await;
    assert_eq!((hidden(b).await.as_str(), &in_force["revision"]), ("queue:hidden", &json!(revision(a).await)));
    assert!(in_force["text"].as_str().unwrap().contains("# The step\n"), "{in_force}");
    let [of_a, of_b] = [a.get("/v1/changes").await.json(), b.get("/v1/changes").await.json()];
    assert_eq!((&of_a, of_b["changes"][0]["author"].as_str()), (&of_b, Some("anna")));
    // Who is late changes nothing, wherever he asks: the other node need not have looked yet.
    assert_eq!(link(b, &revision(a).await, "queue:b").await.status, StatusCode::OK);
    assert_eq!(
        link(a, in_force["revision"].as_str().unwrap(), "queue:a").await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(hidden(a).await, "queue:hidden");
    // A change of one node is taken back on the other.
    let number = b.get("/v1/changes").await.json()["changes"][0]["number"].clone();
    let undone = change(a, &revision(a).await, Method::POST, &format!("/v1/changes/{number}/undo"), &json!({})).await;
    assert_eq!(undone.status, StatusCode::OK, "{undone:?}");
    has(b, "queue:support").await;
    assert_eq!(b.get("/v1/changes?limit=1").await.json()["changes"][0]["by"], "undo");
}

#[tokio::test]
async fn a_call_that_runs_while_another_node_changes_the_configuration_ends_with_what_it_began_with() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    nodes.simulator.add_fault("contacts:hang".parse::<FaultRule>().unwrap());
    let client = b.clone();
    let hanging = tokio::spawn(async move { client.call(&json!({"caller": CALLER})).await.goes_to() });
    while nodes.simulator.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(link(a, &revision(a).await, "queue:support").await.status, StatusCode::OK);
    has(b, "queue:support").await;
    assert!(!hanging.is_finished(), "it waits for amoCRM");
    assert_eq!(hidden(b).await, "queue:support", "the next call has the new one");
    assert_eq!(hanging.await.unwrap(), "queue:sales");
}

#[tokio::test]
async fn a_store_that_is_away_changes_nothing_and_one_that_lost_the_record_gets_it_back() {
    let Some(mut nodes) = Nodes::start().await else { return };
    assert_eq!(
        link(nodes.clients()[0], &revision(nodes.clients()[0]).await, "queue:kept").await.status,
        StatusCode::OK
    );
    has(nodes.clients()[1], "queue:kept").await;
    nodes.redis.stop();
    for client in nodes.clients() {
        let away = until(client, |configuration| !configuration["shared"]["away"].is_null()).await;
        assert_eq!((&away["writable"], &away["not_writable"]), (&json!(false), &away["shared"]["away"]), "{away}");
        let refused = link(client, away["revision"].as_str().unwrap(), "queue:none").await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
        assert!(refused.json()["detail"].as_str().unwrap().contains("cannot be reached"), "{refused:?}");
        assert_eq!(hidden(client).await, "queue:kept");
        assert!(!client.get("/v1/state").await.json()["configuration"]["shared"]["away"].is_null());
    }
    // A node that starts meanwhile has what it saw last.
    nodes.nodes[1].kill();
    nodes.nodes[1] = nodes.homes[1].serve(&[]);
    nodes.nodes[1].logs("cannot be reached: the last one known stays in force").await;
    assert_eq!(hidden(nodes.clients()[1]).await, "queue:kept");
    // It kept nothing on its disk.
    nodes.redis.restart();
    for client in nodes.clients() {
        until(client, |configuration| configuration["shared"]["away"].is_null()).await;
    }
    let [a, b] = nodes.clients();
    let changed = async { while link(a, &revision(a).await, "queue:after").await.status != StatusCode::OK {} };
    tokio::time::timeout(PATIENCE, changed).await.expect("it can be changed again");
    has(b, "queue:after").await;
}

#[tokio::test]
async fn a_file_that_says_otherwise_is_named_and_applied_by_the_command_that_is_named_with_it() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let [home, _] = &nodes.homes;
    let written = || std::fs::read_to_string(home.path(FILE)).unwrap();
    home.write(FILE, written().replace("queue:sales", "queue:file"));
    let differs = "differs from the configuration that the nodes share in redis://";
    let names = |configuration: &Value| {
        let text = configuration["warnings"].to_string();
        text.contains(differs)
            && text.contains("[[operation]] `main`: `linked_operation`")
            && text.contains("config push")
    };
    until(a, names).await;
    assert_eq!((hidden(a).await.as_str(), hidden(b).await.as_str()), ("queue:sales", "queue:sales"));
    // What is the node's own is in force, and known on the others.
    home.write(FILE, written().replace("name = \"anna\"", "name = \"vera\""));
    let known = async {
        while !b.get("/v1/changes").await.json().to_string().contains("`server` was changed by hand in the file of one")
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.expect("it is told");
    // A start says so too, and the command that judges the file, in both languages.
    home.run(["config", "check"]).assert(0, &[differs]);
    home.run(["config", "check", "--lang", "ru"]).assert(0, &["отличается от общих настроек узлов"]);
    let third = Home::new();
    for name in [FILE, "amo", "token", "key"] {
        third.write_secret(name, &std::fs::read_to_string(home.path(name)).unwrap());
    }
    let started = third.serve(&[]);
    started.logs(differs).await;
    assert_eq!(hidden(&started.client).await, "queue:sales");
    drop(started);
    // What would change is shown, and changed only where nobody has changed it since.
    let shown = home.run(["config", "push"]);
    shown.assert(2, &["nothing is changed", "--if-match"]).assert_prints(&["+linked_operation = \"queue:file\""]);
    let current = revision(a).await;
    assert!(shown.stderr.contains(&current), "{shown:?}");
    home.run(["config", "push", "--if-match", "0123"]).assert(2, &["nothing is changed"]);
    home.run(["config", "push", "--if-match", &current]).assert(0, &[]);
    for client in [a, b] {
        has(client, "queue:file").await;
        assert_eq!(client.get("/v1/changes?limit=1").await.json()["changes"][0]["by"], "command");
    }
    until(a, |configuration| !configuration["warnings"].to_string().contains(differs)).await;
    // The other way round.
    assert_eq!(link(b, &revision(b).await, "queue:page").await.status, StatusCode::OK);
    home.run(["config", "pull"]).assert(0, &[]);
    let now = written();
    assert!(now.contains("linked_operation = \"queue:page\"") && now.contains("token = \"file:amo\""), "{now}");
    home.run(["config", "check"]).assert(0, &[]);
    let bare = Home::new();
    bare.write(FILE, "[[operation]]\nlinked_operation = \"queue:a\"\n");
    bare.run(["config", "push"]).assert(2, &["the file itself counts"]);
}

/// The component in force at the second step, and whether it is the built-in one.
async fn component(client: &Client) -> (String, bool) {
    let told = client.get("/v1/operations/night/component").await.json();
    let component = told["component"].as_str().expect("a digest").to_owned();
    let is_configured = told["configured"] == component.as_str();
    (component, is_configured)
}

#[tokio::test]
async fn a_version_belongs_to_one_operation_on_each_node_though_a_node_was_away_while_another_took_its_identifier() {
    let Some(mut nodes) = Nodes::start().await else { return };
    let night = json!({"id": "night", "linked_operation": "queue:night"});
    let clients = nodes.clients().map(Clone::clone);
    let [a, b] = &clients;
    assert_eq!(change(a, &revision(a).await, Method::POST, "/v1/operations", &night).await.status, StatusCode::CREATED);
    has(b, "queue:night").await;
    let upload = authorised(Method::POST, "/v1/components").header("content-type", "application/wasm");
    let uploaded = a.send(upload, test_support::variant("two")).await.json();
    let digest = uploaded["digest"].as_str().expect("a digest").to_owned();
    let request = authorised(Method::PUT, "/v1/operations/night/component").header("content-type", "application/json");
    let activated = a.send(request, json!({"digest": digest}).to_string()).await;
    assert_eq!(activated.status, StatusCode::OK, "{activated:?}");
    let known = async { while component(b).await != (digest.clone(), false) {} };
    tokio::time::timeout(PATIENCE, known).await.expect("the other node has it too");
    let gone = |configuration: &Value| !configuration["text"].as_str().unwrap_or("night").contains("night");
    let delete = async || {
        let deleted = change(a, &revision(a).await, Method::DELETE, "/v1/operations/night", &json!({})).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    };
    let undo = async |number: u64| {
        let path = format!("/v1/changes/{number}/undo");
        assert_eq!(change(a, &revision(a).await, Method::POST, &path, &json!({})).await.status, StatusCode::OK);
    };
    // The deletion is taken back.
    delete().await;
    until(b, gone).await;
    undo(2).await;
    has(b, "queue:night").await;
    for client in [a, b] {
        assert_eq!(component(client).await, (digest.clone(), false));
    }
    // While the second node is stopped, another operation takes the identifier.
    let [_, second] = &nodes.nodes;
    second.signal("-TERM");
    let stopped = async { while b.try_send(Request::get("/livez"), "").await.is_some() {} };
    tokio::time::timeout(PATIENCE, stopped).await.expect("it stops");
    delete().await;
    assert_eq!(change(a, &revision(a).await, Method::POST, "/v1/operations", &night).await.status, StatusCode::CREATED);
    nodes.nodes[1].kill();
    let again = nodes.homes[1].serve(&[]);
    for client in [a, &again.client] {
        assert!(component(client).await.1, "it begins with what the configuration names");
    }
    // And the first comes back, with its version, on both.
    undo(5).await;
    undo(4).await;
    for client in [a, &again.client] {
        let back = async { while component(client).await != (digest.clone(), false) {} };
        tokio::time::timeout(PATIENCE, back).await.expect("it has its version again");
    }
}
