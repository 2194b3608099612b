//! A registry as the large ones are: a token comes from another server, and the component from a storage that is to see no credentials.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use host_harness::WORKING_HOURS;
use runtime::engine::digest;
use serde_json::json;
use test_support::{Ended, Home};
use tokio::net::TcpListener;

const TOKEN: &str = "a-token-of-the-registry";

#[derive(Clone)]
struct Stub {
    address: Arc<str>,
    /// Which scope the token was asked for.
    scopes: Arc<Mutex<Vec<String>>>,
}

fn manifest() -> String {
    let config = json!({"mediaType": "application/vnd.wasm.config.v0+json", "digest": format!("sha256:{}", digest(b"{}")), "size": 2});
    let layer = json!({"mediaType": "application/wasm", "digest": format!("sha256:{}", digest(WORKING_HOURS)), "size": WORKING_HOURS.len()});
    json!({"schemaVersion": 2, "config": config, "layers": [layer]}).to_string()
}

impl Stub {
    fn guarded(&self, headers: &HeaderMap, answer: impl IntoResponse) -> Response {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if shown == Some(&format!("Bearer {TOKEN}")) {
            return answer.into_response();
        }
        let challenge = format!(r#"Bearer realm="http://{}/token",service="stub, of tests",scope="x""#, self.address);
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
    }
}

async fn token(State(stub): State<Stub>, headers: HeaderMap, Query(query): Query<Vec<(String, String)>>) -> String {
    let basic = format!("Basic {}", STANDARD.encode("user:password"));
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    assert_eq!(shown, Some(basic.as_str()));
    assert!(query.contains(&("service".to_owned(), "stub, of tests".to_owned())), "{query:?}");
    let scope = query.into_iter().find(|(key, _)| key == "scope").expect("a scope").1;
    stub.scopes.lock().expect("a lock").push(scope);
    json!({"access_token": TOKEN}).to_string()
}

async fn manifests(State(stub): State<Stub>, headers: HeaderMap) -> Response {
    stub.guarded(&headers, manifest())
}

async fn blobs(State(stub): State<Stub>, headers: HeaderMap) -> Response {
    stub.guarded(&headers, (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/storage?signed=yes")]))
}

async fn storage(headers: HeaderMap) -> &'static [u8] {
    assert!(!headers.contains_key(header::AUTHORIZATION), "the storage sees credentials");
    WORKING_HOURS
}

async fn start() -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let stub = Stub { address: address.into(), scopes: Arc::default() };
    let router = Router::new()
        .route("/token", get(token))
        .route("/v2/a/b/manifests/{name}", get(manifests))
        .route("/v2/a/b/blobs/{digest}", get(blobs))
        .route("/storage", get(storage))
        .with_state(stub.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    stub
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_fetched_where_the_registry_says_and_no_storage_sees_it() {
    let stub = start().await;
    let home = Home::new();
    let auth = json!({"auths": {&*stub.address: {"auth": STANDARD.encode("user:password")}}});
    home.write_secret("auth.json", &auth.to_string());
    let mut pull = home.command(["pull", &format!("{}/a/b:1", stub.address), "hours.wasm"]);
    pull.env("REGISTRY_AUTH_FILE", home.path("auth.json"));
    let pulled = tokio::task::block_in_place(|| pull.output()).expect("the binary starts");
    let pulled = Ended::of(pulled);
    pulled.assert(0, &[]).assert_prints(&[&format!("@sha256:{}", digest(manifest().as_bytes()))]);
    assert!(!pulled.stdout.contains(TOKEN), "{pulled:?}");
    assert!(std::fs::read(home.path("hours.wasm")).expect("the file") == WORKING_HOURS);
    assert_eq!(*stub.scopes.lock().expect("a lock"), ["repository:a/b:pull"]);
    // Another digest than that of what comes.
    let other = digest(b"another manifest");
    let mut pull = home.command(["pull", &format!("{}/a/b@sha256:{other}", stub.address), "other.wasm"]);
    pull.env("REGISTRY_AUTH_FILE", home.path("auth.json"));
    let refused = tokio::task::block_in_place(|| pull.output()).expect("the binary starts");
    Ended::of(refused).assert(2, &["something else than the digest says"]);
}
