//! D2, D8 Odd answers inside the component: one odd card, member or byte spoils nothing else.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule};

use crate::support::{CALLER, Outcome, Scene};

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
async fn d02_odd_members_and_lists_lose_no_card() {
    let sound = card("");
    for (what, cards) in [
        (
            "half a surrogate pair",
            format!("[{}]", card(r#"{"field_code":"COMMENT","values":[{"value":"Hot \ud83d"}]},"#)),
        ),
        ("PHP's object for a list", format!(r#"{{"0":{{"id":2,"custom_fields_values":false}},"2":{sound}}}"#)),
        ("numbers as text", format!("[{}]", sound.replace("504141", "\"504141\""))),
        ("a member named twice", format!("[{}]", sound.replace(r#""values":"#, r#""values":[],"values":"#))),
        ("what is no card", format!(r#"[null,7,"a",{{"id":-1}},{sound}]"#)),
    ] {
        assert_eq!(call_with(&cards).await.employee(), Some("anna"), "{what}");
    }
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
