//! B5 Notices: a webhook of amoCRM makes the operation forget the manager it keeps, for those who prefer that to the six hours.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hostile_components::STRANGER_CALLER;
use node::ReadyOperation;
use runtime::bindings::attentive::exports::telephony::operation::notices::Notice;
use runtime::bindings::telephony::operation::types::SettingValue;
use runtime::engine::{Failure, LimitReached};
use test_support::{BORIS, CALLER, FaultyStore, Scene, engine, operation};

/// Hands a notice to the operation in the world of the scene's calls; the codes of its remarks.
async fn notify(scene: &Scene, kind: &str, body: &[u8]) -> Option<Result<Vec<String>, Failure>> {
    let notice = Notice { kind: kind.to_owned(), body: body.to_vec() };
    let placed = ReadyOperation::new(scene.operation.clone(), scene.integrate(), String::new(), Vec::new()).await;
    let received = placed.expect("a placed operation").notify(&notice, &scene.clock).await?;
    Some(received.map(|notes| notes.into_iter().map(|note| note.code).collect()))
}

#[test]
fn b5_the_component_receives_notices() {
    assert!(operation().takes_notices());
}

#[tokio::test]
async fn b5_the_webhook_of_a_changed_manager_is_seen_by_the_next_call() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.change_manager(3, Some(BORIS));
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"), "O5: kept");
    scene.requests();

    let body = scene.simulator.responsible_changed_webhook(3).expect("a contact of the account");
    let notes = notify(&scene, "amocrm-webhook", body.as_bytes()).await.expect("notices are taken").expect("an answer");
    assert_eq!(notes, ["managers-forgotten"]);
    assert!(scene.requests().is_empty(), "a notice makes no request");
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("boris"), Some("crm")));
}

#[tokio::test]
async fn b5_a_lead_that_changed_hands_or_a_company_that_is_gone_is_seen_by_the_next_call() {
    for (setting, caller, body, manager) in [
        ("open_lead_first", "+7 903 555-07-02", "leads[responsible][0][id]=9102", "lead_id"),
        ("open_lead_first", "+7 903 555-07-02", "contacts[delete][0][id]=37", "lead_id"),
        (
            "search_companies",
            "8 (495) 555-07-01",
            "contacts[update][0][id]=703&contacts[update][0][type]=company",
            "company_id",
        ),
    ] {
        let mut scene = Scene::new().await;
        scene.set(setting, SettingValue::Flag(true));
        scene.call(caller).await;
        let kept = scene.call(caller).await;
        assert!(kept.source() == Some("cache") && kept.detail(manager).is_u64(), "{body}");
        notify(&scene, "amocrm-webhook", body.as_bytes()).await.expect("notices are taken").expect("an answer");
        assert_eq!(scene.call(caller).await.source(), Some("crm"), "{body}");
    }
}

#[tokio::test]
async fn b5_a_forged_or_unknown_notice_changes_no_route() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    let forged = b"contacts[responsible][0][responsible_user_id]=504142&x[value]=%2B79161234567";
    for (kind, body) in [("amocrm-webhook", &forged[..]), ("amocrm-webhook", b"\xff%%=&["), ("news", b"")] {
        notify(&scene, kind, body).await.expect("notices are taken").expect("an answer");
        assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
    }
}

#[tokio::test]
async fn b5_a_component_without_the_export_is_of_the_contract_too() {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(STRANGER_CALLER).expect("it fits the contract");
    assert!(!scene.operation.takes_notices());
    assert_eq!(notify(&scene, "amocrm-webhook", b"").await, None);
}

#[tokio::test]
async fn b5_a_notice_ends_within_its_second_whatever_hangs() {
    let store = Arc::new(FaultyStore::default());
    let mut scene = Scene::new().await;
    scene.store = Arc::clone(&store) as _;
    store.hangs.store(true, Ordering::Relaxed);
    let received = notify(&scene, "amocrm-webhook", b"x[value]=%2B79161234567").await;
    assert_eq!(received, Some(Err(Failure::Limit(LimitReached::Time(Duration::from_secs(1))))));
}

#[tokio::test]
async fn b5_a_webhook_about_many_contacts_is_taken_in_whole() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.change_manager(3, Some(BORIS));
    let others = (0..99).map(|number| format!("contacts[responsible][{number}][x][value]=%2B7903555{number:04}&"));
    let body = others.collect::<String>() + "contacts[responsible][99][x][value]=%2B79161234567";
    notify(&scene, "amocrm-webhook", body.as_bytes()).await.expect("notices are taken").expect("an answer");
    assert_eq!(scene.call(CALLER).await.employee(), Some("boris"));
}
