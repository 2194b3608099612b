//! What an answer can do wrong, and that nothing waits for it longer than it may.

use super::server::{Server, Step, ok, raw};
use super::*;

const MS: Duration = Duration::from_millis(1);

/// The outcome of one request to a server that does this, and how long it took.
async fn outcome(steps: Vec<Step>, options: RequestOptions, deadline: Duration) -> (String, Duration) {
    let server = Server::start(move |_| steps.clone()).await;
    let started = Instant::now();
    let mut call = outbound(config(&[&server.origin()])).for_call(started + deadline);
    let outcome = match send_within(&mut call, get(&server.uri("/")), Some(options)).await {
        Ok(response) => name(read(response).await),
        Err(error) => format!("before the answer: {error:?}"),
    };
    (outcome, started.elapsed())
}

async fn answer(steps: Vec<Step>) -> String {
    outcome(steps, RequestOptions::default(), MS * 20_000).await.0
}

#[tokio::test]
async fn a_body_is_bounded_in_size() {
    let chunk = "3e8\r\n".to_owned() + &"x".repeat(1000) + "\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(answer(ok(&"x".repeat(10_000))).await, "ok");
    assert_eq!(answer(ok(&"x".repeat(10_001))).await, "HttpResponseBodySize(Some(10001))");
    assert_eq!(
        answer(vec![raw("HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n"), Step::Hang]).await,
        "HttpResponseBodySize(Some(999999999999))"
    );
    let endless = answer(vec![raw(chunked), Step::Forever(chunk.clone().into_bytes())]).await;
    assert!(endless.starts_with("HttpResponseBodySize(Some("), "{endless}");
    let endless =
        answer(vec![raw("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"), Step::Forever(chunk.into_bytes())]).await;
    assert!(endless.starts_with("HttpResponseBodySize(Some("), "{endless}");
}

#[tokio::test]
async fn an_answer_that_ends_early_is_incomplete() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        assert_eq!(answer(vec![raw(head), Step::Close]).await, "HttpResponseIncomplete", "{head}");
    }
    for head in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\ncontent-length: 1"] {
        assert_eq!(answer(vec![raw(head), Step::Close]).await, "before the answer: HttpResponseIncomplete", "{head}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    for text in ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"] {
        assert_eq!(answer(vec![raw(text), Step::Close]).await, "before the answer: HttpProtocolError", "{text}");
    }
    let bad_chunk = vec![raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), Step::Hang];
    assert_eq!(answer(bad_chunk).await, "HttpProtocolError");
    let huge = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(300_000));
    assert_eq!(answer(vec![raw(&huge), Step::Hang]).await, "before the answer: HttpResponseHeaderSectionSize(None)");
}

#[tokio::test]
async fn nothing_waits_longer_than_the_component_asked_for() {
    let short = Some(MS * 30);
    let first_byte = RequestOptions { first_byte_timeout: short, ..RequestOptions::default() };
    let between = RequestOptions { between_bytes_timeout: short, ..RequestOptions::default() };
    let (slow, took) = outcome(vec![Step::Hang], first_byte, MS * 20_000).await;
    assert_eq!(slow, "before the answer: ConnectionReadTimeout");
    assert!(took < MS * 5_000, "{took:?}");
    let head = raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab");
    let (slow, took) = outcome(vec![head.clone(), Step::Hang], between, MS * 20_000).await;
    assert_eq!(slow, "ConnectionReadTimeout");
    assert!(took < MS * 5_000, "{took:?}");
    // Zero is a bound like any other; on the loopback interface a connection may open in no time at all.
    let zero = Some(Duration::ZERO);
    let options = RequestOptions { connect_timeout: zero, first_byte_timeout: zero, between_bytes_timeout: zero };
    let (none, _) = outcome(vec![Step::Hang], options, MS * 20_000).await;
    assert!(
        none == "before the answer: ConnectionTimeout" || none == "before the answer: ConnectionReadTimeout",
        "{none}"
    );
}

#[tokio::test]
async fn nothing_waits_longer_than_the_call_lasts_whatever_the_component_asked_for() {
    let patient = RequestOptions {
        connect_timeout: Some(MS * 60_000),
        first_byte_timeout: Some(MS * 60_000),
        between_bytes_timeout: Some(MS * 60_000),
    };
    let head = raw("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n");
    let drip: Vec<_> =
        std::iter::once(head.clone()).chain((0..400).flat_map(|_| [raw("x"), Step::Wait(MS * 10)])).collect();
    for (steps, expected) in [
        (vec![Step::Hang], "before the answer: HttpResponseTimeout"),
        (vec![head, Step::Hang], "HttpResponseTimeout"),
        (drip, "HttpResponseTimeout"),
    ] {
        for options in [patient, RequestOptions::default()] {
            let (slow, took) = outcome(steps.clone(), options, MS * 100).await;
            assert_eq!(slow, expected);
            assert!(took >= MS * 95 && took < MS * 3_000, "{took:?}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_read_after_the_call_has_ended_is_an_error() {
    let server = Server::start(|_| ok("late")).await;
    let mut call = outbound(config(&[&server.origin()])).for_call(Instant::now() + MS * 60);
    let response = send(&mut call, get(&server.uri("/"))).await.unwrap();
    tokio::time::sleep(MS * 70).await;
    assert_eq!(name(read(response).await), "HttpResponseTimeout");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(name(send(&mut call(config(&[&origin])), get(&origin)).await), "ConnectionRefused");
}
