//! D9 The call always goes somewhere: a store that fails to read is a miss, one that fails to write is noted. (Components that fail are in
//! `hostile`, amoCRM's faults in O3 and D8.)

use std::sync::Arc;
use std::sync::atomic::Ordering;

use test_support::{CALLER, FaultyStore, Scene};

async fn scene_with_faulty_store() -> (Scene, Arc<FaultyStore>) {
    let store = Arc::new(FaultyStore::default());
    let mut scene = Scene::new().await;
    scene.store = Arc::clone(&store) as _;
    (scene, store)
}

#[tokio::test]
async fn d09_a_store_that_fails_to_read_is_a_miss() {
    let (scene, store) = scene_with_faulty_store().await;
    scene.call(CALLER).await;
    store.reads_fail.store(true, Ordering::Relaxed);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("anna"), Some("crm")));
    assert!(outcome.has_note("store-read-failed"));
}

#[tokio::test]
async fn d09_a_store_that_fails_to_write_is_noted_and_the_call_forwarded() {
    let (scene, store) = scene_with_faulty_store().await;
    store.writes_fail.store(true, Ordering::Relaxed);
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert!(outcome.has_note("store-write-failed"));
}

#[tokio::test]
async fn d09_a_store_that_hangs_ends_at_the_hosts_bound() {
    let (mut scene, store) = scene_with_faulty_store().await;
    scene.set_waiting_time(std::time::Duration::from_millis(500));
    store.hangs.store(true, Ordering::Relaxed);
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "operation-failed");
    assert_eq!(outcome.json["route"]["target"], "queue:sales");
    assert_eq!(outcome.json["reason"]["text_en"], "The operation failed: no answer from the operation within 1500 ms");
}

#[tokio::test]
async fn d09_an_employee_with_hostile_names_and_numbers_is_passed_on_as_given() {
    use test_support::{ANNA, employee};
    let mut scene = Scene::new().await;
    let mut odd = employee("a\"b\n'; --", &[("*#", 5)]);
    odd.name = "\u{202e}<script>\0".to_owned();
    scene.integration.employees = vec![(ANNA, odd)];
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("a\"b\n'; --"));
}
