//! The limit of requests a second, and the block for abuse (amoCRM facts §6).

use amocrm_simulator::{Fault, OAuthApp, Options, RateLimit};
use http::Method;

use super::client::{Bench, Reply, at_noon};

async fn limited(limit: RateLimit) -> Bench {
    Bench::start(Options { rate_limit: Some(limit), ..at_noon() }).await
}

/// So many requests, one after another: on a loopback they are well within a second.
async fn burst(bench: &Bench, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(bench.get("/api/v4/account").await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn what_is_beyond_the_limit_is_refused_by_the_gateway() {
    let bench = limited(RateLimit { per_second: 3, ..RateLimit::default() }).await;
    bench.simulator.add_fault(Fault::Status(503));
    assert_eq!(burst(&bench, 5).await, [503, 503, 503, 429, 429]);
    let last = bench.simulator.requests().pop().unwrap();
    assert_eq!((last.status, last.fault, last.authorised), (Some(429), None, true));
    let reply = bench.get("/api/v4/contacts").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (429, "text/html"));
    assert!(String::from_utf8_lossy(&reply.body).contains("<h1>429 Too Many Requests</h1>"));
    assert_eq!(reply.header("retry-after"), "");
    assert!(!bench.simulator.blocked());
    assert_eq!(bench.simulator.most_in_a_second(), 6);
    bench.simulator.clear_requests();
    assert_eq!(bench.simulator.most_in_a_second(), 0);
}

#[tokio::test]
async fn kommo_refuses_in_json() {
    let bench = limited(RateLimit { per_second: 0, json: true, ..RateLimit::default() }).await;
    let reply = bench.get("/api/v4/account").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (429, "application/problem+json"));
    assert_eq!(reply.json()["retry_after"], 300);
}

#[tokio::test]
async fn who_goes_on_is_blocked_everywhere_until_unblocked() {
    let limit = RateLimit { per_second: 1, block_after: 2, json: false };
    let bench = Bench::start(Options { rate_limit: Some(limit), oauth: Some(OAuthApp::demo()), ..at_noon() }).await;
    assert_eq!(burst(&bench, 5).await, [401, 429, 429, 403, 403]);
    assert!(bench.simulator.blocked());
    let nginx = |reply: &Reply| {
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (403, "text/html"));
        assert!(String::from_utf8_lossy(&reply.body).contains("<center><h1>403 Forbidden</h1></center>"));
    };
    nginx(&bench.send(Method::POST, "/oauth2/access_token", None, "{}").await.unwrap());
    let renamed = bench.simulator.rename().await.unwrap();
    for base in [renamed, api_of(&bench)] {
        nginx(&bench.send_to(&base, Method::GET, "/oauth2/account/current/subdomain", &[], "").await.unwrap());
    }
    bench.simulator.unblock();
    assert!(!bench.simulator.blocked());
    let reply = bench.send_to(&api_of(&bench), Method::POST, "/oauth2/access_token", &[], "{}").await.unwrap();
    assert_eq!(reply.status, 400);
}

fn api_of(bench: &Bench) -> String {
    format!("http://{}", bench.simulator.api_domain().unwrap())
}

#[tokio::test]
async fn without_a_limit_requests_are_only_counted() {
    let bench = Bench::demo().await;
    assert_eq!(burst(&bench, 30).await, [200; 30]);
    bench.send(Method::GET, "/_simulator/requests", None, "").await.unwrap();
    assert!((2..=30).contains(&bench.simulator.most_in_a_second()));
    assert!(!bench.simulator.blocked());
}
