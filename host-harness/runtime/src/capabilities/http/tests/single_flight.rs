//! Identical questions under way are one request, and those who share its answer share nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::{AccessTokens, Dispatch};
use super::server::{Seen, Server, Step, ok, raw};
use super::*;

const MS: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(20);

/// Another call of the same integration.
fn another(http: &OutboundHttp) -> CallHttp {
    http.for_call(Instant::now() + PATIENCE)
}

fn first_byte_within(time: Duration) -> Option<RequestOptions> {
    Some(RequestOptions { first_byte_timeout: Some(time), ..RequestOptions::default() })
}

async fn asked(server: &Server, times: usize) -> Vec<Seen> {
    while server.seen().len() < times {
        tokio::time::sleep(MS).await;
    }
    server.seen()
}

/// Asks in a task of its own; gives what became of it and of its exchange.
fn ask(
    http: &OutboundHttp,
    uri: &str,
    options: Option<RequestOptions>,
) -> tokio::task::JoinHandle<(String, Vec<Dispatch>)> {
    let (mut call, request) = (another(http), get(uri));
    tokio::spawn(async move {
        let outcome = match send_within(&mut call, request, options).await {
            Ok(response) => read(response).await.map(|body| String::from_utf8(body.to_vec()).unwrap()),
            Err(error) => Err(error),
        };
        let dispatches = call.exchanges().iter().map(|exchange| exchange.dispatch).collect();
        (outcome.unwrap_or_else(|error| format!("{error:?}")), dispatches)
    })
}

#[tokio::test]
async fn twenty_who_ask_the_same_at_once_are_one_request() {
    let server = Server::start(|_| [vec![Step::Wait(50 * MS)], ok("answer")].concat()).await;
    let http = outbound(with_token(&[], &server.origin()));
    let asking: Vec<_> = (0..20).map(|_| ask(&http, &server.uri("/api/v4/contacts?query=1"), None)).collect();
    let mut dispatches = Vec::new();
    for asking in asking {
        let (body, dispatch) = asking.await.unwrap();
        assert_eq!(body, "answer");
        dispatches.extend(dispatch);
    }
    assert_eq!(server.seen().len(), 1);
    assert_eq!(dispatches.iter().filter(|dispatch| **dispatch == Dispatch::Sent).count(), 1, "{dispatches:?}");
    assert_eq!(dispatches.iter().filter(|dispatch| **dispatch == Dispatch::Shared).count(), 19, "{dispatches:?}");
    // Nothing is kept of it.
    assert_eq!(ask(&http, &server.uri("/api/v4/contacts?query=1"), None).await.unwrap().1, [Dispatch::Sent]);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn only_the_same_question_is_shared() {
    let server = Server::start(|_| [vec![Step::Wait(50 * MS)], ok("")].concat()).await;
    let http = outbound(with_token(&[], &server.origin()));
    let mut named = get(&server.uri("/a"));
    named.headers_mut().insert("accept", "text/plain".parse().unwrap());
    let requests = [get(&server.uri("/a")), get(&server.uri("/a?b")), named, post(&server.uri("/a"), "x")];
    let twice = [post(&server.uri("/a"), "x"), Request::head(server.uri("/a")).body(get("/").into_body()).unwrap()];
    let asking: Vec<_> = requests
        .into_iter()
        .chain(twice)
        .map(|request| {
            let mut call = another(&http);
            tokio::spawn(async move { fetch(&mut call, request).await.map(|_| call.exchanges()[0].dispatch) })
        })
        .collect();
    for asking in asking {
        assert_eq!(asking.await.unwrap().unwrap(), Dispatch::Sent);
    }
    assert_eq!(server.seen().len(), 6);
}

#[tokio::test]
async fn each_keeps_its_own_bounds_and_may_leave() {
    let server = Server::start(|_| [vec![Step::Wait(300 * MS)], ok("late")].concat()).await;
    let http = outbound(config(&[&server.origin()]));
    let uri = server.uri("/");
    // The one who began it loses patience first, another is ended, a third never looks again; the rest get their answer.
    let hasty = ask(&http, &uri, first_byte_within(30 * MS));
    asked(&server, 1).await;
    let (patient, ended, also) = (ask(&http, &uri, None), ask(&http, &uri, None), ask(&http, &uri, None));
    let mut trapped = another(&http);
    drop(trapped.send_request(get(&uri), None, Box::new(async { Ok(()) })));
    assert_eq!(hasty.await.unwrap(), ("ConnectionReadTimeout".to_owned(), vec![Dispatch::Sent]));
    ended.abort();
    for asking in [patient, also] {
        assert_eq!(asking.await.unwrap(), ("late".to_owned(), vec![Dispatch::Shared]));
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn when_all_have_left_the_exchange_is_given_up() {
    let server = Server::start(|_| vec![Step::Hang]).await;
    let http = outbound(config(&[&server.origin()]));
    let asking = [ask(&http, &server.uri("/"), None), ask(&http, &server.uri("/"), None)];
    asked(&server, 1).await;
    for asking in asking {
        asking.abort();
        assert!(asking.await.is_err());
    }
    // Nobody joins it any more, and its connection is not handed to anyone.
    let next = ask(&http, &server.uri("/"), None);
    let seen = asked(&server, 2).await;
    assert_eq!((seen.len(), seen[1].connection), (2, 1));
    next.abort();
}

#[tokio::test]
async fn a_body_is_read_by_each_from_its_beginning_at_its_own_pace() {
    let steps = || {
        let head = raw("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nfour");
        vec![head, Step::Wait(200 * MS), raw("more")]
    };
    let server = Server::start(move |_| steps()).await;
    let http = outbound(config(&[&server.origin()]));
    let (mut first, mut second, mut third) = (another(&http), another(&http), another(&http));
    let head = send(&mut first, get(&server.uri("/"))).await.unwrap();
    // The body is under way: one joins and reads, one joins and leaves in the middle, the first reads when it is all over.
    let joined = send(&mut second, get(&server.uri("/"))).await.unwrap();
    let mut left = send(&mut third, get(&server.uri("/"))).await.unwrap().into_body();
    assert_eq!(left.frame().await.unwrap().unwrap().into_data().unwrap(), "four");
    drop(left);
    assert_eq!(read(joined).await.unwrap(), "fourmore");
    assert_eq!(read(head).await.unwrap(), "fourmore");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_failure_is_everybodys() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    let too_large = "HTTP/1.1 200 OK\r\ncontent-length: 10001\r\n\r\n";
    for (steps, expected, requests) in [
        // Asked once more, for all of them together.
        (vec![Step::Close], "HttpResponseIncomplete", 2),
        (vec![raw(chunked), Step::Close], "HttpResponseIncomplete", 1),
        (vec![raw(too_large), Step::Hang], "HttpResponseBodySize(Some(10001))", 1),
        (vec![raw("SSH-2.0-OpenSSH\r\n"), Step::Close], "HttpProtocolError", 1),
    ] {
        let steps = [vec![Step::Wait(50 * MS)], steps].concat();
        let server = Server::start(move |_| steps.clone()).await;
        let http = outbound(config(&[&server.origin()]));
        let asking: Vec<_> = (0..3).map(|_| ask(&http, &server.uri("/"), None)).collect();
        for asking in asking {
            assert_eq!(asking.await.unwrap().0, expected);
        }
        assert_eq!(server.seen().len(), requests, "{expected}");
    }
}

/// Counts how often a token was refused.
#[derive(Debug)]
struct Counting(AccessToken, AtomicUsize);

impl AccessTokens for Counting {
    fn current(&self) -> Option<AccessToken> {
        Some(self.0.clone())
    }

    fn refused(&self, _: &AccessToken) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_refused_token_is_told_once_for_all_who_share_the_answer() {
    let unauthorised = raw("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
    let server = Server::start(move |_| vec![Step::Wait(50 * MS), unauthorised.clone()]).await;
    let token = AccessToken::new(server.origin().parse().unwrap(), &Secret::new(TOKEN.to_owned())).unwrap();
    let tokens = Arc::new(Counting(token, AtomicUsize::new(0)));
    let http = outbound(OutboundHttpConfig { access: Some(tokens.clone()), ..config(&[]) });
    let asking: Vec<_> = (0..5).map(|_| ask(&http, &server.uri("/"), None)).collect();
    for asking in asking {
        asking.await.unwrap();
    }
    assert_eq!((server.seen().len(), tokens.1.load(Ordering::Relaxed)), (1, 1));
}
