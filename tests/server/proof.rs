//! Nothing is revealed or changed for who proves nothing.

use http::{Method, Request, StatusCode};
use runtime::secret::Secret;
use test_support::client::{Answer, Client, TOKEN};

use crate::scene::Scene;

/// Every route that reveals or changes something.
const GUARDED: [(Method, &str); 4] = [
    (Method::POST, "/v1/resolve-call"),
    (Method::GET, "/v1/operations"),
    (Method::GET, "/v1/operations/main"),
    (Method::GET, "/v1/state"),
];

async fn send(client: &Client, method: &Method, path: &str, proof: Option<&str>, body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(proof) = proof {
        request = request.header("authorization", proof);
    }
    client.send(request, body.to_owned()).await
}

#[tokio::test]
async fn without_the_token_every_route_is_refused_with_a_problem() {
    let serving = Scene::new().await.serve().await;
    let wrong = format!("Bearer {TOKEN}x");
    for (method, path) in GUARDED {
        for proof in [
            None,
            Some("Bearer"),
            Some("Bearer "),
            Some(wrong.as_str()),
            Some("Basic YTpi"),
            Some("HMAC-SHA256 at=1"),
            Some(TOKEN),
        ] {
            let answer = send(&serving.client, &method, path, proof, "{}").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {proof:?}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert!(answer.headers["www-authenticate"].to_str().expect("text").starts_with("Bearer"));
        }
    }
    assert_eq!(serving.client.get("/v1/state").await.json()["requests_refused"], 28);
    assert!(serving.simulator().requests().is_empty(), "no call was resolved");
}

#[tokio::test]
async fn what_is_open_reveals_nothing() {
    let serving = Scene::new().await.serve().await;
    for path in ["/livez", "/readyz", "/openapi.json"] {
        let answer = send(&serving.client, &Method::GET, path, None, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for secret in ["queue:sales", "token-of-the-first-account", "127.0.0.1"] {
            assert!(!text.contains(secret), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn a_server_that_nobody_could_use_or_that_anybody_could_guess_does_not_begin() {
    for (token, message) in [(None, "nobody could use the server"), (Some("nineteen-characters"), "shorter than 20")] {
        let scene = Scene::new().await;
        let mut settings = scene.settings.clone();
        settings.token = token.map(|token| Secret::new(token.to_owned()));
        let error = server::Guard::new(&settings, scene.clock.clone());
        let error = error.err().expect("a refusal").to_string();
        assert!(error.contains(message) && !error.contains("nineteen"), "{error}");
    }
}

/// The answer to a request as it stands on the wire, and whether the connection is closed after it.
async fn answer(serving: &crate::scene::Serving, request: &str) -> (String, bool) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(serving.client.server).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut said = Vec::new();
    while !said.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut said).await.expect("an answer"), 0, "{request}");
    }
    let said = String::from_utf8_lossy(&said).to_lowercase();
    let closes = said.contains("connection: close");
    (said, closes)
}

#[tokio::test]
async fn a_request_that_two_programs_may_read_differently_is_refused() {
    let serving = Scene::new().await.serve().await;
    let token = format!("authorization: Bearer {TOKEN}\r\n");
    for (head, status) in [
        (format!("GET /v1/state HTTP/1.1\r\n{token}"), 400),
        (format!("GET /v1/state HTTP/1.1\r\nhost: a\r\nhost: b\r\n{token}"), 400),
        (format!("GET /v1/state HTTP/1.1\r\nhost: a\r\nhost: a\r\n{token}"), 400),
        (format!("GET /v1/state HTTP/1.0\r\n{token}"), 200),
        (format!("GET /v1/state HTTP/1.1\r\nhost: a\r\n{token}{token}"), 401),
        (format!("GET /v1/state HTTP/1.1\r\nhost: a\r\n{token}authorization: Bearer x\r\n"), 401),
        (format!("GET /v1/state HTTP/1.1\r\nhost: a\r\n{token}"), 200),
    ] {
        let (said, _) = answer(&serving, &format!("{head}\r\n")).await;
        assert!(said.contains(&format!(" {status} ")), "{head}: {said}");
        for header in ["cache-control: no-store", "x-content-type-options: nosniff"] {
            assert!(said.contains(header), "{head}: {said}");
        }
    }
    // Where a length comes with chunks, the chunks count, and nothing after them is taken for a request (RFC 9112, 6.1).
    let both = format!(
        "POST /v1/resolve-call HTTP/1.1\r\nhost: a\r\n{token}content-type: application/json\r\ncontent-length: 4\r\n\
         transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nhost: a\r\n\r\n"
    );
    let (said, closes) = answer(&serving, &both).await;
    assert!(closes && !said.contains("live"), "{said}");
}
