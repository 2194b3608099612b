//! The rate budget: a busy minute never gets an account blocked, and costs nobody more than the waiting time.

use std::time::{Duration, Instant};

use amocrm_simulator::RateLimit;
use call::Language;
use test_support::{CALLER, Outcome, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn limits_two_hundred_unknown_callers_in_one_second_never_get_the_account_blocked() {
    let mut scene = Scene::limited(RateLimit { block_after: 3, ..RateLimit::default() }).await;
    scene.set_waiting_time(Duration::from_secs(3));
    let line = scene.line(&scene.integrate()).await;
    assert_eq!(line.call(CALLER).await.employee(), Some("anna"));
    scene.simulator.clear_requests();

    let begun = Instant::now();
    let unknown: Vec<_> = (0..200).map(|number| line.call_beside(&format!("+7495{number:07}"))).collect();
    // A caller whose manager is kept has no part in the rush.
    for _ in 0..5 {
        let kept = line.call(CALLER).await;
        assert_eq!((kept.employee(), kept.source()), (Some("anna"), Some("cache")));
        assert!(kept.exchanges().is_empty());
    }
    let (mut sent, mut refused, mut longest) = (0, 0, 0);
    for call in unknown {
        let outcome = call.await.expect("a call that was resolved");
        let [exchange] = outcome.exchanges() else { panic!("one request: {}", outcome.json) };
        assert_eq!(exchange["path"], "/api/v4/contacts");
        if exchange["sent"] == true {
            sent += 1;
            longest = longest.max(exchange["turn_ms"].as_u64().expect("a number"));
            assert_eq!(outcome.code(), "contact-not-found", "{}", outcome.json);
        } else {
            refused += 1;
            assert_eq!((outcome.code(), &exchange["refused"]), ("rate-limited", &"budget".into()), "{}", outcome.json);
            assert!(outcome.detail("requests")[0]["status"].is_null(), "decided here: {}", outcome.json);
            let text = outcome.resolved.text(Language::En).to_string();
            assert!(text.contains("its turn would come too late"), "{text}");
        }
    }
    assert!(!scene.simulator.blocked());
    assert!(scene.simulator.requests().iter().all(|request| request.status != Some(429)));
    assert!(scene.simulator.most_in_a_second() <= 7, "{}", scene.simulator.most_in_a_second());
    assert_eq!((scene.simulator.count(), refused), (sent, 200 - sent));
    let rounds = begun.elapsed().as_millis() / 1_000 + 1;
    assert!(sent > 7 && u128::from(sent) <= 7 * rounds, "{sent} requests in {rounds} rounds");
    assert!(longest >= 900, "the details say who waited: {longest} ms");
}

#[tokio::test]
async fn limits_a_wait_for_a_turn_is_in_the_details() {
    let mut scene = Scene::new().await;
    scene.integration.requests_per_second = 1;
    scene.set_waiting_time(Duration::from_secs(10));
    let line = scene.line(&scene.integrate()).await;
    assert_eq!(line.call(CALLER).await.exchanges()[0]["turn_ms"], 0);
    // At once, so that one waits for another however slow this machine is.
    let together: Vec<_> = (95..100).map(|number| line.call_beside(&format!("+7 495 000-00-{number}"))).collect();
    let turn = |outcome: &Outcome| outcome.exchanges()[0]["turn_ms"].as_u64().expect("a number");
    let mut outcomes = Vec::new();
    for call in together {
        outcomes.push(call.await.expect("a call that was resolved"));
    }
    let outcome = outcomes.iter().max_by_key(|outcome| turn(outcome)).expect("some calls");
    assert_eq!(outcome.code(), "contact-not-found");
    assert!(turn(outcome) > 100, "{}", outcome.json);
    for (language, words) in [(Language::En, "ms for it"), (Language::Ru, "Очередь запросов")] {
        let text = outcome.resolved.text(language).to_string();
        assert!(text.contains(words) && !text.contains("query="), "{text}");
    }
}
