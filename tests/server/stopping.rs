//! A stop loses no call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hostile_components::MEMORY_HOLDER;
use node::Surroundings;
use serde_json::json;
use test_support::engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{Scene, until};

#[tokio::test]
async fn calls_in_flight_are_answered_nothing_new_is_accepted_and_then_the_rooms_end() {
    let mut scene = Scene::new().await;
    scene.fault("contacts:hang");
    let ended = Arc::new(AtomicUsize::new(0));
    let (in_flight_at_end, counted) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::clone(&ended));
    let noted = Arc::clone(&in_flight_at_end);
    let node = Arc::new(std::sync::OnceLock::<node::Node>::new());
    let seen = Arc::clone(&node);
    scene.add_to_server(|server| {
        server.at_stop(async move {
            noted.store(seen.get().map_or(usize::MAX, node::Node::in_flight), Ordering::SeqCst);
            counted.fetch_add(1, Ordering::SeqCst);
        })
    });
    let mut serving = scene.serve().await;
    assert!(node.set(serving.node.clone()).is_ok());
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let client = serving.client.clone();
            tokio::spawn(async move { client.call(&json!({"caller": format!("+791600000{number:02}")})).await })
        })
        .collect();
    serving.in_flight(20).await;
    let mut idle = TcpStream::connect(serving.client.server).await.expect("it listens");
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
    let server = serving.client.server;
    serving.stop();
    let mut said = Vec::new();
    // Either answered before the stop was seen, or closed: never left open.
    let _ =
        tokio::time::timeout(test_support::client::PATIENCE, idle.read_to_end(&mut said)).await.expect("it is closed");
    for call in calls {
        let answer = call.await.expect("no panic");
        assert_eq!(answer.json()["reason"]["class"], "no-answer", "answered inside its waiting time: {answer:?}");
    }
    assert!(TcpStream::connect(server).await.is_err(), "nothing is accepted any more");
    until(|| ended.load(Ordering::SeqCst) == 1).await;
    assert_eq!(in_flight_at_end.load(Ordering::SeqCst), 0, "the rooms end after the last call");
    serving.ended().await;
}

#[tokio::test]
async fn a_server_without_calls_stops_at_once_although_connections_are_open() {
    let mut serving = Scene::new().await.serve().await;
    assert_eq!(serving.client.get("/v1/state").await.json()["calls_in_flight"], 0);
    let begun = tokio::time::Instant::now();
    serving.stop();
    serving.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn who_only_looks_on_does_not_hold_the_stop_up() {
    let mut scene = Scene::new().await;
    let endless =
        || async { axum::body::Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>()) };
    scene.add_to_server(move |server| server.open(axum::Router::new().route("/endless", axum::routing::get(endless))));
    let mut serving = scene.serve().await;
    let mut looking = TcpStream::connect(serving.client.server).await.expect("it listens");
    looking.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it reads");
    let mut head = [0; 16];
    looking.read_exact(&mut head).await.expect("the answer begins");
    let begun = tokio::time::Instant::now();
    serving.stop();
    serving.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_stop_waits_as_long_as_the_version_in_force_may_take() {
    let server = Scene::new().await.bound().await;
    assert_eq!(server.longest_stop(), Duration::from_secs(3 + 2));
    let revision = server.node().revision();
    let placement = &revision.placements()[0];
    let operation = engine().load(MEMORY_HOLDER).expect("it fits the contract");
    let surroundings = Surroundings { expected: &[], others: &[], insists: false };
    // It describes half a minute.
    placement.activate(placement.fit(&operation, surroundings).await.expect("it fits the placement"));
    assert_eq!(server.longest_stop(), Duration::from_secs(30 + 2));
}
