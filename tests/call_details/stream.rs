//! `GET /v1/calls/stream`: calls as they are kept, and nothing lost when the reader comes back.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use call::details::Details;
use call::document::{CallRecord, EmployeeRecord, Ring, Route, Run, VERSION};
use call::titles::Titles;
use call::{CallDocument, WholeNumber};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use node::call_details::{CallDetails, CallDetailsSettings, Place};
use node::{FinishedCall, Observer};
use runtime::capabilities::clocks::Clock;
use serde_json::{Value, json};
use server::scope::Scope;
use server::{Identity, calls};
use test_support::CALLER;
use test_support::client::{PATIENCE, TOKEN, authorised};
use tower::ServiceExt;

use crate::scene::Serving;

/// An event of a stream.
#[derive(Debug, Default, PartialEq)]
struct Event {
    event: String,
    id: String,
    data: String,
}

impl Event {
    fn seq(&self) -> i64 {
        assert_eq!(self.event, "call", "{self:?}");
        let call: Value = serde_json::from_str(&self.data).expect("JSON");
        assert_eq!(call["seq"].to_string(), self.id, "{self:?}");
        call["seq"].as_i64().expect("a number")
    }
}

/// Reads a stream, as a browser does.
struct Events<B> {
    body: B,
    read: Vec<u8>,
}

impl<B: hyper::body::Body<Data = Bytes, Error: std::fmt::Debug> + Unpin> Events<B> {
    fn of(body: B) -> Self {
        Self { body, read: Vec::new() }
    }

    /// The next event, or a comment as one without a name.
    async fn any(&mut self) -> Event {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.read.drain(..end + 2).collect();
                let block = String::from_utf8(block).expect("text");
                let mut event = Event::default();
                for line in block.lines().filter(|line| !line.is_empty()) {
                    match line.split_once(':') {
                        Some(("event", value)) => value.trim().clone_into(&mut event.event),
                        Some(("id", value)) => value.trim().clone_into(&mut event.id),
                        Some(("data", value)) => event.data.push_str(value.trim()),
                        Some(("", _)) => {}
                        _ => panic!("no line of a stream: {line}"),
                    }
                }
                return event;
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("something in time");
            let data = frame.expect("the stream goes on").expect("a sound stream").into_data();
            self.read.extend_from_slice(&data.expect("data"));
        }
    }

    /// Whether nothing more comes: no event, and no other line.
    async fn is_over(&mut self) -> bool {
        let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("the end in time");
        frame.is_none() && self.read.is_empty()
    }

    /// The next event that is one.
    async fn event(&mut self) -> Event {
        loop {
            let event = self.any().await;
            if event != Event::default() {
                return event;
            }
        }
    }
}

/// Follows a server from after this call, or from now on.
async fn follow(serving: &Serving, last: Option<i64>) -> Events<hyper::body::Incoming> {
    let mut request = authorised(Method::GET, "/v1/calls/stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    let answer = serving.process.client.open(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    Events::of(answer.into_body())
}

#[tokio::test]
async fn calls_come_as_they_are_kept_and_a_reader_that_comes_back_misses_none() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let mut events = follow(&serving, None).await;
    serving.call("pbx-5", Some(CALLER), "sales").await;
    let event = events.event().await;
    assert_eq!(event.seq(), 5, "only what comes from now on");
    assert!(event.data.contains("+7916•••4567") && !event.data.contains("9161234567"), "{event:?}");
    let told: Value = serde_json::from_str(&event.data).expect("JSON");
    assert_eq!(told, serving.get("/v1/calls?limit=1").await["calls"][0], "as it is listed");
    drop(events);
    for number in 6..10 {
        serving.call(&format!("pbx-{number}"), Some(CALLER), "sales").await;
    }
    serving.kept(9).await;
    let mut events = follow(&serving, Some(5)).await;
    serving.call("pbx-10", Some(CALLER), "sales").await;
    for seq in 6..=10 {
        assert_eq!(events.event().await.seq(), seq);
    }
}

#[tokio::test]
async fn a_reader_that_was_away_for_thousands_of_calls_gets_them_all_and_then_the_live_ones() {
    const AWAY: i64 = 4 * 1024;
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let columns = "at, call_id, operation, integration, outcome, employee, digits, caller, document";
    let other = serving.other_program();
    for _ in 0..10 {
        let again = format!("INSERT INTO calls ({columns}) SELECT {columns} FROM calls ORDER BY seq");
        other.execute(&again, []).expect("calls");
    }
    let mut events = follow(&serving, Some(1)).await;
    serving.call("live", Some(CALLER), "sales").await;
    for seq in 2..=AWAY + 1 {
        assert_eq!(events.event().await.seq(), seq);
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_server() {
    let serving = Serving::new("").await;
    let mut events = follow(&serving, None).await;
    serving.call("only", None, "sales").await;
    assert_eq!(events.event().await.seq(), 1);
    serving.stop().await;
    let ended = async { while events.body.frame().await.is_some_and(|frame| frame.is_ok()) {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("it ends");
}

#[tokio::test]
async fn followers_are_as_many_as_may_be_and_another_comes_when_one_leaves() {
    let serving = Serving::new("max_followers = 2\n").await;
    let first = follow(&serving, None).await;
    let _second = follow(&serving, None).await;
    let refused = serving.process.client.get("/v1/calls/stream").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.json()["detail"].as_str().expect("text").contains("max_followers"), "{refused:?}");
    drop(first);
    let again = async {
        while serving.process.client.open(authorised(Method::GET, "/v1/calls/stream")).await.status() != StatusCode::OK
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("there is room again");
}

/// The routes without a server, over a memory of their own.
async fn open(details: &CallDetails) -> Events<Body> {
    let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().expect("a time"));
    let router = Router::from(calls::routes(details.clone(), clock, 2).into_routes())
        .layer(axum::Extension(Identity::new("the tests", Scope::Viewer)));
    let request = Request::get("/v1/calls/stream").body(Body::empty()).expect("a request");
    let answer = router.oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    Events::of(answer.into_body())
}

fn details() -> CallDetails {
    let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().expect("a time"));
    CallDetails::begin(Place::memory(), CallDetailsSettings::default(), clock).expect("a thread")
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_has_a_heartbeat() {
    let details = details();
    let mut events = open(&details).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(events.any().await, Event::default(), "a comment");
    assert!(begun.elapsed() <= Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_reader_that_is_slower_than_the_calls_gets_them_all() {
    const CALLS: i64 = 3_000;
    let details = details();
    let mut events = open(&details).await;
    let resolved = CallDocument {
        version: VERSION,
        call: CallRecord {
            id: "a".to_owned(),
            caller: Some("+7916•••4567".to_owned()),
            called: "101".to_owned(),
            at: "2026-11-22T09:00:00Z".parse().expect("a time"),
        },
        steps: Vec::new(),
        placement: None,
        route: Route::Forward {
            employee: EmployeeRecord { id: "anna".to_owned(), name: "Anna".to_owned() },
            ring: Ring::InTurn,
            destinations: Vec::new(),
            then: "queue:sales".to_owned(),
        },
        reason: None,
        details: Details::default(),
        run: Run { component: Some("0123456789abcdef".to_owned()), ..Run::default() },
        titles: Titles::default(),
        caller_name: None,
    };
    let caller = Some(WholeNumber::new(CALLER));
    let call = FinishedCall::of_one_step("main".into(), "main".into(), caller, Arc::new(resolved));
    for _ in 0..CALLS {
        details.finished(&call);
    }
    // Nobody has read yet: the first of them have left the feed.
    let kept = async {
        while details.state().kept < CALLS as u64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, kept).await.expect("they are kept");
    for seq in 1..=CALLS {
        assert_eq!(events.event().await.seq(), seq);
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_login_of_who_follows() {
    let serving = Serving::new("").await;
    let client = &serving.process.client;
    let login = Request::post("/v1/session").header("content-type", "application/json");
    let opened = client.send(login, json!({"token": TOKEN}).to_string()).await;
    let cookie = opened.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a value").to_owned();
    let by_cookie = |method: Method, path: &str| Request::builder().method(method).uri(path).header("cookie", &cookie);
    let answer = client.open(by_cookie(Method::GET, "/v1/calls/stream")).await;
    let mut events = Events::of(answer.into_body());
    serving.call("pbx-1", Some(CALLER), "sales").await;
    assert_eq!(events.event().await.seq(), 1);
    let logout = by_cookie(Method::DELETE, "/v1/session");
    let logout = logout.header("sec-fetch-site", "same-origin").header("x-requested-with", "host-harness");
    assert_eq!(client.send(logout, "").await.status, StatusCode::NO_CONTENT);
    serving.call("pbx-2", Some(CALLER), "sales").await;
    assert!(events.is_over().await, "the second call is nothing for who has logged out");
}
