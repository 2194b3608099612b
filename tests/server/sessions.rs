//! A browser logs in once, has a cookie that no script can read, and no other site can use it.

use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use serde_json::json;
use server::scope::Scope;
use server::tokens::{Token, TokenHash};
use test_support::client::{Answer, Client, TOKEN};
use test_support::engine;

use crate::scene::{Scene, Serving};

const OF_PBX: &str = "the-token-of-kamailio-0123456789";
const OF_VIEWER: &str = "the-token-of-boris-0123456789";

async fn serving() -> Serving {
    let mut scene = Scene::new().await;
    let token = |name: &str, scope, secret: &str| Token {
        name: name.to_owned(),
        scope,
        hash: TokenHash::of(secret),
        expires_at: None,
    };
    scene.settings.tokens = vec![token("kamailio", Scope::Pbx, OF_PBX), token("boris", Scope::Viewer, OF_VIEWER)];
    scene.add_to_server(|server| server.versions(engine().clone(), None));
    scene.serve().await
}

async fn log_in(client: &Client, token: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post("/v1/session").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request, json!({"token": token}).to_string()).await
}

/// The cookie as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    let given = answer.headers["set-cookie"].to_str().expect("text");
    given.split(';').next().expect("a value").to_owned()
}

async fn send(client: &Client, method: Method, path: &str, cookie: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("cookie", cookie);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request, "").await
}

#[tokio::test]
async fn a_person_logs_in_once_and_logs_out() {
    let serving = serving().await;
    let client = &serving.client;
    let opened = log_in(client, TOKEN, &[]).await;
    assert_eq!(opened.status, StatusCode::OK);
    let session = json!({"name": "server", "scope": "manager", "expires_at": "2026-11-29T09:00:00Z"});
    assert_eq!(opened.json(), session);
    let given = opened.headers["set-cookie"].to_str().expect("text").to_owned();
    let (value, attributes) = given.split_once("; ").expect("attributes");
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/", "{given}");
    let (name, id) = value.split_once('=').expect("a value");
    assert!(name.starts_with("host-harness-session-"), "each port has a cookie of its own: {given}");
    assert_eq!(id.len(), 64, "{given}");
    let cookie = cookie(&opened);
    assert_eq!(send(client, Method::GET, "/v1/session", &cookie, &[]).await.json(), session);
    assert_eq!(send(client, Method::GET, "/v1/state", &cookie, &[]).await.status, StatusCode::OK);

    let own_page = [("x-requested-with", "host-harness"), ("sec-fetch-site", "same-origin")];
    let closed = send(client, Method::DELETE, "/v1/session", &cookie, &own_page).await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT);
    assert!(closed.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"), "{closed:?}");
    for path in ["/v1/session", "/v1/state"] {
        let answer = send(client, Method::GET, path, &cookie, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.json()["detail_ru"].as_str().is_some_and(|text| text.contains("войдите снова")), "{answer:?}");
    }
}

#[tokio::test]
async fn a_session_may_do_what_its_token_may_and_a_pbx_has_none() {
    let serving = serving().await;
    let client = &serving.client;
    let refused = log_in(client, OF_PBX, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.headers.contains_key("set-cookie"));
    let viewer = cookie(&log_in(client, OF_VIEWER, &[]).await);
    let own_page = [("x-requested-with", "host-harness"), ("sec-fetch-site", "same-origin")];
    assert_eq!(send(client, Method::GET, "/v1/operations", &viewer, &[]).await.status, StatusCode::OK);
    for (method, path) in [(Method::GET, "/v1/tokens"), (Method::POST, "/v1/operations/main/rollback")] {
        let answer = send(client, method, path, &viewer, &own_page).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.json()["detail"].as_str().is_some_and(|text| text.contains("`manager`")), "{answer:?}");
    }
    let listed = client.get("/v1/tokens").await.json();
    assert_eq!(listed["tokens"][2]["last_used_at"], "2026-11-22T09:00:00Z", "a session is a use of its token");
}

#[tokio::test]
async fn who_cannot_log_in_is_told_why_and_counted_and_no_token_is_repeated() {
    let serving = serving().await;
    let client = &serving.client;
    for wrong in ["another-token-0123456789", ""] {
        let answer = log_in(client, wrong, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.json()["detail_ru"].is_string() && !answer.headers.contains_key("set-cookie"), "{answer:?}");
    }
    assert_eq!(client.get("/v1/state").await.json()["requests_refused"], 2);
    let long = format!("{{\"token\": \"{}\"}}", "x".repeat(5_000));
    for (kind, body, status) in [
        ("text/plain", "{\"token\": \"a-secret\"}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/x-www-form-urlencoded", "token=a-secret", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/json", "\"a-secret\"", StatusCode::BAD_REQUEST),
        ("application/json", "{\"tokn\": \"a-secret\"}", StatusCode::BAD_REQUEST),
        ("application/json", &long, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = client.send(Request::post("/v1/session").header("content-type", kind), body.to_owned()).await;
        assert_eq!(answer.status, status, "{body:.30}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("a-secret"), "{answer:?}");
    }
}

#[tokio::test]
async fn another_site_can_neither_use_a_session_nor_open_one() {
    let serving = serving().await;
    let client = &serving.client;
    let foreign = log_in(client, TOKEN, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(log_in(client, TOKEN, &[("origin", "http://evil.example")]).await.status, StatusCode::FORBIDDEN);
    let cookie = cookie(&log_in(client, TOKEN, &[("sec-fetch-site", "same-origin")]).await);
    let own = format!("http://{}", client.server);
    let page = ("x-requested-with", "host-harness");
    let path = "/v1/operations/main/shadow";
    for headers in [
        &[][..],
        &[page],
        &[("origin", own.as_str())],
        &[page, ("origin", "http://evil.example")],
        &[page, ("sec-fetch-site", "same-site")],
        &[page, ("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
    ] {
        let answer = send(client, Method::DELETE, path, &cookie, headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    for headers in [[page, ("origin", own.as_str())], [page, ("sec-fetch-site", "same-origin")]] {
        assert_eq!(send(client, Method::DELETE, path, &cookie, &headers).await.status, StatusCode::NO_CONTENT);
    }
    // Where a token comes too, it counts: programs send no such headers.
    let both = send(client, Method::DELETE, path, &cookie, &[("authorization", &format!("Bearer {TOKEN}"))]).await;
    assert_eq!(both.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_session_ends_by_itself_and_with_its_token() {
    let mut scene = Scene::new().await;
    let expires_at = Some(scene.clock.now() + SignedDuration::from_hours(20));
    let hash = TokenHash::of(OF_VIEWER);
    scene.settings.tokens = vec![Token { name: "boris".to_owned(), scope: Scope::Viewer, hash, expires_at }];
    let serving = scene.serve().await;
    let client = &serving.client;
    let idle = cookie(&log_in(client, TOKEN, &[]).await);
    let opened = log_in(client, OF_VIEWER, &[]).await;
    assert_eq!(opened.json()["expires_at"], "2026-11-23T05:00:00Z", "its token's expiry");
    let of_token = cookie(&opened);
    let status = async |cookie: &str| send(client, Method::GET, "/v1/state", cookie, &[]).await.status;
    serving.clock.advance(SignedDuration::from_hours(11));
    assert_eq!(status(&of_token).await, StatusCode::OK);
    serving.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(status(&idle).await, StatusCode::UNAUTHORIZED, "12 hours without a request");
    assert_eq!(status(&of_token).await, StatusCode::OK);
    serving.clock.advance(SignedDuration::from_hours(8));
    assert_eq!(status(&of_token).await, StatusCode::UNAUTHORIZED, "its token has expired");
}

#[tokio::test]
async fn the_cookie_is_for_tls_alone_where_a_proxy_on_this_machine_says_that_the_client_uses_it() {
    let serving = serving().await;
    for (headers, secure) in
        [(&[("x-forwarded-proto", "https")][..], true), (&[("x-forwarded-proto", "http")], false), (&[], false)]
    {
        let opened = log_in(&serving.client, TOKEN, headers).await;
        let given = opened.headers["set-cookie"].to_str().expect("text");
        assert_eq!(given.ends_with("; Secure"), secure, "{headers:?}: {given}");
    }
}
