//! O4 Call details: what was asked, what came back, how long it took and why the call went where it went.

use test_support::{CALLER, Scene};

#[tokio::test]
async fn o4_a_forwarded_call_says_what_was_asked_and_what_came_back() {
    let scene = Scene::new().await;
    let json = scene.call(CALLER).await.json;
    assert_eq!(json["version"], 1);
    assert_eq!(json["call"]["id"], "call-1");
    assert_eq!(json["call"]["called"], "+74951234567");
    assert_eq!(json["call"]["at"], "2026-11-22T09:00:00Z");
    assert_eq!(json["reason"], serde_json::Value::Null);
    let details = &json["details"];
    assert_eq!(details["waiting_time_ms"], 3_000);
    assert_eq!(details["requests"][0]["purpose"], "contacts");
    assert_eq!(details["requests"][0]["status"], 200);
    assert_eq!(details["requests"][0]["outcome"], "ok");
    for time in [&details["waited_ms"], &details["requests"][0]["at_ms"], &details["requests"][0]["ms"]] {
        assert!(time.as_u64().is_some_and(|milliseconds| milliseconds <= 3_000), "{time}");
    }
    for cost in ["instructions", "memory_bytes", "wall_us"] {
        assert!(json["run"][cost].as_u64().is_some_and(|cost| cost > 0), "{cost}");
    }
}

#[tokio::test]
async fn o4_a_call_that_is_not_forwarded_says_why() {
    let scene = Scene::new().await;
    scene.fault("contacts:html-403");
    let json = scene.call(CALLER).await.json;
    assert_eq!(json["route"], serde_json::json!({ "kind": "linked-operation", "target": "queue:sales" }));
    assert_eq!(json["reason"]["code"], "access-forbidden");
    assert_eq!(json["reason"]["class"], "technical-failure");
    assert_eq!(json["reason"]["status"], "Переадресация не удалась");
    assert_eq!(json["reason"]["text_ru"], "Доступ к amoCRM запрещён");
    assert_eq!(json["reason"]["text_en"], "Access to amoCRM is forbidden");
    assert_eq!(json["details"]["requests"][0]["status"], 403);
    assert_eq!(json["details"]["requests"][0]["outcome"], "access-forbidden");
    assert_eq!(json["details"]["manager_source"], serde_json::Value::Null, "unknown is null, not absent");
}

#[tokio::test]
async fn o4_the_text_for_people_tells_the_same_story() {
    use call::Language;
    let scene = Scene::new().await;
    let resolved = scene.call(CALLER).await.resolved;
    let russian = resolved.text(Language::Ru).to_string();
    for part in ["Переадресация", "anna", "1. 101", "2. +79035550101", "queue:sales", "Запрос «контакты»", "инструкций"]
    {
        assert!(russian.contains(part), "{part} is missing in:\n{russian}");
    }
    scene.fault("contacts:unpaid-402");
    scene.advance(jiff::SignedDuration::from_hours(6));
    let english = scene.call(CALLER).await.resolved.text(Language::En).to_string();
    for part in ["Linked operation: queue:sales", "The amoCRM account is unpaid", "account-unpaid", "402"] {
        assert!(english.contains(part), "{part} is missing in:\n{english}");
    }
}

#[tokio::test]
async fn o4_a_status_that_arrived_is_kept_even_when_the_body_fails() {
    let scene = Scene::new().await;
    scene.fault("contacts:close-mid-body");
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "crm-unreachable");
    assert_eq!(outcome.detail("requests")[0]["status"], 200);
    assert!(outcome.has_note("transport"), "the note names what failed");
}

#[tokio::test]
async fn o4_the_facts_of_a_call_are_those_that_the_operation_describes() {
    let described = test_support::operation().describe().await.expect("a description").facts;
    let described: Vec<_> = described.iter().map(|fact| fact.key.as_str()).collect();
    for caller in [CALLER, ""] {
        let outcome = Scene::new().await.call(caller).await;
        let given: Vec<_> = outcome.resolved.details.facts.iter().map(|fact| fact.key.as_str()).collect();
        assert_eq!(given, described, "all of them, for every call");
        assert!(
            described.iter().all(|key| outcome.resolved.titles.name(key, call::Language::En) != *key),
            "each with its title"
        );
    }
}
