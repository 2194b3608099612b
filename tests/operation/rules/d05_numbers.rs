//! D5 Numbers: in order, each with its own ring time; after the last one the linked operation.

use serde_json::json;
use test_support::{ANNA, CALLER, Scene, employee};

#[tokio::test]
async fn d05_all_numbers_in_order_each_with_its_ring_time() {
    let mut scene = Scene::new().await;
    scene.integration.employees = vec![(ANNA, employee("anna", &[("103", 5), ("101", 120), ("+79035550101", 25)]))];
    let outcome = scene.call(CALLER).await;
    assert_eq!(
        outcome.json["route"]["numbers"],
        json!([
            { "number": "103", "ring_seconds": 5 },
            { "number": "101", "ring_seconds": 120 },
            { "number": "+79035550101", "ring_seconds": 25 },
        ])
    );
}

#[tokio::test]
async fn d05_after_the_last_number_comes_the_linked_operation() {
    let scene = Scene::new().await;
    assert_eq!(scene.call(CALLER).await.json["route"]["then"], "queue:sales");
}
