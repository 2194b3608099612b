//! D2, D8 Odd answers inside the component: one odd card, member or byte spoils nothing else.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule, Oddity};
use test_support::{CALLER, Outcome, Scene};

/// A call when the search answers with these cards.
async fn call_with(cards: &str) -> Outcome {
    let scene = Scene::new().await;
    let page = format!(r#"{{"_page":1,"_embedded":{{"contacts":{cards}}}}}"#);
    scene.simulator.add_fault(FaultRule::new(Fault::WrongShape(Some(page))).on(Endpoint::Contacts));
    scene.call(CALLER).await
}

/// The contact of Anna's, with other fields before its telephone numbers.
fn card(fields: &str) -> String {
    format!(
        r#"{{"id":3,"responsible_user_id":504141,"updated_at":1590943929,"custom_fields_values":[{fields}{{"field_code":"PHONE","values":[{{"value":"{CALLER}"}}]}}]}}"#
    )
}

#[tokio::test]
async fn d02_the_manager_is_found_in_every_odd_answer() {
    for oddity in Oddity::ALL {
        let mut scene = Scene::new().await;
        scene.integration.configuration.set("consider_manager_status", "true");
        scene.simulator.add_fault(Fault::Odd(oddity));
        let outcome = scene.call(CALLER).await;
        assert_eq!(outcome.employee(), Some("anna"), "{oddity}: {}", outcome.json);
        assert_eq!(outcome.requests(), ["contacts:ok", "account:ok", "events:ok"], "{oddity}");
        assert_eq!(outcome.has_note("entries-unreadable"), oddity == Oddity::OddEntry, "{oddity}");
    }
}

#[tokio::test]
async fn d02_a_connection_that_is_reset_before_the_answer_costs_one_more_request() {
    let scene = Scene::new().await;
    scene.fault("contacts:reset,times=1");
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"), "{}", outcome.json);
    assert_eq!(scene.requests().len(), 2);
    let scene = Scene::new().await;
    scene.fault("contacts:reset");
    assert_eq!(scene.call(CALLER).await.code(), "crm-unreachable");
}

#[tokio::test]
async fn d02_a_member_named_twice_loses_no_card() {
    let cards = format!("[{}]", card("").replace(r#""values":"#, r#""values":[],"values":"#));
    assert_eq!(call_with(&cards).await.employee(), Some("anna"));
}

#[tokio::test]
async fn d02_a_card_that_cannot_be_read_is_named_in_the_call_details() {
    let outcome = call_with(&format!(r#"[{{"id":"three"}},{}]"#, card(""))).await;
    assert!(outcome.has_note("entries-unreadable"), "{}", outcome.json);
}

#[tokio::test]
async fn d02_what_the_first_page_verified_is_used_when_the_second_hangs() {
    let contact = format!("[[contacts]]\nresponsible_user_id = 504141\nphones = [\"{CALLER}\"]\n");
    let mut scene = Scene::with_toml(&contact.repeat(51)).await;
    scene.set_waiting_time(Duration::from_millis(700));
    scene.simulator.add_fault(FaultRule::new(Fault::Hang).on(Endpoint::Contacts).query_contains("page=2"));
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"), "{}", outcome.json);
    assert!(outcome.has_note("search-incomplete"), "{}", outcome.json);
    assert_eq!(outcome.requests().len(), 2);
}

#[tokio::test]
async fn d03_a_number_read_in_two_ways_is_noted() {
    let account = "[[contacts]]\nresponsible_user_id = 504141\nphones = [\"+47 22 55 50 52\"]\n\
                   [[contacts]]\nresponsible_user_id = 504142\nphones = [\"8 (4722) 55-50-52\"]\n";
    let outcome = Scene::with_toml(account).await.call("4722555052").await;
    assert!(outcome.has_note("caller-read-two-ways") && outcome.has_note("contact-ambiguous"), "{}", outcome.json);
}
