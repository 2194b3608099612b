//! O5 Six hours: what is known of the manager is kept 6 hours from the moment it was received.

use jiff::SignedDuration;
use runtime::store::{Shelf, Slot};
use test_support::{BORIS, CALLER, Scene};

const SIX_HOURS: SignedDuration = SignedDuration::from_hours(6);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The keys under which the operation keeps managers.
async fn kept_keys(scene: &Scene) -> Vec<String> {
    let shelf = Shelf { namespace: "main", bucket: "default" };
    let keys = scene.store.list_keys(shelf, 0, 100).await.expect("a working store").keys;
    keys.into_iter().filter(|key| key.starts_with("manager:")).collect()
}

#[tokio::test]
async fn o5_inside_six_hours_no_request_is_made() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.simulator.clear_requests();
    scene.advance(SIX_HOURS - SECOND);
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(outcome.source(), Some("cache"));
    assert_eq!(outcome.detail("manager_age_seconds"), 6 * 3_600 - 1);
    assert_eq!(scene.simulator.count(), 0);
    assert!(outcome.requests().is_empty());
}

#[tokio::test]
async fn o5_at_six_hours_amocrm_is_asked_again() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.advance(SIX_HOURS);
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.source(), Some("crm"));
    assert_eq!(outcome.detail("manager_age_seconds"), 0);
    assert_eq!(scene.simulator.count(), 2);
}

#[tokio::test]
async fn o5_use_does_not_prolong_the_six_hours() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    for _ in 0..5 {
        scene.advance(SignedDuration::from_hours(1));
        assert_eq!(scene.call(CALLER).await.source(), Some("cache"));
    }
    scene.advance(SignedDuration::from_hours(1));
    assert_eq!(scene.call(CALLER).await.source(), Some("crm"));
}

#[tokio::test]
async fn o5_a_change_of_manager_is_not_seen_inside_them_and_is_seen_after() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.change_manager(3, Some(BORIS));
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
    scene.advance(SIX_HOURS);
    assert_eq!(scene.call(CALLER).await.employee(), Some("boris"));
}

#[tokio::test]
async fn o5_all_spellings_of_a_number_are_one_caller() {
    let scene = Scene::new().await;
    scene.call("8 (916) 123-45-67").await;
    for spelling in ["+79161234567", "79161234567", "9161234567", "8-10-7-916-123-45-67", "+7 916 123-45-67;ext=5"] {
        assert_eq!(scene.call(spelling).await.source(), Some("cache"), "{spelling}");
    }
}

#[tokio::test]
async fn o5_another_caller_is_asked_for() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    assert_eq!(scene.call("+79035550112").await.source(), Some("crm"));
}

#[tokio::test]
async fn o5_an_empty_answer_is_never_kept() {
    let scene = Scene::new().await;
    scene.change_manager(3, None);
    assert_eq!(scene.call(CALLER).await.code(), "manager-not-set");
    assert_eq!(scene.call("+7 495 000-00-99").await.code(), "contact-not-found");
    assert!(kept_keys(&scene).await.is_empty());
    scene.change_manager(3, Some(BORIS));
    assert_eq!(scene.call(CALLER).await.employee(), Some("boris"));
}

#[tokio::test]
async fn o5_a_failure_is_never_kept() {
    let scene = Scene::new().await;
    for fault in ["status=500", "bad-json", "wrong-shape", "empty-200", "close-mid-body", "too-many-requests-429"] {
        scene.fault(&format!("contacts:{fault}"));
        assert_ne!(scene.call(CALLER).await.code(), "forward", "{fault}");
        assert!(kept_keys(&scene).await.is_empty(), "{fault}");
        scene.no_faults();
    }
    assert_eq!(scene.call(CALLER).await.source(), Some("crm"));
}

#[tokio::test]
async fn o5_a_failure_does_not_bring_back_what_is_six_hours_old() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.advance(SIX_HOURS);
    scene.fault("contacts:status=503");
    assert_eq!(scene.call(CALLER).await.code(), "crm-error");
    assert!(kept_keys(&scene).await.is_empty(), "the old record is removed");
}

#[tokio::test]
async fn o5_an_unreadable_record_is_a_miss() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    let keys = kept_keys(&scene).await;
    let shelf = Shelf { namespace: "main", bucket: "default" };
    let future = r#"{"version":2,"received_at_ms":99999999999999,"value":{"user_id":504142,"contact_id":3}}"#;
    let newer = r#"{"version":3,"received_at_ms":1795338000000,"value":{"user_id":504142,"contact_id":3}}"#;
    for record in [
        "",
        "{}",
        "\u{0}",
        "[1,2]",
        future,
        newer,
        r#"{"version":2,"received_at_ms":1795338000000,"value":{"user_id":-1}}"#,
    ] {
        scene.store.set(Slot { shelf, key: &keys[0] }, record.as_bytes()).await.expect("a working store");
        let outcome = scene.call(CALLER).await;
        assert_eq!((outcome.source(), outcome.employee()), (Some("crm"), Some("anna")), "{record}");
    }
}

#[tokio::test]
async fn o5_what_one_integration_knows_another_does_not() {
    let mut scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.access().namespace = "another".to_owned();
    assert_eq!(scene.call(CALLER).await.source(), Some("crm"));
}
