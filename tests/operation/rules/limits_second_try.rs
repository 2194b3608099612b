//! A request whose connection breaks before any byte of its answer is sent once more: inside the waiting time, inside the budget, and told.

use std::time::Duration;

use call::Language;
use test_support::{CALLER, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn limits_a_connection_that_breaks_unanswered_costs_one_more_request_which_the_details_tell() {
    let scene = Scene::new().await;
    scene.fault("contacts:close-before-headers,times=1");
    let outcome = scene.line(&scene.integrate()).await.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"), "{}", outcome.json);
    assert_eq!((scene.simulator.count(), &outcome.exchanges()[0]["repeated"]), (2, &true.into()));
    for (language, told) in [
        (Language::En, "Sent again: /api/v4/contacts, the connection broke before any answer"),
        (Language::Ru, "Повторный запрос: /api/v4/contacts, соединение оборвалось до ответа"),
    ] {
        let text = outcome.resolved.text(language).to_string();
        assert!(text.contains(told), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_a_second_try_is_the_last_and_waits_for_its_turn_or_is_not_made() {
    let mut scene = Scene::new().await;
    scene.fault("contacts:close-before-headers");
    let outcome = scene.line(&scene.integrate()).await.call(CALLER).await;
    assert_eq!((outcome.code(), scene.simulator.count()), ("crm-unreachable", 2), "{}", outcome.json);

    // The budget has no second turn inside the waiting time.
    scene.simulator.clear_requests();
    scene.integration.requests_per_second = 1;
    scene.set_waiting_time(Duration::from_millis(500));
    let outcome = scene.line(&scene.integrate()).await.call(CALLER).await;
    assert_eq!((outcome.code(), scene.simulator.count()), ("crm-unreachable", 1), "{}", outcome.json);
    assert!(outcome.exchanges()[0].get("repeated").is_none(), "{}", outcome.json);
}
