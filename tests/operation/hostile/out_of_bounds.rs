//! Answers that no host passes on: the call goes to the linked operation, and the reason names the bound, for the component's author.

use hostile_components::OUT_OF_BOUNDS;
use test_support::{CALLER, Outcome, Scene, engine};

use super::assert_failed;

async fn answered(called: &str) -> Outcome {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(OUT_OF_BOUNDS).expect("it fits the contract");
    scene.call_to(CALLER, called).await
}

#[tokio::test]
async fn o2_what_is_forwarded_can_be_rung() {
    for called in ["destinations 32", "number +79165550101", "ring-time 5000", "ring-time 120000", "name 200"] {
        assert_eq!(answered(called).await.employee(), Some("anna"), "{called}");
    }
    for (called, because) in [
        ("destinations 0", "forwarded the call to no number"),
        ("destinations 33", "`destinations` has 33 entries, at most 32 are taken"),
        ("destinations 100000", "`destinations` has 100000 entries"),
        ("number ", "number 2 of `destinations` cannot be dialled"),
        ("number 101&PJSIP/102", "number 2 of `destinations` cannot be dialled"),
        // Features of a PBX are an administrator's to name.
        ("number *21#", "number 2 of `destinations` cannot be dialled"),
        ("ring-time 0", "number 1 of `destinations` rings for 0 ms"),
        ("ring-time 18446744073709551615", "allowed are 5 s to 120 s"),
        ("name 100000", "`employee-name` has 100000 characters"),
    ] {
        assert_failed(&answered(called).await, because);
    }
}

#[tokio::test]
async fn o4_what_a_component_tells_of_a_call_is_bounded() {
    for called in ["text 1000", "notes 100", "details 36", "waited 4000", "reason told-again"] {
        let outcome = answered(called).await;
        assert_ne!(outcome.code(), "operation-failed", "{called}: {}", outcome.json);
    }
    for (called, because) in [
        ("text 1001", "`reason.text` has 1001 characters"),
        ("notes 101", "`notes` has 101 entries"),
        ("details 37", "`call-details` has"),
        ("fact contact_id", "`facts` has two entries of the same name"),
        ("waited 18446744073709551615", "`waited` is 18446744073709551615 ms"),
        ("reason forwarded", "one that only the host gives"),
        ("reason ", "`reason.code` is empty"),
    ] {
        let outcome = answered(called).await;
        assert_failed(&outcome, because);
        assert!(outcome.json.to_string().len() < 2_000, "nothing of the answer is kept: {}", outcome.json);
    }
    // The author reads it in Russian too.
    let outcome = answered("destinations 33").await;
    let russian = outcome.json["reason"]["text_ru"].as_str().expect("a text");
    assert_eq!(russian, "Сбой операции: её ответ не принят: `destinations`: записей 33, допустимо не больше 32");
}
