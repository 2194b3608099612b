//! What goes over the wire, and over which connection.

use super::server::{Server, Step, ok, raw};
use super::*;

#[tokio::test]
async fn requests_share_one_connection_also_from_call_to_call() {
    let server = Server::start(|_| ok("{}")).await;
    let http = outbound(config(&[&server.origin()]));
    for _ in 0..3 {
        let mut call = http.for_call(Instant::now() + Duration::from_secs(30));
        for _ in 0..3 {
            assert_eq!(fetch(&mut call, get(&server.uri("/api/v4/contacts?query=1"))).await.unwrap(), "{}");
        }
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 9);
    assert!(seen.iter().all(|request| request.connection == 0), "{seen:?}");
}

#[tokio::test]
async fn a_request_goes_out_as_the_component_wrote_it_with_host_and_user_agent_added() {
    let server = Server::start(|_| ok("")).await;
    let mut call = call(config(&[&server.origin()]));
    let mut request = get(&format!("http://0x7f.1:{}/api/v4/contacts?query=916&with=contacts", server.address.port()));
    request.headers_mut().insert("accept", "application/hal+json".parse().unwrap());
    // As wasmtime sets it, from what the component wrote.
    request.headers_mut().insert("host", "0x7f.1:1".parse().unwrap());
    fetch(&mut call, request).await.unwrap();
    let mut named = get(&server.origin());
    named.headers_mut().insert("user-agent", "operation/1".parse().unwrap());
    fetch(&mut call, named).await.unwrap();
    let seen = server.seen();
    assert!(seen[0].head.starts_with("get /api/v4/contacts?query=916&with=contacts http/1.1\r\n"), "{}", seen[0].head);
    let host = format!("host: {}\r\n", server.address);
    assert!(seen[0].head.contains(&host) && seen[0].head.matches("host:").count() == 1, "{}", seen[0].head);
    assert!(
        seen[0].head.contains("user-agent: host-harness/test\r\n")
            && seen[0].head.contains("accept: application/hal+json\r\n")
    );
    assert!(seen[1].head.starts_with("get / http/1.1\r\n"));
    assert!(seen[1].head.contains("user-agent: operation/1\r\n") && !seen[1].head.contains("host-harness/test"));
}

#[tokio::test]
async fn a_request_body_is_forwarded() {
    let server = Server::start(|_| ok("done")).await;
    let mut call = call(config(&[&server.origin()]));
    assert_eq!(fetch(&mut call, post(&server.uri("/"), "a=1")).await.unwrap(), "done");
    assert_eq!(server.seen()[0].body, b"a=1");
}

/// A body as a component writes it, slowly; tells how many writes it could make.
fn written_slowly(chunks: usize) -> (WasiBody, tokio::task::JoinHandle<usize>) {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
    struct Written(tokio::sync::mpsc::Receiver<Bytes>);
    impl hyper::body::Body for Written {
        type Data = Bytes;
        type Error = Error;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Error>>> {
            self.0.poll_recv(cx).map(|chunk| chunk.map(|bytes| Ok(hyper::body::Frame::data(bytes))))
        }
    }
    let writer = tokio::spawn(async move {
        for written in 0..chunks {
            tokio::task::yield_now().await;
            if sender.send(Bytes::from_static(b"x")).await.is_err() {
                return written;
            }
        }
        chunks
    });
    (Written(receiver).boxed_unsync(), writer)
}

#[tokio::test]
async fn a_component_that_is_still_writing_learns_the_reason_and_not_that_its_body_closed() {
    let server = Server::start(|_| ok("")).await;
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = format!("http://{unused}");
    let mut call = call(config(&[&server.origin(), &refused]));
    for (method, uri, outcome) in [
        ("POST", "https://not-granted.example", "HttpRequestDenied"),
        ("POST", refused.as_str(), "ConnectionRefused"),
        ("GET", &server.origin(), "ok"),
        ("POST", &server.origin(), "ok"),
    ] {
        let (body, writer) = written_slowly(20);
        let request = Request::builder().method(method).uri(uri).body(body).unwrap();
        assert_eq!(name(send(&mut call, request).await), outcome, "{method} {uri}");
        assert_eq!(writer.await.unwrap(), 20, "{method} {uri}");
    }
}

#[tokio::test]
async fn a_redirect_is_passed_through() {
    let server = Server::start(|_| {
        vec![raw("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")]
    })
    .await;
    let mut call = call(config(&[&server.origin()]));
    let response = send(&mut call, get(&server.uri("/"))).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["location"].to_str().unwrap()),
        (302, "http://127.0.0.1:1/")
    );
    assert_eq!(server.seen().len(), 1);
}

/// The second request of every connection is read and then answered with nothing but the end of the connection.
async fn forgetful() -> Server {
    Server::start(|number| if number == 1 { vec![Step::Close] } else { ok("fine") }).await
}

#[tokio::test]
async fn a_kept_connection_that_the_server_had_closed_costs_nothing_but_one_more_try() {
    let server = forgetful().await;
    let mut call = call(config(&[&server.origin()]));
    for _ in 0..2 {
        assert_eq!(fetch(&mut call, get(&server.uri("/"))).await.unwrap(), "fine");
    }
    let connections: Vec<_> = server.seen().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn what_must_not_be_sent_twice_is_not() {
    let server = forgetful().await;
    let mut call = call(config(&[&server.origin()]));
    fetch(&mut call, get(&server.uri("/"))).await.unwrap();
    assert_eq!(name(fetch(&mut call, post(&server.uri("/"), "a=1")).await), "HttpResponseIncomplete");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_asked_no_more_than_twice() {
    let server = Server::start(|number| if number == 0 { ok("") } else { vec![Step::Close] }).await;
    let mut call = call(config(&[&server.origin()]));
    assert_eq!(name(fetch(&mut call, get(&server.uri("/"))).await), "ok");
    assert_eq!(name(fetch(&mut call, get(&server.uri("/"))).await), "HttpResponseIncomplete");
    assert_eq!(server.seen().len(), 3);
    // The same where the first connection is a new one.
    assert_eq!(name(fetch(&mut call, get(&server.uri("/"))).await), "HttpResponseIncomplete");
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn a_new_connection_that_breaks_before_any_answer_costs_one_more_try_which_is_told() {
    for broken in [vec![Step::Close], vec![Step::Reset]] {
        let broken_first = broken.clone();
        let server = Server::start(move |number| if number == 0 { broken_first.clone() } else { ok("fine") }).await;
        let mut call = call(config(&[&server.origin()]));
        for _ in 0..2 {
            assert_eq!(fetch(&mut call, get(&server.uri("/"))).await.unwrap(), "fine", "{broken:?}");
        }
        let connections: Vec<_> = server.seen().iter().map(|request| request.connection).collect();
        assert_eq!(connections[..2], [0, 1], "{broken:?}");
        let repeated: Vec<_> = call.exchanges().iter().map(|exchange| exchange.repeated).collect();
        assert_eq!(repeated, [true, false], "{broken:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_as_soon_as_it_is_open_costs_a_get_one_more_try_and_a_post_its_answer() {
    for (method, sent_again) in [("GET", true), ("POST", false)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let server = async {
            let (first, _) = listener.accept().await.unwrap();
            first.set_zero_linger().unwrap();
            drop(first);
            let (mut second, _) = listener.accept().await.unwrap();
            tokio::io::AsyncReadExt::read_u8(&mut second).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";
            tokio::io::AsyncWriteExt::write_all(&mut second, answer).await.unwrap();
            second
        };
        let mut call = call(config(&[&origin]));
        let mut request = get(&origin);
        *request.method_mut() = method.parse().unwrap();
        // The server waits for a second connection for as long as the request is under way.
        let outcome = tokio::select! {
            outcome = fetch(&mut call, request) => outcome,
            _second = async { let second = server.await; std::future::pending::<()>().await; second } => unreachable!(),
        };
        assert_eq!(outcome.is_ok(), sent_again, "{method}: {outcome:?}");
        assert_eq!(call.exchanges()[0].repeated, sent_again, "{method}");
    }
}

#[tokio::test]
async fn a_second_try_has_a_connection_of_its_own_though_another_is_kept() {
    // Two requests at once open two connections, which are kept; the next request breaks one of them.
    let server = Server::start(|number| match number {
        0 | 1 => [vec![Step::Wait(Duration::from_millis(30))], ok("fine")].concat(),
        2 => vec![Step::Reset],
        _ => ok("fine"),
    })
    .await;
    let http = outbound(config(&[&server.origin()]));
    let mut call = http.for_call(Instant::now() + Duration::from_secs(30));
    let mut other = http.for_call(Instant::now() + Duration::from_secs(30));
    let (one, two) = tokio::join!(fetch(&mut call, get(&server.uri("/1"))), fetch(&mut other, get(&server.uri("/2"))));
    assert_eq!((one.unwrap(), two.unwrap()), ("fine".into(), "fine".into()));
    assert_eq!(fetch(&mut call, get(&server.uri("/"))).await.unwrap(), "fine");
    let seen = server.seen();
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(seen[3].connection, 2, "the other may be broken too");
}

#[tokio::test]
async fn what_broke_after_a_byte_of_its_answer_or_is_no_get_is_not_sent_again() {
    let server = Server::start(|_| vec![raw("HTTP/1.1 2"), Step::Close]).await;
    let mut call = call(config(&[&server.origin()]));
    assert_eq!(name(fetch(&mut call, get(&server.uri("/"))).await), "HttpResponseIncomplete");
    assert_eq!(server.seen().len(), 1);
    for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"] {
        let server = Server::start(|_| vec![Step::Close]).await;
        let mut call = self::call(config(&[&server.origin()]));
        let mut request = get(&server.uri("/"));
        *request.method_mut() = method.parse().unwrap();
        assert_eq!(name(send(&mut call, request).await), "HttpResponseIncomplete", "{method}");
        assert_eq!(server.seen().len(), 1, "{method}");
        assert!(!call.exchanges()[0].repeated, "{method}");
    }
}

#[tokio::test]
async fn o3_a_second_try_ends_with_the_waiting_time() {
    let server = Server::start(|number| if number == 0 { vec![Step::Reset] } else { vec![Step::Hang] }).await;
    let mut call = outbound(config(&[&server.origin()])).for_call(Instant::now() + Duration::from_millis(200));
    assert_eq!(name(fetch(&mut call, get(&server.uri("/"))).await), "HttpResponseTimeout");
    assert_eq!(server.seen().len(), 2);
    assert!(call.exchanges()[0].repeated);
}

#[tokio::test]
async fn a_component_that_ends_takes_its_request_with_it() {
    let server = Server::start(|_| vec![Step::Hang]).await;
    let mut call = call(config(&[&server.origin()]));
    let request =
        tokio::spawn(Box::into_pin(call.send_request(get(&server.uri("/")), None, Box::new(async { Ok(()) }))));
    while server.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    request.abort();
    assert!(request.await.is_err_and(|error| error.is_cancelled()));
    // Its connection is not handed to anyone else.
    let options = RequestOptions { first_byte_timeout: Some(Duration::from_millis(20)), ..RequestOptions::default() };
    assert_eq!(name(send_within(&mut call, get(&server.uri("/")), Some(options)).await), "ConnectionReadTimeout");
    assert_eq!(server.seen()[1].connection, 1);
}
