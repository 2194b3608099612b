//! The configuration of a server that runs: edited as a file, changed over HTTP, refused, taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amocrm_simulator::{Options, Simulator};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use server::scope::Scope;
use server::tokens::TokenHash;
use test_support::client::{Answer, Client, PATIENCE, TOKEN, authorised};
use test_support::{CALLER, Home, Process, russian};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// How often the configuration is changed under load.
const CHANGES: usize = 200;

pub(crate) const FILE: &str = "host-harness.toml";

/// A home with a configuration of this account, whose last lines are these.
pub(crate) fn home(simulator: &Simulator, more: &str) -> (Home, String) {
    let home = Home::new();
    home.has_run("kept");
    let text = format!(
        "# Ours\n[[integration]]\naccount = \"{}\" # the account\ntoken = \"file:amo\"\nplain_http = \"granted\"\n\
         private_addresses = \"granted\"\nrequests_per_second = 50\n\n[[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\n\
         numbers = [\"101\"]\n\n[[operation]]\nlinked_operation = \"queue:sales\" # the queue\n\n[server]\ntoken = \"file:token\"\n{more}",
        simulator.base_url()
    );
    home.write_secret("amo", "an-amocrm-token");
    home.write_secret("token", TOKEN);
    home.write(FILE, &text);
    (home, text)
}

pub(crate) async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.expect("the simulator starts")
}

/// The file is found in the working directory.
pub(crate) fn serve(home: &Home) -> Process {
    home.serve(&["--state", "kept"])
}

pub(crate) fn written(home: &Home) -> String {
    std::fs::read_to_string(home.path(FILE)).expect("the file")
}

pub(crate) async fn configuration(client: &Client) -> Value {
    client.get("/v1/configuration").await.json()
}

/// Waits until the configuration is so.
pub(crate) async fn until(client: &Client, condition: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let configuration = configuration(client).await;
            if condition(&configuration) {
                return configuration;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the condition comes true in time")
}

/// Sends a change that is made for the configuration in force.
pub(crate) async fn change(client: &Client, method: Method, path: &str, body: &Value) -> Answer {
    let revision = configuration(client).await["revision"].as_str().expect("a revision").to_owned();
    change_of(client, &revision, method, path, body).await
}

pub(crate) async fn change_of(client: &Client, revision: &str, method: Method, path: &str, body: &Value) -> Answer {
    let request = authorised(method, path).header("content-type", "application/json");
    client.send(request.header("if-match", format!("\"{revision}\"")), body.to_string()).await
}

pub(crate) async fn hidden(client: &Client) -> Answer {
    client.call(&json!({"caller": ""})).await
}

#[tokio::test]
async fn a_file_that_is_edited_is_in_force_and_one_that_is_wrong_changes_nothing() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    assert_eq!(hidden(client).await.goes_to(), "queue:sales");
    home.write(FILE, text.replace("queue:sales", "queue:support") + "max_calls = 500\n");
    let in_force =
        until(client, |configuration| configuration["text"].as_str().unwrap().contains("queue:support")).await;
    assert_eq!(in_force["at_restart"], json!(["[server] max_calls"]));
    assert_eq!(hidden(client).await.goes_to(), "queue:support");
    let said = "the configuration is in force: changed [[operation]] `main`; with the next start: [server] max_calls";
    process.prints(said).await;
    // Refused in the words of the start.
    home.write(FILE, text.replace("queue:sales\" #", "operation:nobody\" #"));
    let refused = until(client, |configuration| !configuration["refused"].is_null()).await;
    let why = refused["refused"]["en"].as_str().unwrap();
    assert!(why.contains("`main` leads to `operation:nobody`, and there is no operation `nobody`"), "{why}");
    process.logs(&format!("error: {why}; the former configuration stays in force")).await;
    home.run(["serve", "--state", "other", "--listen", "127.0.0.1:0"]).assert(2, &[why]);
    assert_eq!(hidden(client).await.goes_to(), "queue:support");
    assert_eq!(client.get("/v1/state").await.json()["configuration"]["refused"]["en"], why);
    let metrics = String::from_utf8_lossy(&client.get("/metrics").await.body).into_owned();
    assert!(metrics.contains("host_harness_configuration_refused 1"), "{metrics}");
    // Nobody writes over what was edited by hand.
    let patch = json!({"linked_operation": "queue:any"});
    let answer = change(client, Method::PATCH, "/v1/operations/main", &patch).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{answer:?}");
    assert!(answer.json()["detail"].as_str().unwrap().contains("edited by hand"), "{answer:?}");
    home.write(FILE, &text);
    until(client, |configuration| configuration["refused"].is_null()).await;
    assert_eq!(hidden(client).await.goes_to(), "queue:sales");
    let metrics = String::from_utf8_lossy(&client.get("/metrics").await.body).into_owned();
    assert!(metrics.contains("host_harness_configuration_refused 0"), "{metrics}");
}

#[tokio::test]
async fn a_hangup_reads_secrets_again_and_ends_nothing() {
    let options = Options { token: Some("the-latter-token".to_owned()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("the simulator starts");
    let (home, _) = home(&simulator, "");
    let process = serve(&home);
    let call = json!({"caller": CALLER});
    assert_eq!(process.client.call(&call).await.reason(), "credentials-rejected");
    home.write_secret("amo", "the-latter-token");
    process.signal("-HUP");
    let forwarded = async { while process.client.call(&call).await.goes_to() != "anna" {} };
    tokio::time::timeout(PATIENCE, forwarded).await.expect("the new token is used");
    // Without a file there is nothing to read, and nothing ends either.
    let bare = Home::new();
    let demonstration = bare.serve(&[]);
    assert!(demonstration.stdout().contains("demonstration: "), "{}", demonstration.stdout());
    demonstration.signal("-HUP");
    demonstration.logs("there is no configuration file to read again").await;
    assert_eq!(demonstration.client.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_are_replaced_while_the_server_runs_and_tell_who_changed_what() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let secret = "a-token-of-anna-0123456789";
    let anna = |scope: Scope| {
        let hash = TokenHash::of(secret);
        format!("[[server.tokens]]\nname = \"anna\"\nscope = \"{scope}\"\nhash = \"{hash}\"\n")
    };
    let patch = |revision: &str| {
        let request = Request::builder().method(Method::PATCH).uri("/v1/operations/main");
        let request =
            request.header("authorization", format!("Bearer {secret}")).header("if-match", format!("\"{revision}\""));
        // That of a page, which a program with a token is not.
        request.header("content-type", "application/json").header("x-requested-with", "host-harness")
    };
    let body = json!({"linked_operation": "queue:support"}).to_string();
    assert_eq!(client.send(patch("0"), body.clone()).await.status, StatusCode::UNAUTHORIZED);
    for (scope, status) in [(Scope::Viewer, StatusCode::FORBIDDEN), (Scope::Manager, StatusCode::OK)] {
        home.write(FILE, text.clone() + &anna(scope));
        let wanted = format!("scope = \"{scope}\"");
        let in_force = until(client, |configuration| configuration["text"].as_str().unwrap().contains(&wanted)).await;
        assert_eq!(in_force["at_restart"], json!([]), "{in_force}");
        let revision = in_force["revision"].as_str().unwrap();
        assert_eq!(client.send(patch(revision), body.clone()).await.status, status);
    }
    let changes = client.get("/v1/changes?limit=2").await.json();
    assert_eq!((&changes["changes"][0]["author"], &changes["changes"][0]["by"]), (&json!("anna"), &json!("api")));
    assert_eq!((&changes["changes"][1]["author"], &changes["changes"][1]["by"]), (&Value::Null, &json!("file")));
    home.write(FILE, &text);
    until(client, |configuration| !configuration["text"].as_str().unwrap().contains("anna\"\nscope")).await;
    assert_eq!(client.send(patch("0"), body).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn o1_o3_o6_o7_what_an_administrator_changes_is_in_force_at_once_and_in_the_file_with_its_comments() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let patch = json!({
        "linked_operation": "queue:support", "exits": {"caller": "queue:hidden"}, "settings": {"waiting_time": "2s"}
    });
    let answer = change(client, Method::PATCH, "/v1/operations/main", &patch).await;
    assert_eq!((answer.status, &answer.json()["waiting_time_ms"]), (StatusCode::OK, &json!(2000)), "{answer:?}");
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", configuration(client).await["revision"].as_str().unwrap()));
    assert_eq!(hidden(client).await.goes_to(), "queue:hidden");
    let operation = json!({"id": "second", "linked_operation": "queue:any"});
    assert_eq!(change(client, Method::POST, "/v1/operations", &operation).await.status, StatusCode::CREATED);
    let to_second = json!({"exits": {"caller": "operation:second"}});
    assert_eq!(change(client, Method::PATCH, "/v1/operations/main", &to_second).await.status, StatusCode::OK);
    let answer = client.call(&json!({"operation": "main"})).await;
    assert_eq!((answer.goes_to().as_str(), &answer.json()["placement"]), ("queue:any", &json!("second")));
    for (patch, goes_to) in [
        (json!({"enabled": false}), "queue:support"),
        (
            json!({"enabled": true, "configuration": {"consider_manager_status": true}, "time_zone": "Asia/Omsk"}),
            "anna",
        ),
    ] {
        let answer = change(client, Method::PATCH, "/v1/integrations/main", &patch).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer = client.call(&json!({"caller": CALLER, "operation": "main"})).await;
        assert!(goes_to == answer.goes_to() || answer.reason().starts_with("manager-"), "{answer:?}");
    }
    let shown = client.get("/v1/integrations").await.json()["integrations"][0].clone();
    assert_eq!((&shown["on"], &shown["time_zone"]), (&json!(true), &json!("Asia/Omsk")), "{shown}");
    assert_eq!(shown["configuration"]["consider_manager_status"], "true", "{shown}");
    assert!(shown["keys"].as_array().unwrap().iter().any(|key| key["key"] == "consider_manager_status"), "{shown}");
    let employee = json!({"name": "Борис", "amocrm_user": 504142, "numbers": [{"number": "102", "ring_time": "25s"}]});
    let path = "/v1/integrations/main/employees/boris";
    assert_eq!(change(client, Method::PUT, path, &employee).await.status, StatusCode::CREATED);
    assert_eq!(change(client, Method::PUT, path, &employee).await.status, StatusCode::OK);
    let employees = client.get("/v1/integrations/main/employees").await.json();
    assert_eq!(employees["employees"][1]["numbers"], json!([{"number": "102", "ring_time": "25s"}]), "{employees}");
    assert_eq!(change(client, Method::DELETE, path, &json!({})).await.status, StatusCode::NO_CONTENT);
    let now = written(&home);
    for kept in ["# Ours\n", "# the account\n", "linked_operation = \"queue:support\" # the queue\n"] {
        assert!(now.contains(kept), "lacks {kept}: {now}");
    }
    assert_eq!(configuration(client).await["text"], now.as_str());
    // Everything is taken back, one change after another.
    let changes = client.get("/v1/changes?limit=500").await.json();
    let changes = changes["changes"].as_array().unwrap().clone();
    assert_eq!(changes.len(), 7, "{changes:?}");
    assert!(changes.iter().all(|change| change["by"] == "api"), "{changes:?}");
    assert!(
        changes[6]["difference"].as_str().unwrap().contains("+linked_operation = \"queue:support\""),
        "{changes:?}"
    );
    for undone in &changes {
        let path = format!("/v1/changes/{}/undo", undone["number"]);
        let answer = change(client, Method::POST, &path, &json!({})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    assert_eq!(written(&home), text);
    let last = client.get("/v1/changes?limit=1").await.json();
    assert_eq!((&last["changes"][0]["by"], &last["next"]), (&json!("undo"), &json!(14)), "{last}");
    // The record outlasts the process, and holds no secret.
    drop(process);
    let kept = std::fs::read_to_string(home.path("kept/configuration-changes.jsonl")).expect("a record");
    assert!(!kept.contains("an-amocrm-token") && !kept.contains(TOKEN));
    let again = serve(&home);
    assert_eq!(again.client.get("/v1/changes?limit=500").await.json()["changes"].as_array().unwrap().len(), 14);
}

#[tokio::test]
async fn a_change_that_is_refused_names_its_field_and_changes_nothing() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let operation = "/v1/operations/main";
    let boris = "/v1/integrations/main/employees/boris";
    for (method, path, body, status, field, part) in [
        (
            Method::PATCH,
            operation,
            json!({"settings": {"waiting_time": "1h"}}),
            422,
            "/settings/waiting_time",
            "waiting_time",
        ),
        (Method::PATCH, operation, json!({"settings": {"patience": 3}}), 422, "/settings/patience", "patience"),
        (
            Method::PATCH,
            operation,
            json!({"exits": {"no-such": "queue:a"}}),
            422,
            "/exits/no-such",
            "gives no such reason",
        ),
        (
            Method::PATCH,
            operation,
            json!({"exits": {"caller": "operation:x"}}),
            422,
            "/exits/caller",
            "no operation `x`",
        ),
        (Method::PATCH, operation, json!({"exits": {"caller": "operation:main"}}), 422, "/exits/caller", "circle"),
        (Method::PATCH, operation, json!({"linked_operation": " "}), 422, "/linked_operation", "is empty"),
        (Method::PATCH, operation, json!({"linked_operation": 5}), 400, "/linked_operation", "string"),
        (Method::PATCH, operation, json!({"linked": "a"}), 400, "/linked", "unknown field"),
        (Method::PATCH, "/v1/operations/nobody", json!({}), 404, "", "no [[operation]] `nobody`"),
        (Method::DELETE, operation, json!({}), 422, "", "there is no operation"),
        (
            Method::POST,
            "/v1/operations",
            json!({"id": "main", "linked_operation": "queue:a"}),
            422,
            "/id",
            "two have the id",
        ),
        (
            Method::POST,
            "/v1/operations",
            json!({"id": "b", "linked_operation": "queue:a", "component": "00"}),
            422,
            "/component",
            "upload it first",
        ),
        (
            Method::PATCH,
            "/v1/integrations/main",
            json!({"time_zone": "Asia/Nowhere"}),
            422,
            "/time_zone",
            "not a time zone",
        ),
        (
            Method::PATCH,
            "/v1/integrations/main",
            json!({"configuration": {"default_country_code": "file:/etc/passwd"}}),
            422,
            "/configuration/default_country_code",
            "by hand",
        ),
        (Method::PATCH, "/v1/integrations/other", json!({}), 404, "", "no [[integration]] `other`"),
        (Method::PUT, boris, json!({"amocrm_user": 504141}), 422, "/amocrm_user", "504141"),
        (
            Method::PUT,
            boris,
            json!({"amocrm_user": 7, "numbers": [{"number": "101"}, {"number": "102", "ring_time": "9d"}]}),
            422,
            "/numbers/1/ring_time",
            "9d",
        ),
        (Method::DELETE, boris, json!({}), 404, "", "no employee `boris`"),
        (Method::PUT, boris, json!({"amocrm_user": 7, "deputy": "vera"}), 422, "/deputy", "`deputy` = `vera`"),
        (Method::PUT, boris, json!({"amocrm_user": 7, "deputy": "boris"}), 422, "/deputy", "stands in for himself"),
    ] {
        let answer = change(client, method.clone(), path, &body).await;
        let problem = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {problem}");
        assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{method} {path} {body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{method} {path} {body}: {problem}");
        russian::assert_russian(problem["detail_ru"].as_str().expect("Russian"));
    }
    // Nobody changes what he has not seen.
    let request = authorised(Method::PATCH, operation).header("content-type", "application/json");
    assert_eq!(client.send(request, "{}").await.status, StatusCode::PRECONDITION_REQUIRED);
    let stale = change_of(client, "0123", Method::PATCH, operation, &json!({"linked_operation": "queue:b"})).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert!(stale.json()["detail_ru"].as_str().unwrap().contains("изменил кто-то другой"), "{stale:?}");
    let anybody = Request::builder().method(Method::PATCH).uri(operation);
    assert_eq!(client.send(anybody, "{}").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!((written(&home), hidden(client).await.goes_to()), (text, "queue:sales".to_owned()));
    assert_eq!(client.get("/v1/changes").await.json()["changes"], json!([]));
}

#[tokio::test]
async fn e4_a_deputy_is_shown_changed_and_kept_as_long_as_somebody_has_one() {
    let simulator = simulator().await;
    let (home, _) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let path = |id: &str| format!("/v1/integrations/main/employees/{id}");
    let put = async |id: &str, user: u64, deputy: Value| {
        let body = json!({"amocrm_user": user, "numbers": [{"number": "101"}], "deputy": deputy});
        change(client, Method::PUT, &path(id), &body).await
    };
    assert_eq!(put("boris", 504_142, Value::Null).await.json()["deputy"], Value::Null);
    assert_eq!(put("anna", 504_141, json!("boris")).await.json()["deputy"], "boris");
    let employees = client.get("/v1/integrations/main/employees").await.json();
    assert_eq!(employees["employees"][0]["deputy"], "boris", "{employees}");
    assert!(written(&home).contains("deputy = \"boris\"\n"), "{}", written(&home));
    let settings = json!({"settings": {"forward_to_deputy": true}});
    assert_eq!(change(client, Method::PATCH, "/v1/operations/main", &settings).await.status, StatusCode::OK);

    // The names of all who would be in the circle.
    let circle = put("boris", 504_142, json!("anna")).await;
    let problem = circle.json();
    assert_eq!((circle.status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/deputy")));
    assert!(problem["detail"].as_str().unwrap().contains("`anna` → `boris` → `anna`"), "{problem}");
    assert!(problem["detail_ru"].as_str().unwrap().contains("по кругу, `anna` → `boris` → `anna`"), "{problem}");
    // Who is somebody's deputy stays.
    let gone = change(client, Method::DELETE, &path("boris"), &json!({})).await;
    let problem = gone.json();
    assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("employee `anna`: `deputy` = `boris`"), "{problem}");

    let off = json!({"amocrm_user": 504141, "enabled": false, "numbers": [{"number": "101"}], "deputy": "boris"});
    assert_eq!(change(client, Method::PUT, &path("anna"), &off).await.status, StatusCode::OK);
    let answer = client.call(&json!({"caller": CALLER, "operation": "main"})).await;
    assert_eq!((answer.goes_to().as_str(), &answer.json()["details"]["deputy_for"]), ("boris", &json!("anna")));
    // Left out, there is none any more.
    let without = json!({"amocrm_user": 504141, "numbers": [{"number": "101"}]});
    assert_eq!(change(client, Method::PUT, &path("anna"), &without).await.json()["deputy"], Value::Null);
    assert!(!written(&home).contains("deputy = \""), "{}", written(&home));
}

#[tokio::test]
async fn how_an_employees_numbers_ring_is_shown_changed_and_judged() {
    let simulator = simulator().await;
    let (home, _) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let put = async |ring: Value| {
        let body = json!({"amocrm_user": 504141, "numbers": [{"number": "101"}, {"number": "102"}], "ring": ring});
        change(client, Method::PUT, "/v1/integrations/main/employees/anna", &body).await
    };
    assert_eq!(put(json!("in-turn")).await.json()["ring"], "in-turn");
    assert!(!written(&home).contains("ring = "), "what is so unless set is not written: {}", written(&home));
    assert_eq!(put(json!("together")).await.json()["ring"], "together");
    assert!(written(&home).contains("ring = \"together\"\n"), "{}", written(&home));
    let answer = client.call(&json!({"caller": CALLER, "operation": "main"})).await.json();
    assert_eq!(answer["route"]["ring"], "together", "{answer}");
    let refused = put(json!("at once")).await;
    let problem = refused.json();
    assert_eq!((refused.status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/ring")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("`together` (all numbers at once)"), "{problem}");
    assert_eq!(put(Value::Null).await.json()["ring"], "in-turn");
    assert!(!written(&home).contains("ring = "), "{}", written(&home));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_written_and_a_demonstration_are_not_changed() {
    use std::os::unix::fs::PermissionsExt;
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    std::fs::set_permissions(home.path(FILE), std::fs::Permissions::from_mode(0o440)).unwrap();
    let patch = json!({"linked_operation": "queue:support"});
    let answer = change(&process.client, Method::PATCH, "/v1/operations/main", &patch).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
    assert!(answer.json()["detail"].as_str().unwrap().contains("may not be written"), "{answer:?}");
    let shown = configuration(&process.client).await;
    assert_eq!(shown["writable"], false, "{shown}");
    assert!(shown["not_writable"]["en"].as_str().unwrap().contains("may not be written"), "{shown}");
    assert_eq!((written(&home), hidden(&process.client).await.goes_to()), (text, "queue:sales".to_owned()));
    // Whoever lets it be written has to do no more.
    std::fs::set_permissions(home.path(FILE), std::fs::Permissions::from_mode(0o640)).unwrap();
    let deadline = std::time::Instant::now() + test_support::client::PATIENCE;
    while configuration(&process.client).await["writable"] == false {
        assert!(std::time::Instant::now() < deadline, "it stays locked");
    }
    let bare = Home::new();
    let demonstration = bare.serve(&[]);
    let token = std::fs::read_to_string(bare.path("state/host-harness/server-token")).expect("a token");
    let request = |method: Method, path: &str| {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        request.header("if-match", "\"0\"").header("content-type", "application/json")
    };
    let shown = demonstration.client.send(request(Method::GET, "/v1/configuration"), "").await.json();
    assert_eq!((&shown["writable"], &shown["file"]), (&json!(false), &Value::Null), "{shown}");
    let answer = demonstration.client.send(request(Method::PATCH, "/v1/operations/main"), patch.to_string()).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.json()["detail_ru"].as_str().unwrap().contains("демонстрация"), "{answer:?}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_change_whole_or_unmade() {
    /// In how many places of its request a client goes away.
    const PLACES: usize = 20;
    let simulator = simulator().await;
    let (home, _) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let patch = |number: usize| json!({"linked_operation": format!("queue:{number}"), "exits": {"caller": format!("hidden:{number}")}});
    assert_eq!(change(client, Method::PATCH, "/v1/operations/main", &patch(0)).await.status, StatusCode::OK);
    for number in 1..=PLACES {
        let before = configuration(client).await;
        let body = patch(number).to_string();
        let request = format!(
            "PATCH /v1/operations/main HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
             if-match: \"{}\"\r\ncontent-length: {}\r\n\r\n{body}",
            before["revision"].as_str().expect("a revision"),
            body.len()
        );
        let (said, _) = request.split_at(request.len() * number / PLACES);
        let mut stream = TcpStream::connect(client.server).await.expect("it listens");
        stream.write_all(said.as_bytes()).await.expect("it reads");
        drop(stream);
        let now = configuration(client).await;
        let text = now["text"].as_str().expect("a text");
        let of = |number: usize| {
            text.contains(&format!("\"queue:{number}\"")) && text.contains(&format!("\"hidden:{number}\""))
        };
        assert!(of(0) || of(number), "{text}");
    }
    // The last one was said whole: it is made or not, and the file and what is in force are the same.
    until(client, |now| now["text"] == written(&home).as_str()).await;
    let changes = client.get("/v1/changes").await.json()["changes"].as_array().expect("changes").len();
    assert!((1..=2).contains(&changes), "{changes}");
}

#[tokio::test]
async fn e1_settings_that_change_all_the_time_lose_no_call_and_mix_no_answer() {
    let simulator = simulator().await;
    let (home, _) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let patch = |number: usize| {
        json!({
            "linked_operation": format!("queue:{number}"),
            "exits": {"caller": format!("hidden:{number}")},
            "settings": {"waiting_time": format!("{}ms", 1000 + number)},
        })
    };
    assert_eq!(change(client, Method::PATCH, "/v1/operations/main", &patch(0)).await.status, StatusCode::OK);
    let made = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for _ in 0..3 {
        let (client, made) = (process.client.clone(), Arc::clone(&made));
        workers.push(tokio::spawn(async move {
            let (mut calls, mut last) = (0_usize, 0);
            loop {
                let before = made.load(Ordering::Acquire);
                let answer = hidden(&client).await.json();
                let number = answer["route"]["target"].as_str().and_then(|target| target.strip_prefix("hidden:"));
                let number: usize = number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{answer}"));
                // One revision: the exit and the setting were changed together.
                assert_eq!(answer["details"]["waiting_time_ms"], 1000 + number, "{answer}");
                assert!(number >= before && number >= last, "{number} after {before} was answered for: {answer}");
                (calls, last) = (calls + 1, number);
                if number == CHANGES {
                    return calls;
                }
            }
        }));
    }
    // A change every 10 ms, or, where one takes longer, one after the other.
    let mut every = tokio::time::interval(std::time::Duration::from_millis(10));
    for number in 1..=CHANGES {
        every.tick().await;
        let answer = change(client, Method::PATCH, "/v1/operations/main", &patch(number)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        made.store(number, Ordering::Release);
    }
    let mut calls = 0;
    for worker in workers {
        calls += tokio::time::timeout(PATIENCE, worker).await.expect("calls go on").expect("no answer is mixed");
    }
    assert!(calls >= 3, "{calls}");
    let changes = client.get("/v1/changes?limit=500").await.json();
    assert_eq!(changes["changes"].as_array().unwrap().len(), CHANGES + 1, "each change is remembered");
    assert!(written(&home).contains(&format!("\"queue:{CHANGES}\"")));
}
