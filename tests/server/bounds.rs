//! What one client may take of the server: connections, time, length.

use std::time::Duration;

use serde_json::json;
use server::ServerBuilder;
use test_support::client::{PATIENCE, TOKEN};
use test_support::{CALLER, LINKED_OPERATION};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::scene::{Scene, Serving};

/// Everything that the server says until it closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A reset is an end too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the server closes in time");
    String::from_utf8_lossy(&said).into_owned()
}

/// How many connections were closed for this reason, as the metrics say.
async fn closed(serving: &Serving, reason: &str) -> Option<u64> {
    let metrics = serving.client.get("/metrics").await;
    let name = format!("host_harness_client_connections_closed_total{{listener=\"http\",reason=\"{reason}\"}} ");
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok())
}

async fn connect(serving: &Serving) -> TcpStream {
    TcpStream::connect(serving.client.server).await.expect("it listens")
}

/// Sends a request with the token, and reads the answer of `GET /v1/operations/none`.
async fn prove(stream: &mut TcpStream) {
    let request = format!("GET /v1/operations/none HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut said = Vec::new();
    while !said.ends_with(b"}") {
        assert_ne!(timeout(PATIENCE, stream.read_buf(&mut said)).await.expect("in time").expect("an answer"), 0);
    }
    assert!(said.starts_with(b"HTTP/1.1 404"), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off() {
    let mut scene = Scene::new().await;
    scene.settings.head_timeout = Duration::from_millis(200);
    let serving = scene.serve().await;
    let mut stream = connect(&serving).await;
    prove(&mut stream).await;
    stream.write_all(b"POST /v1/resolve-call HTTP/1.1\r\nhost: x\r\n").await.expect("it reads");
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna", "others are served");
}

#[tokio::test]
async fn a_connection_that_never_proves_itself_is_closed_soon_and_one_that_has_stays() {
    let mut scene = Scene::new().await;
    scene.settings.unproved_timeout = Duration::from_millis(100);
    scene.add_to_server(ServerBuilder::metrics);
    let serving = scene.serve().await;
    let mut pbx = connect(&serving).await;
    prove(&mut pbx).await;
    let (mut silent, mut half, mut open) = (connect(&serving).await, connect(&serving).await, connect(&serving).await);
    half.write_all(b"POST /v1/resolve-call HTTP/1.1\r\nhost: x\r\n").await.expect("it reads");
    open.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
    assert_eq!((rest(&mut silent).await, rest(&mut half).await), (String::new(), String::new()));
    assert!(rest(&mut open).await.ends_with("live\n"), "answered, and closed when it stood still");
    prove(&mut pbx).await;
    let connections = &serving.client.get("/v1/state").await.json()["connections"];
    assert_eq!((&connections["closed_slow"], &connections["unproved"]), (&json!(3), &json!(0)), "{connections}");
    assert_eq!(closed(&serving, "too-slow").await, Some(3));
}

#[tokio::test]
async fn connections_without_a_word_hold_up_no_call() {
    let mut scene = Scene::new().await;
    scene.settings.max_connections = 100;
    scene.add_to_server(ServerBuilder::metrics);
    let serving = scene.serve().await;
    let mut pbx = connect(&serving).await;
    prove(&mut pbx).await;
    let mut held = Vec::new();
    for _ in 0..300 {
        let mut stream = connect(&serving).await;
        stream.write_all(b"POST /v1/resolve-call HTTP/1.1\r\n").await.expect("the system takes it");
        held.push(stream);
    }
    assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    prove(&mut pbx).await;
    let connections = &serving.client.get("/v1/state").await.json()["connections"];
    // One place is the PBX's, one the client's.
    assert_eq!((&connections["open"], &connections["unproved"]), (&json!(100), &json!(98)), "{connections}");
    let counted = (&connections["closed_for_others"], &connections["closed_for_address_share"]);
    assert_eq!(counted, (&json!(202), &json!(0)), "{connections}");
    assert_eq!((closed(&serving, "no-room").await, closed(&serving, "too-slow").await), (Some(202), Some(0)));
    assert_eq!(rest(&mut held[0]).await, "", "the oldest has gone");
}

#[tokio::test]
async fn one_address_has_its_share_of_connections_without_a_word() {
    let mut scene = Scene::new().await;
    scene.settings.max_unproved_per_address = 10;
    scene.add_to_server(ServerBuilder::metrics);
    let serving = scene.serve().await;
    let mut pbxs = Vec::new();
    for _ in 0..20 {
        let mut pbx = connect(&serving).await;
        prove(&mut pbx).await;
        pbxs.push(pbx);
    }
    let mut held = Vec::new();
    for _ in 0..30 {
        held.push(connect(&serving).await);
    }
    let connections = serving.client.get("/v1/state").await.json()["connections"].clone();
    let counted = (&connections["closed_for_others"], &connections["closed_for_address_share"]);
    assert_eq!(counted, (&json!(21), &json!(21)), "{connections}");
    assert_eq!((closed(&serving, "address-share").await, closed(&serving, "no-room").await), (Some(21), Some(0)));
    for pbx in &mut pbxs {
        prove(pbx).await;
    }
}

#[tokio::test]
async fn d09_a_body_that_does_not_end_gets_a_route_in_time() {
    let mut scene = Scene::new().await;
    scene.settings.body_timeout = Duration::from_millis(200);
    let serving = scene.serve().await;
    let mut stream = connect(&serving).await;
    let head = format!(
        "POST /v1/resolve-call HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
         content-length: 50\r\nconnection: close\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let said = rest(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert!(said.contains("request-not-understood") && said.contains(LINKED_OPERATION), "{said}");
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_and_are_served_when_others_end() {
    let mut scene = Scene::new().await;
    scene.settings.max_connections = 1;
    let serving = scene.serve().await;
    let mut first = connect(&serving).await;
    prove(&mut first).await;
    let mut buffer = [0; 512];
    let mut second = connect(&serving).await;
    second
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .expect("the system takes it");
    assert!(timeout(Duration::from_millis(200), second.read(&mut buffer)).await.is_err(), "there is no room yet");
    drop(first);
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let serving = Scene::new().await.serve().await;
    let mut stream = connect(&serving).await;
    for _ in 0..3 {
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
        let mut said = Vec::new();
        while !said.ends_with(b"live\n") {
            assert_ne!(timeout(PATIENCE, stream.read_buf(&mut said)).await.expect("in time").expect("an answer"), 0);
        }
    }
}

#[tokio::test]
async fn a_fault_of_a_handler_is_a_problem_that_tells_nothing_and_ends_nothing() {
    let mut scene = Scene::new().await;
    let faulty = || async {
        if true {
            panic!("a secret of the server")
        }
    };
    scene.add_to_server(move |server| server.open(axum::Router::new().route("/faulty", axum::routing::get(faulty))));
    let serving = scene.serve().await;
    let answer = serving.client.get("/faulty").await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].as_u64()), (500, Some(500)));
    assert!(!answer.json().to_string().contains("a secret of the server"));
    assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
}
