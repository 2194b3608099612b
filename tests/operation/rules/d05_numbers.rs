//! D5 Numbers: in order, each with its own ring time; after the last one the linked operation.

use call::Language;
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

/// A number of the PBX's own directory that no PBX dials is left out, and the others are rung.
#[tokio::test]
async fn d05_numbers_that_cannot_be_dialled_are_left_out_and_noted() {
    let mut scene = Scene::new().await;
    let numbers = [("PJSIP/101", 20), ("101", 1), ("", 20), ("*77#", 600), ("101&102", 20)];
    scene.integration.employees = vec![(ANNA, employee("anna", &numbers))];
    let outcome = scene.call(CALLER).await;
    assert_eq!(
        outcome.json["route"]["numbers"],
        json!([{ "number": "101", "ring_seconds": 5 }, { "number": "*77#", "ring_seconds": 120 }])
    );
    let text = outcome.resolved.text(Language::En).to_string();
    for fault in [
        "employee `anna`: number 1 cannot be dialled and is left out",
        "number 2 rings for 5 s instead",
        "number 3 cannot",
        "number 4 rings for 120 s instead",
    ] {
        assert!(text.contains(fault), "{fault}: {text}");
    }
    assert!(!text.contains("PJSIP"), "{text}");
}

#[tokio::test]
async fn d05_an_employee_with_many_numbers_is_rung_at_the_first_of_them() {
    let mut scene = Scene::new().await;
    let mut many = employee("anna", &[("101", 20)]);
    many.destinations = vec![many.destinations[0].clone(); 50];
    many.name = "A".repeat(500);
    scene.integration.employees = vec![(ANNA, many)];
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.json["route"]["numbers"].as_array().map(Vec::len), Some(32));
    assert_eq!(outcome.json["route"]["employee"]["name"].as_str().map(str::len), Some(200));
    assert!(outcome.has_note("directory-fault"));
}

#[tokio::test]
async fn d04_an_employee_none_of_whose_numbers_can_be_dialled_has_none() {
    let mut scene = Scene::new().await;
    scene.integration.employees = vec![(ANNA, employee("anna", &[("SIP/101", 20)]))];
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("employee-has-no-number", "configuration"));
    assert!(outcome.has_note("directory-fault"));
}
