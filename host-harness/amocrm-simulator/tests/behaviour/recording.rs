//! Counting and listing of requests, connections, stopping.

use amocrm_simulator::{Endpoint, Simulator};
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::{Bench, NOON, at_noon};

#[tokio::test]
async fn every_request_is_recorded_with_its_decoded_query() {
    let bench = Bench::demo().await;
    bench.get("/api/v4/contacts?query=%2B7+916&filter%5Ba%5D=1").await;
    bench.get("/api/v4/users/504141").await;
    bench.send(Method::GET, "/nowhere", None, "").await.unwrap();
    let records = bench.simulator.requests();
    assert_eq!(records[0].query, [("query".to_owned(), "+7 916".to_owned()), ("filter[a]".to_owned(), "1".to_owned())]);
    assert_eq!(records[0].host, bench.simulator.address().to_string());
    assert_eq!(records[0].user_agent.as_deref(), Some("tests/1"));
    assert_eq!(records[0].at, NOON.parse().unwrap());
    assert_eq!(records.iter().map(|record| record.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(records.iter().map(|record| record.status).collect::<Vec<_>>(), [Some(200), Some(200), Some(401)]);
    assert_eq!(records.iter().map(|record| record.authorised).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(records[1].endpoint, Some(Endpoint::Users));
    assert_eq!(records[2].endpoint, None);
    assert_eq!((bench.simulator.count(), bench.simulator.count_of(Endpoint::Contacts)), (3, 1));
    bench.simulator.clear_requests();
    assert_eq!((bench.simulator.count(), bench.simulator.requests().len()), (0, 0));
    bench.get("/api/v4/account").await;
    assert_eq!(bench.simulator.requests()[0].sequence, 4);
    assert_eq!(bench.simulator.requests()[0].status, Some(200));
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let bench = Bench::demo().await;
    for _ in 0..5 {
        bench.get("/api/v4/contacts?query=9161234567").await;
    }
    assert_eq!((bench.simulator.count(), bench.simulator.connections()), (5, 1));
}

#[tokio::test]
async fn stopping_closes_the_listener_and_hung_connections() {
    let simulator = Simulator::start(at_noon()).await.unwrap();
    let address = simulator.address();
    let mut idle = tokio::net::TcpStream::connect(address).await.unwrap();
    while simulator.connections() == 0 {
        tokio::task::yield_now().await;
    }
    simulator.stop();
    simulator.stopped().await;
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn dropping_stops() {
    let simulator = Simulator::start(at_noon()).await.unwrap();
    let mut idle = tokio::net::TcpStream::connect(simulator.address()).await.unwrap();
    while simulator.connections() == 0 {
        tokio::task::yield_now().await;
    }
    drop(simulator);
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_client_that_leaves_a_hung_answer_is_let_go() {
    for rule in ["hang", "hang-mid-body", "endless-body", "delay-headers=1h"] {
        let bench = Bench::with_faults(&[rule]).await;
        let mut stream = tokio::net::TcpStream::connect(bench.simulator.address()).await.unwrap();
        stream.write_all(b"GET /api/v4/account HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        while bench.simulator.count() == 0 {
            tokio::task::yield_now().await;
        }
        drop(stream);
        while bench.simulator.open_connections() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_request_ids() {
    let id = async || Bench::demo().await.get("/api/v4/account").await.header("x-request-id").to_owned();
    assert_eq!(id().await, id().await);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = Simulator::start(at_noon()).await.unwrap();
    let options = amocrm_simulator::Options { listen: first.address(), ..at_noon() };
    let message = format!("{:#}", Simulator::start(options).await.unwrap_err());
    assert!(message.contains(&first.address().to_string()), "{message}");
}
