//! O7 Manager status: before any number is rung, the manager must be authorised in amoCRM today; checked on every call.

use amocrm_simulator::Endpoint;
use jiff::{SignedDuration, Timestamp};
use runtime::capabilities::directory::Presence;
use test_support::{ANNA, CALLER, START, Scene};

async fn checking() -> Scene {
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    scene
}

fn start() -> Timestamp {
    START.parse().expect("a time")
}

#[tokio::test]
async fn o7_is_off_by_default() {
    let mut scene = Scene::new().await;
    scene.set_presence(ANNA, Presence::NeverSeen);
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(outcome.detail("manager_status"), &serde_json::Value::Null);
}

#[tokio::test]
async fn o7_a_manager_seen_today_is_rung() {
    let mut scene = checking().await;
    scene.set_presence(ANNA, Presence::LastSeen(start() - SignedDuration::from_mins(90)));
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(outcome.detail("manager_status"), "at-work");
    assert_eq!(outcome.detail("status_evidence"), "presence");
    assert_eq!(outcome.detail("status_evidence_at"), "2026-11-22T07:30:00Z");
    assert!(!scene.requests().contains(&Some(Endpoint::Events)), "fed presence needs no events");
}

#[tokio::test]
async fn o7_an_absent_manager_is_not_rung() {
    let mut scene = checking().await;
    for presence in [Presence::NeverSeen, Presence::LastSeen(start() - SignedDuration::from_hours(24))] {
        scene.set_presence(ANNA, presence);
        let outcome = scene.call(CALLER).await;
        assert_eq!((outcome.code(), outcome.class()), ("manager-absent", "absent"), "{presence:?}");
        assert!(outcome.json["route"]["numbers"].is_null(), "none of the numbers is rung");
        assert_eq!(outcome.detail("manager_status"), "absent");
    }
}

#[tokio::test]
async fn o7_is_checked_on_every_call_also_from_the_cache() {
    let mut scene = checking().await;
    scene.set_presence(ANNA, Presence::LastSeen(start()));
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
    scene.set_presence(ANNA, Presence::NeverSeen);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.source()), ("manager-absent", Some("cache")));
    scene.set_presence(ANNA, Presence::LastSeen(start()));
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
}

#[tokio::test]
async fn o7_where_presence_is_not_fed_events_are_the_evidence() {
    let mut scene = checking().await;
    scene.integration.configuration.set("manager_status_reuse_seconds", "0");
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(scene.requests(), [Some(Endpoint::Contacts), Some(Endpoint::Account), Some(Endpoint::Events)]);
    let evidence = outcome.detail("status_evidence").as_str().expect("evidence is named");
    assert!(evidence.starts_with("event:"), "{evidence}");

    // The next call asks for events alone: manager and account are kept, and without reuse the status is not.
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
    assert_eq!(scene.requests(), [Some(Endpoint::Events)]);
}

#[tokio::test]
async fn o7_no_event_today_is_absent() {
    let scene = checking().await;
    scene.simulator.update(|account| account.events.clear());
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "manager-absent");
    assert_eq!(outcome.detail("status_evidence"), "no-events");
}

#[tokio::test]
async fn o7_service_events_that_integrations_write_do_not_count() {
    for kind in [
        "incoming_call",
        "outgoing_call",
        "incoming_chat_message",
        "robot_replied",
        "link_followed",
        "service_note_added",
        "targeting_in_note_added",
    ] {
        let scene = Scene::with_toml(&account_with_event(kind)).await;
        let mut scene = scene;
        scene.integration.configuration.set("consider_manager_status", "true");
        assert_eq!(scene.call(CALLER).await.code(), "manager-absent", "{kind}");
    }
    let mut scene = Scene::with_toml(&account_with_event("lead_status_changed")).await;
    scene.integration.configuration.set("consider_manager_status", "true");
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
}

fn account_with_event(kind: &str) -> String {
    format!(
        "[[contacts]]\nresponsible_user_id = 504141\nphones = [\"+79161234567\"]\n\
         [[events]]\ntype = \"{kind}\"\ncreated_by = 504141\nago = \"1h\"\n"
    )
}

#[tokio::test]
async fn o7_own_events_are_found_behind_a_page_of_service_events() {
    let mut account = account_with_event("lead_added");
    for minute in 1..=59 {
        for _ in 0..2 {
            account
                .push_str(&format!("[[events]]\ntype = \"incoming_call\"\ncreated_by = 504141\nago = \"{minute}m\"\n"));
        }
    }
    let mut scene = Scene::with_toml(&account).await;
    scene.integration.configuration.set("consider_manager_status", "true");
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(outcome.requests(), ["contacts:ok", "account:ok", "events:ok", "events:ok"]);
}

#[tokio::test]
async fn o7_kept_account_facts_end_after_six_hours_too() {
    let scene = checking().await;
    scene.call(CALLER).await;
    scene.requests();
    scene.advance(SignedDuration::from_hours(6));
    scene.call(CALLER).await;
    assert_eq!(scene.requests(), [Some(Endpoint::Contacts), Some(Endpoint::Account), Some(Endpoint::Events)]);
}

#[tokio::test]
async fn o7_a_busy_line_asks_for_events_once_in_thirty_seconds() {
    let scene = checking().await;
    scene.call(CALLER).await;
    scene.requests();
    scene.simulator.update(|account| account.events.clear());
    for _ in 0..3 {
        scene.advance(SignedDuration::from_secs(9));
        assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
    }
    assert!(scene.requests().is_empty());
    assert_eq!(scene.call(CALLER).await.detail("status_age_seconds"), 27);
    scene.advance(SignedDuration::from_secs(3));
    assert_eq!(scene.call(CALLER).await.code(), "manager-absent");
    assert_eq!(scene.requests(), [Some(Endpoint::Events)]);
}

#[tokio::test]
async fn o7_presence_comes_before_a_status_used_again() {
    let mut scene = checking().await;
    scene.call(CALLER).await;
    scene.set_presence(ANNA, Presence::NeverSeen);
    assert_eq!(scene.call(CALLER).await.code(), "manager-absent");
}
