//! Who has a token may do what its scope says, and nothing else.

use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use server::ServerSettings;
use server::scope::Scope;
use server::tokens::{Token, TokenHash};
use test_support::client::{Answer, Client};
use test_support::{CALLER, ConnectedHome, OPERATIONS};

use crate::scene::Scene;

/// The scope that each route needs. A route that is not here is one that nobody has thought about.
const NEEDED: [(&str, &str); 41] = [
    ("get /metrics", "viewer"),
    ("get /v1/calls", "viewer"),
    ("get /v1/calls/stream", "viewer"),
    ("get /v1/calls/{id}", "viewer"),
    ("post /v1/calls/{id}/outcome", "pbx"),
    ("post /v1/calls/{seq}/forget-manager", "manager"),
    ("get /v1/changes", "viewer"),
    ("post /v1/changes/{number}/undo", "manager"),
    ("get /v1/components", "viewer"),
    ("post /v1/components", "manager"),
    ("get /v1/components/{digest}", "viewer"),
    ("get /v1/configuration", "viewer"),
    ("get /v1/integrations", "viewer"),
    ("patch /v1/integrations/{id}", "manager"),
    ("get /v1/integrations/{id}/audits", "viewer"),
    ("post /v1/integrations/{id}/audits", "manager"),
    ("get /v1/integrations/{id}/audits/{number}", "viewer"),
    ("delete /v1/integrations/{id}/connection", "manager"),
    ("post /v1/integrations/{id}/connection", "manager"),
    ("post /v1/integrations/{id}/connection/answer", "manager"),
    ("get /v1/integrations/{id}/employees", "viewer"),
    ("delete /v1/integrations/{id}/employees/{employee}", "manager"),
    ("put /v1/integrations/{id}/employees/{employee}", "manager"),
    ("get /v1/integrations/{id}/widget.zip", "manager"),
    ("get /v1/operations", "viewer"),
    ("post /v1/operations", "manager"),
    ("delete /v1/operations/{id}", "manager"),
    ("get /v1/operations/{id}", "viewer"),
    ("patch /v1/operations/{id}", "manager"),
    ("get /v1/operations/{id}/component", "viewer"),
    ("put /v1/operations/{id}/component", "manager"),
    ("post /v1/operations/{id}/rollback", "manager"),
    ("delete /v1/operations/{id}/shadow", "manager"),
    ("get /v1/operations/{id}/shadow", "viewer"),
    ("put /v1/operations/{id}/shadow", "manager"),
    ("get /v1/reasons", "viewer"),
    ("post /v1/resolve-call", "pbx"),
    ("delete /v1/session", "session"),
    ("get /v1/session", "session"),
    ("get /v1/state", "viewer"),
    ("get /v1/tokens", "manager"),
];

fn secret(scope: Scope) -> String {
    format!("the-token-of-a-{scope}-0123456789")
}

fn token(name: &str, scope: Scope, secret: &str) -> Token {
    Token { name: name.to_owned(), scope, hash: TokenHash::of(secret), expires_at: None }
}

fn bearer(method: Method, path: &str, secret: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {secret}"))
}

async fn get(client: &Client, path: &str, secret: &str) -> Answer {
    client.send(bearer(Method::GET, path, secret), "").await
}

#[tokio::test]
async fn each_route_needs_its_scope_and_no_other_reaches_it() {
    let mut sections = String::new();
    for scope in Scope::ALL {
        let hash = TokenHash::of(secret(scope));
        sections += &format!("[[server.tokens]]\nname = \"a-{scope}\"\nscope = \"{scope}\"\nhash = \"{hash}\"\n");
    }
    let home = ConnectedHome::new(OPERATIONS, &sections).await;
    let process = home.serve(&[]);
    let client = &process.client;
    let description = client.get("/openapi.json").await.json();
    let component = client.get("/v1/operations/sales").await.json()["component"].as_str().expect("a digest").to_owned();
    let mut routes = Vec::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for (method, route) in methods.as_object().expect("methods") {
            if route["security"] == json!([{}]) {
                continue;
            }
            let needed = route["security"][0]["bearer"][0].as_str().unwrap_or("session").to_owned();
            routes.push((format!("{method} {path}"), needed.clone()));
            let Ok(needed) = needed.parse::<Scope>() else { continue };
            let target = path.replace("{id}", "sales").replace("{digest}", &component);
            let target = target.replace("{employee}", "anna").replace("{number}", "1");
            for scope in Scope::ALL {
                let as_method: Method = method.to_uppercase().parse().expect("a method");
                let status = client.open(bearer(as_method, &target, &secret(scope))).await.status();
                assert_eq!(
                    status == StatusCode::FORBIDDEN,
                    !scope.reaches(needed),
                    "{method} {path} {scope}: {status}"
                );
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{method} {path} {scope}");
            }
        }
    }
    let needed: Vec<_> = NEEDED.iter().map(|(route, scope)| ((*route).to_owned(), (*scope).to_owned())).collect();
    assert_eq!(routes, needed);
}

#[tokio::test]
async fn a_scope_that_does_not_reach_is_named_in_both_languages() {
    let mut scene = Scene::new().await;
    scene.settings.tokens = vec![token("kamailio", Scope::Pbx, &secret(Scope::Pbx))];
    let serving = scene.serve().await;
    let answer = get(&serving.client, "/v1/state", &secret(Scope::Pbx)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["detail"], "this needs the scope `viewer`, and the token `kamailio` has the scope `pbx`");
    assert_eq!(problem["detail_ru"], "для этого нужны права `viewer`, а у токена «kamailio» права `pbx`");
    assert_eq!(serving.client.get("/v1/state").await.json()["requests_refused"], 0, "somebody known was refused");
    // A PBX's token does what a PBX does.
    let call = bearer(Method::POST, "/v1/resolve-call", &secret(Scope::Pbx)).header("content-type", "application/json");
    assert_eq!(serving.client.send(call, json!({"caller": CALLER}).to_string()).await.goes_to(), "anna");
}

#[tokio::test]
async fn a_viewer_resolves_no_call() {
    let mut scene = Scene::new().await;
    scene.settings.tokens = vec![token("boris", Scope::Viewer, &secret(Scope::Viewer))];
    let serving = scene.serve().await;
    let call =
        bearer(Method::POST, "/v1/resolve-call", &secret(Scope::Viewer)).header("content-type", "application/json");
    let answer = serving.client.send(call, json!({"caller": CALLER}).to_string()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(serving.simulator().requests().is_empty(), "no call was resolved");
}

#[tokio::test]
async fn an_expired_token_counts_no_more_and_says_so() {
    let mut scene = Scene::new().await;
    let expires_at = Some(scene.clock.now() + SignedDuration::from_hours(24 * 30));
    scene.settings.tokens = vec![Token { expires_at, ..token("anna", Scope::Manager, &secret(Scope::Manager)) }];
    let serving = scene.serve().await;
    let warning = |state: &Value| state["tokens"][1]["warning"].clone();
    let state = get(&serving.client, "/v1/state", &secret(Scope::Manager)).await.json();
    assert_eq!(warning(&state), json!(null));
    serving.clock.advance(SignedDuration::from_hours(24 * 16));
    let state = get(&serving.client, "/v1/state", &secret(Scope::Manager)).await.json();
    assert!(
        warning(&state)["en"].as_str().is_some_and(|text| text.contains("`anna` expires on 2026-12-22")),
        "{state}"
    );
    assert!(warning(&state)["ru"].as_str().is_some_and(|text| text.contains("«anna» истекает")), "{state}");
    serving.clock.advance(SignedDuration::from_hours(24 * 14));
    let answer = get(&serving.client, "/v1/state", &secret(Scope::Manager)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let problem = answer.json();
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("`anna` expired on 2026-12-22")), "{problem}");
    assert!(problem["detail_ru"].as_str().is_some_and(|text| text.contains("«anna» истёк 2026-12-22")), "{problem}");
    let state = serving.client.get("/v1/state").await.json();
    assert!(warning(&state)["en"].as_str().is_some_and(|text| text.contains("expired on")), "{state}");
}

#[tokio::test]
async fn the_tokens_and_their_last_uses_are_shown_to_managers_and_no_hash_is() {
    let mut scene = Scene::new().await;
    scene.settings.tokens =
        vec![token("boris", Scope::Viewer, &secret(Scope::Viewer)), token("kamailio", Scope::Pbx, "k")];
    let serving = scene.serve().await;
    assert_eq!(get(&serving.client, "/v1/operations", &secret(Scope::Viewer)).await.status, StatusCode::OK);
    serving.clock.advance(SignedDuration::from_mins(90));
    let listed = serving.client.get("/v1/tokens").await;
    let text = String::from_utf8_lossy(&listed.body).into_owned();
    assert!(!text.contains("sha256") && !text.contains(&secret(Scope::Viewer)), "{text}");
    let nothing = json!(null);
    let shown = |name: &str, scope: &str, last_used_at: &Value| json!({"name": name, "scope": scope, "expires_at": null, "last_used_at": last_used_at, "warning": null});
    let before = json!("2026-11-22T09:00:00Z");
    assert_eq!(
        listed.json(),
        json!({"tokens": [shown("server", "manager", &json!("2026-11-22T10:30:00Z")), shown("boris", "viewer", &before), shown("kamailio", "pbx", &nothing)]})
    );
}

#[tokio::test]
async fn tokens_are_replaced_without_a_restart_and_with_them_their_sessions_end() {
    let mut scene = Scene::new().await;
    scene.settings.tokens = vec![token("boris", Scope::Viewer, "the-first-token-of-boris")];
    let settings = scene.settings.clone();
    let server = scene.bound().await;
    let guard = server.guard().clone();
    let client = Client::of(server.address().expect("an address"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async { drop(stopped.await) }));
    let login = Request::post("/v1/session").header("content-type", "application/json");
    let opened = client.send(login, json!({"token": "the-first-token-of-boris"}).to_string()).await;
    let cookie = opened.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a value").to_owned();
    let by_cookie = || Request::get("/v1/operations").header("cookie", &cookie);
    assert_eq!(client.send(by_cookie(), "").await.status, StatusCode::OK);

    let renewed =
        ServerSettings { tokens: vec![token("boris", Scope::Viewer, "the-second-token-of-boris")], ..settings.clone() };
    guard.replace_tokens(&renewed).expect("they can be in force");
    let status = async |secret| get(&client, "/v1/operations", secret).await.status;
    assert_eq!(status("the-first-token-of-boris").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status("the-second-token-of-boris").await, StatusCode::OK);
    assert_eq!(client.send(by_cookie(), "").await.status, StatusCode::UNAUTHORIZED);

    let twice = ServerSettings { tokens: [&renewed.tokens[..], &renewed.tokens[..]].concat(), ..settings };
    assert!(guard.replace_tokens(&twice).expect_err("two names").to_string().contains("two tokens are called `boris`"));
    assert_eq!(status("the-second-token-of-boris").await, StatusCode::OK, "what cannot be in force changes nothing");
    drop(stop);
    running.await.expect("it ends");
}
