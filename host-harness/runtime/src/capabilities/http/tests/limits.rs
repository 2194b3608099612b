//! Budget and circuit over real connections: what is refused is refused at once, and unspent.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::super::outbound::MOST_AT_ONCE;
use super::super::policy::{AccountPolicy, Rest, Verdict, retry_after};
use super::super::{AccessTokens, Ask, AskError, CircuitCause, CircuitSettings, CircuitState, Dispatch};
use super::server::{Server, Step, ok, raw};
use super::*;
use crate::capabilities::clocks::Clock;

const MS: Duration = Duration::from_millis(1);
const LIMITED: &str = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n";
const BLOCKED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 3\r\n\r\n403";

/// A server that blocks with 403, and may state a rest in the body of a 429.
#[derive(Debug)]
struct Blocking;

impl AccountPolicy for Blocking {
    fn judge(&self, status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Verdict {
        match status {
            StatusCode::FORBIDDEN => Verdict::Refused(CircuitCause::Blocked, Rest::Unstated),
            StatusCode::TOO_MANY_REQUESTS => match retry_after(headers, now) {
                None => Verdict::Refused(CircuitCause::Limited, Rest::InBody),
                Some(rest) => Verdict::Refused(CircuitCause::Limited, Rest::Stated(rest)),
            },
            _ => Verdict::Accepted,
        }
    }

    fn rest_in(&self, body: &[u8]) -> Option<Duration> {
        std::str::from_utf8(body).ok()?.strip_prefix("rest ")?.parse().ok().map(Duration::from_secs)
    }
}

fn bounded(server: &Server, requests_per_second: u16) -> OutboundHttp {
    let circuit = CircuitSettings { limited: 200 * MS, blocked: 200 * MS, ..CircuitSettings::default() };
    let policy = Arc::new(Blocking);
    outbound(OutboundHttpConfig { policy, requests_per_second, circuit, ..with_token(&[], &server.origin()) })
}

/// The outcome of a request of a call that has this long, and its exchange's dispatch.
async fn outcome(http: &OutboundHttp, uri: &str, time: Duration) -> (String, Dispatch) {
    let mut call = http.for_call(Instant::now() + time);
    let outcome = name(fetch(&mut call, get(uri)).await);
    (outcome, call.exchanges()[0].dispatch)
}

/// Waits until so many requests wait for their turn.
async fn waiting(http: &OutboundHttp, many: usize) {
    while http.state().waiting != many {
        tokio::time::sleep(MS).await;
    }
}

/// Access that ends when it is taken away, as a disconnected integration's does.
#[derive(Debug)]
struct Ending(AccessToken, AtomicBool);

impl AccessTokens for Ending {
    fn current(&self) -> Option<AccessToken> {
        (!self.1.load(Ordering::Relaxed)).then(|| self.0.clone())
    }

    fn refused(&self, _: &AccessToken) {}
}

/// A call goes on where access ends in its midst, and the server counts what it asks without a token as well.
#[tokio::test]
async fn requests_to_the_account_are_counted_when_access_has_ended() {
    let server = Server::start(|_| ok("")).await;
    let token = AccessToken::new(server.origin().parse().unwrap(), &Secret::new(TOKEN.to_owned())).unwrap();
    let access = Arc::new(Ending(token, AtomicBool::new(false)));
    let origin = server.origin();
    let granted = config(&[&origin]);
    let http = outbound(OutboundHttpConfig { access: Some(access.clone()), requests_per_second: 1, ..granted });
    assert_eq!(outcome(&http, &server.uri("/with"), 300 * MS).await.0, "ok");
    access.1.store(true, Ordering::Relaxed);
    let (without, _) = outcome(&http, &server.uri("/without"), 300 * MS).await;
    assert_ne!(without, "ok", "it has no turn in time");
    assert_eq!(server.seen().len(), 1);
    assert_eq!(outcome(&http, &server.uri("/later"), 3_000 * MS).await.0, "ok", "but later");
}

#[tokio::test]
async fn a_request_that_cannot_make_its_turn_learns_it_at_once_and_spends_nothing() {
    let server = Server::start(|_| ok("")).await;
    let http = bounded(&server, 2);
    for number in 0..5 {
        let started = Instant::now();
        let (outcome, dispatch) = outcome(&http, &server.uri(&format!("/{number}")), 700 * MS).await;
        if number < 2 {
            assert_eq!((outcome.as_str(), dispatch), ("ok", Dispatch::Sent));
        } else {
            assert_eq!(outcome, "ConnectionLimitReached");
            assert!(matches!(dispatch, Dispatch::RefusedByBudget { foreseen } if foreseen > 700 * MS), "{dispatch:?}");
            assert!(started.elapsed() < 600 * MS, "it did not wait for what could not come");
        }
    }
    assert_eq!(server.seen().len(), 2);
    // The component's own bound counts like the call's.
    let options = RequestOptions { connect_timeout: Some(300 * MS), ..RequestOptions::default() };
    let mut call = http.for_call(Instant::now() + Duration::from_secs(20));
    let refused = send_within(&mut call, get(&server.uri("/own")), Some(options)).await;
    assert_eq!(name(refused), "ConnectionLimitReached");
}

#[tokio::test]
async fn who_joins_a_request_that_waits_for_its_turn_must_be_able_to_wait_for_it_too() {
    let server = Server::start(|_| ok("")).await;
    let http = bounded(&server, 1);
    assert_eq!(outcome(&http, &server.uri("/a"), 9_000 * MS).await.0, "ok");
    let (queued, uri) = (http.clone(), server.uri("/b"));
    let patient = tokio::spawn(async move { outcome(&queued, &uri, 9_000 * MS).await });
    waiting(&http, 1).await;
    let mut hasty = http.for_call(Instant::now() + 300 * MS);
    assert_eq!(name(fetch(&mut hasty, get(&server.uri("/b"))).await), "ConnectionLimitReached");
    let refused = &hasty.exchanges()[0];
    assert!(matches!(refused.dispatch, Dispatch::RefusedByBudget { .. }), "{refused:?}");
    assert_eq!(refused.turn, Duration::ZERO, "at once");
    // Who goes away takes nobody's turn.
    patient.abort();
    waiting(&http, 0).await;
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_second_try_on_a_new_connection_is_counted_by_the_budget() {
    let server = Server::start(|number| if number == 0 { vec![Step::Reset] } else { ok("") }).await;
    let http = bounded(&server, 2);
    assert_eq!(outcome(&http, &server.uri("/"), 700 * MS).await.0, "ok");
    assert_eq!(server.seen().len(), 2);
    let (refused, dispatch) = outcome(&http, &server.uri("/"), 500 * MS).await;
    assert!(matches!(dispatch, Dispatch::RefusedByBudget { .. }), "{refused}, {dispatch:?}");
}

#[tokio::test]
async fn a_rest_may_be_stated_as_a_date_by_the_hosts_clock() {
    for (written, seconds) in [
        ("Sun, 22 Nov 2026 09:00:30 GMT", 30),
        ("Sunday, 22-Nov-26 09:00:30 GMT", 30),
        ("Sun Nov 22 09:00:30 2026", 30),
        ("120", 120),
        // Bounded as seconds are.
        ("Mon, 23 Nov 2026 09:00:00 GMT", 300),
        ("86400", 300),
        // What states nothing, or the past, is two seconds.
        ("Sun, 22 Nov 2026 09:00:00 GMT", 2),
        ("Sun, 22 Nov 2026 08:59:59 GMT", 2),
        ("Sun, 22 Nov 1926 09:00:30 GMT", 2),
        ("Sun, 31 Nov 2026 09:00:30 GMT", 2),
        ("in half a minute", 2),
        ("0", 2),
        ("-30", 2),
        ("1.5", 2),
        ("99999999999999999999", 2),
        ("", 2),
    ] {
        let limited = format!("HTTP/1.1 429 Too Many Requests\r\nretry-after: {written}\r\ncontent-length: 0\r\n\r\n");
        let server = Server::start(move |_| vec![raw(&limited)]).await;
        let clock = Clock::frozen_at("2026-11-22T06:00:00Z".parse().unwrap());
        clock.advance(jiff::SignedDuration::from_hours(3));
        let config = OutboundHttpConfig { clock, ..with_token(&[], &server.origin()) };
        let http = outbound(config);
        let before = Instant::now();
        outcome(&http, &server.uri("/"), 5_000 * MS).await;
        let CircuitState::Open { until, .. } = http.state().circuit else { panic!("not open after `{written}`") };
        let (least, most) = (until - Instant::now(), until - before);
        let stated = Duration::from_secs(seconds);
        assert!(least <= stated && stated <= most, "`{written}`: {least:?} to {most:?}");
    }
}

#[tokio::test]
async fn a_second_try_after_a_stale_connection_stays_inside_the_budget() {
    let forgetful = Server::start(|number| if number == 1 { vec![Step::Close] } else { ok("") }).await;
    let http = bounded(&forgetful, 2);
    assert_eq!(outcome(&http, &forgetful.uri("/"), 700 * MS).await.0, "ok");
    assert_eq!(outcome(&http, &forgetful.uri("/"), 700 * MS).await.0, "HttpResponseIncomplete");
    assert_eq!(forgetful.seen().len(), 2);
}

#[tokio::test]
async fn other_granted_servers_have_no_part_in_budget_and_circuit() {
    let (account, other) = (Server::start(|_| vec![raw(BLOCKED)]).await, Server::start(|_| vec![raw(LIMITED)]).await);
    let with_token = with_token(&[&other.origin()], &account.origin());
    let config = OutboundHttpConfig { policy: Arc::new(Blocking), requests_per_second: 1, ..with_token };
    let http = outbound(config);
    for _ in 0..3 {
        assert_eq!(outcome(&http, &other.uri("/"), 500 * MS).await.1, Dispatch::Sent);
    }
    assert_eq!(http.state().circuit, CircuitState::Closed);
    outcome(&http, &account.uri("/"), 500 * MS).await;
    assert_eq!(outcome(&http, &other.uri("/"), 500 * MS).await.1, Dispatch::Sent);
}

#[tokio::test]
async fn a_refusal_opens_the_circuit_and_one_probe_closes_it() {
    for (refusal, cause, error) in [
        (LIMITED, CircuitCause::Limited, "ConnectionLimitReached"),
        (BLOCKED, CircuitCause::Blocked, "HttpRequestDenied"),
    ] {
        let server = Server::start(move |number| if number == 0 { vec![raw(refusal)] } else { ok("") }).await;
        let http = bounded(&server, 50);
        let mut call = http.for_call(Instant::now() + Duration::from_secs(20));
        fetch(&mut call, get(&server.uri("/"))).await.unwrap();
        let left = &call.exchanges()[0];
        assert!(matches!(left.circuit, CircuitState::Open { cause: why, .. } if why == cause), "{left:?}");
        assert!(left.circuit_again.is_some());
        // Time flies on a busy machine; what is refused is not seen by the server.
        while let (refused, dispatch) = outcome(&http, &server.uri("/"), 9_000 * MS).await
            && refused != "ok"
        {
            assert_eq!((refused.as_str(), dispatch), (error, Dispatch::RefusedByCircuit));
            assert_eq!(server.seen().len(), 1);
            tokio::time::sleep(5 * MS).await;
        }
        assert_eq!((server.seen().len(), http.state().circuit), (2, CircuitState::Closed));
    }
}

#[tokio::test]
async fn a_server_is_not_taken_to_block_unless_its_policy_says_so() {
    let server = Server::start(|_| vec![raw(BLOCKED)]).await;
    let http = outbound(with_token(&[], &server.origin()));
    for _ in 0..3 {
        assert_eq!(outcome(&http, &server.uri("/"), 9_000 * MS).await, ("ok".to_owned(), Dispatch::Sent));
    }
    assert_eq!(http.state().circuit, CircuitState::Closed);
}

#[tokio::test]
async fn a_429_may_state_how_long_to_rest_in_a_header_or_in_its_body() {
    let stated = "rest 30";
    let length = stated.len();
    let head = "HTTP/1.1 429 No\r\n";
    let short = outbound(config(&[])).state();
    assert_eq!(short.circuit, CircuitState::Closed);
    for (answer, body) in [
        ("HTTP/1.1 429 No\r\nretry-after: 30\r\ncontent-length: 1\r\n\r\nx".to_owned(), "x"),
        (format!("{head}content-length: {length}\r\n\r\n{stated}"), stated),
    ] {
        let server = Server::start(move |_| vec![raw(&answer)]).await;
        let http = bounded(&server, 50);
        let mut call = http.for_call(Instant::now() + Duration::from_secs(20));
        assert_eq!(fetch(&mut call, get(&server.uri("/"))).await.unwrap(), body, "the component reads it as ever");
        let CircuitState::Open { until, .. } = http.state().circuit else { panic!("open") };
        let rest = until - Instant::now();
        assert!(rest > Duration::from_secs(10) && rest <= Duration::from_secs(30), "{rest:?}");
    }
    // A body that does not come is not waited for.
    let server = Server::start(move |_| vec![raw(&format!("{head}content-length: 9\r\n\r\n{{")), Step::Hang]).await;
    let http = bounded(&server, 50);
    let mut call = http.for_call(Instant::now() + Duration::from_secs(20));
    assert_eq!(send(&mut call, get(&server.uri("/"))).await.unwrap().status(), 429);
    assert!(matches!(http.state().circuit, CircuitState::Open { .. } | CircuitState::HalfOpen { .. }));
}

#[tokio::test]
async fn a_question_of_the_host_for_the_integration_keeps_to_everything() {
    let server = Server::start(|number| if number == 0 { ok("users") } else { vec![raw(BLOCKED)] }).await;
    let http = bounded(&server, 2);
    let ask = |path: &str, time| {
        let (http, uri) = (http.clone(), server.uri(path));
        async move { http.ask(Request::get(uri).body(Bytes::new()).unwrap(), time, Ask::AsIntegration).await }
    };
    assert_eq!(ask("/api/v4/users", 9_000 * MS).await.unwrap().body(), "users");
    assert!(server.seen()[0].head.contains("authorization: bearer"), "{}", server.seen()[0].head);
    assert_eq!(ask("/api/v4/users", 9_000 * MS).await.unwrap().status(), 403);
    let paused = ask("/api/v4/users", 9_000 * MS).await.unwrap_err();
    assert!(matches!(paused, AskError::Paused { cause: CircuitCause::Blocked, .. }), "{paused}");
    let foreign = Request::get("https://other.example/?q=secret").body(Bytes::new()).unwrap();
    let denied = http.ask(foreign, 9_000 * MS, Ask::AsIntegration).await.unwrap_err();
    assert!(matches!(denied, AskError::Denied(_)) && !denied.to_string().contains("secret"), "{denied}");
    tokio::time::sleep(210 * MS).await;
    let late = ask("/api/v4/users", 300 * MS).await.unwrap_err();
    assert_eq!(late, AskError::NoTurn);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_server_that_hangs_takes_a_bounded_number_of_connections_and_one_that_is_free_again_serves_who_waits() {
    const MORE: usize = 40;
    let server = Server::start(|number| if number < MOST_AT_ONCE { vec![Step::Hang] } else { ok("late") }).await;
    let http = outbound(config(&[&server.origin()]));
    let hanging: Vec<_> = (0..MOST_AT_ONCE + MORE)
        .map(|number| {
            let (http, uri) = (http.clone(), server.uri(&format!("/{number}")));
            tokio::spawn(async move { outcome(&http, &uri, Duration::from_secs(20)).await })
        })
        .collect();
    while server.seen().len() < MOST_AT_ONCE {
        tokio::time::sleep(MS).await;
    }
    assert_eq!(outcome(&http, &server.uri("/short"), 300 * MS).await.0, "ConnectionTimeout");
    assert_eq!((server.seen().len(), http.state().connections_opened), (MOST_AT_ONCE, MOST_AT_ONCE as u64));
    // Those who hold the connections give up; the others are answered.
    let held = server.seen();
    for (number, one) in hanging.iter().enumerate() {
        if held.iter().any(|seen| seen.head.starts_with(&format!("get /{number} "))) {
            one.abort();
        }
    }
    let mut answered = 0;
    for one in hanging {
        answered += usize::from(one.await.is_ok_and(|(outcome, _)| outcome == "ok"));
    }
    assert_eq!(answered, MORE);
}
