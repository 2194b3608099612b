//! The bearer token (amoCRM facts §6).

use amocrm_simulator::{Options, long_lived_token};
use http::Method;
use jiff::SignedDuration;

use super::client::{Bench, MovedClock, NOON, at_noon};

async fn status(bench: &Bench, authorization: Option<&str>) -> u16 {
    bench.send(Method::GET, "/api/v4/account", authorization, "").await.unwrap().status.as_u16()
}

#[tokio::test]
async fn only_the_given_token_is_accepted() {
    let bench = Bench::start(Options { token: Some("s3cret".to_owned()), ..at_noon() }).await;
    assert_eq!(status(&bench, Some("Bearer s3cret")).await, 200);
    for other in
        [None, Some("Bearer other"), Some("Bearer s3cret "), Some("bearer s3cret"), Some("s3cret"), Some("Bearer ")]
    {
        // Hyper trims the value's end, so "s3cret " arrives as the token itself.
        let expected = if other == Some("Bearer s3cret ") { 200 } else { 401 };
        assert_eq!(status(&bench, other).await, expected, "{other:?}");
    }
}

#[tokio::test]
async fn any_token_is_accepted_where_none_is_given_but_one_must_be_there() {
    let bench = Bench::demo().await;
    assert_eq!(status(&bench, Some("Bearer x")).await, 200);
    assert_eq!(status(&bench, Some("Bearer")).await, 401);
    assert_eq!(status(&bench, None).await, 401);
}

#[tokio::test]
async fn a_refusal_is_worded_as_amocrm_words_it() {
    let bench = Bench::demo().await;
    let reply = bench.send(Method::GET, "/api/v4/account", None, "").await.unwrap();
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(
        reply.json(),
        serde_json::json!({
            "title": "Unauthorized", "type": "https://httpstatus.es/401", "status": 401,
            "detail": "Неверный логин или пароль",
        })
    );
}

#[tokio::test]
async fn the_token_is_recorded_and_printed_nowhere() {
    let options = Options { token: Some("s3cret".to_owned()), ..at_noon() };
    assert!(!format!("{options:?}").contains("s3cret"));
    let bench = Bench::start(options).await;
    status(&bench, Some("Bearer s3cret")).await;
    status(&bench, Some("Bearer wrong-s3cret")).await;
    let records = serde_json::to_string(&bench.simulator.requests()).unwrap();
    assert!(!records.contains("s3cret"), "{records}");
    assert!(!format!("{:?}", bench.simulator).contains("s3cret"));
}

#[tokio::test]
async fn a_long_lived_token_ends_when_it_says() {
    let (clock, options) = MovedClock::at_noon();
    let token = long_lived_token(NOON.parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_hours(24));
    let bench = Bench::start(Options { token: Some(token.clone()), ..options }).await;
    let bearer = format!("Bearer {token}");
    assert_eq!(status(&bench, Some(&bearer)).await, 200);
    clock.forward(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert_eq!(status(&bench, Some(&bearer)).await, 200);
    clock.forward(SignedDuration::from_secs(1));
    assert_eq!(status(&bench, Some(&bearer)).await, 401);
}
