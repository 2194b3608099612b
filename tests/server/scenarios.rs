//! Several operations one after another (rules E1 and E2): at once, and when the PBX comes back since nobody answered.

use std::sync::Arc;
use std::time::Duration;

use amocrm_simulator::FaultRule;
use http::Method;
use node::FinishedCall;
use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::authorised;

use crate::resolving::Remembering;
use crate::scene::{Scene, Serving};

/// Hours, whose integration is off, then the manager, then the manager of a second account.
async fn chain() -> (Scene, Arc<Remembering>) {
    let mut scene = Scene::empty();
    for (id, token, linked_operation) in [
        ("hours", "token-of-the-first-account", "queue:night"),
        ("manager", "token-of-the-second-account", "queue:sales"),
        ("second", "token-of-the-third-account", "queue:any"),
    ] {
        scene.add(id, token, linked_operation).await;
    }
    scene.integrations[0].enabled = false;
    scene.exits = vec![
        ("hours", "integration-off", "operation:manager"),
        ("manager", "contact-not-found", "voicemail:strangers"),
        ("manager", "caller", "queue:withheld"),
        ("manager", "no-answer", "operation:second"),
        ("manager", "not-answered", "operation:second"),
    ];
    let told = Arc::new(Remembering::default());
    scene.observers.push(told.clone());
    (scene, told)
}

async fn ask(serving: &Serving, call: Value) -> Value {
    serving.client.call(&call).await.json()
}

fn first() -> Value {
    json!({"id": "7", "caller": CALLER, "called": "101", "operation": "hours"})
}

fn back(after: &str) -> Value {
    json!({"id": "7", "after": after, "legs": ["no-answer"]})
}

/// The steps of an answer as `PLACEMENT: CODE`.
fn steps(answer: &Value) -> Vec<String> {
    let step = |step: &Value| {
        let why = step["reason"]["code"].as_str().unwrap_or("not-answered");
        format!("{}: {why}", step["placement"].as_str().unwrap_or_default())
    };
    answer["steps"].as_array().into_iter().flatten().map(step).collect()
}

fn employee(answer: &Value) -> &str {
    answer["route"]["employee"]["id"].as_str().unwrap_or_default()
}

fn target(answer: &Value) -> &str {
    answer["route"]["target"].as_str().unwrap_or_default()
}

/// What observers count: each step of the answers at its own placement.
fn counted(calls: &[FinishedCall]) -> Vec<String> {
    let step = |step: node::FinishedStep<'_>| format!("{}: {}", step.walked.placement, step.outcome);
    calls.iter().flat_map(|call| call.steps().map(step).collect::<Vec<_>>()).collect()
}

#[tokio::test]
async fn e2_operations_follow_one_another_up_to_the_first_forward() {
    let (scene, told) = chain().await;
    let serving = scene.serve().await;
    let answer = ask(&serving, first()).await;
    assert_eq!(steps(&answer), ["hours: integration-off"]);
    assert_eq!((&answer["placement"], employee(&answer)), (&json!("manager"), "anna"));
    assert_eq!(answer["route"]["then"], "operation:second");
    assert_eq!(answer["steps"][0]["target"], "operation:manager");
    assert_eq!(counted(&told.0.lock().unwrap()), ["hours: integration-off", "manager: forwarded"]);
    assert!(serving.simulators[0].requests().is_empty() && serving.simulators[2].requests().is_empty());
}

#[tokio::test]
async fn e1_a_call_leaves_by_the_most_specific_exit() {
    let (scene, _) = chain().await;
    let serving = scene.serve().await;
    for (caller, place) in [(json!("+79995550199"), "voicemail:strangers"), (json!(null), "queue:withheld")] {
        let answer = ask(&serving, json!({"caller": caller, "operation": "manager"})).await;
        assert_eq!((target(&answer), &answer["steps"]), (place, &Value::Null), "{answer}");
    }
    let listed = serving.client.get("/v1/operations/manager").await.json();
    assert_eq!(listed["exits"]["caller"], "queue:withheld");
}

#[tokio::test]
async fn e2_after_no_answer_the_next_operation_is_asked_and_told_who_did_not_answer() {
    let (scene, told) = chain().await;
    let serving = scene.serve().await;
    let before = ask(&serving, first()).await;
    let answer = ask(&serving, back("manager")).await;
    assert_eq!(steps(&answer), ["hours: integration-off", "manager: not-answered"]);
    let left = &answer["steps"][1];
    assert_eq!(
        left["legs"],
        json!([
            {"number": "101", "result": "no-answer"},
            {"number": "+79035550101", "result": null},
        ])
    );
    assert_eq!((&left["reason"], &left["employee"]["id"]), (&Value::Null, &json!("anna")));
    assert_eq!((&left["details"], &left["run"]), (&before["details"], &before["run"]));
    assert_eq!((employee(&answer), &answer["placement"]), ("anna", &json!("second")));
    assert_eq!(answer["call"], before["call"], "it is one call");
    let calls = told.0.lock().unwrap();
    assert!(!calls[0].is_continued && calls[1].is_continued);
    assert_eq!(counted(&calls), ["hours: integration-off", "manager: forwarded", "second: forwarded"]);
    assert_eq!(&*calls[1].placement, "hours", "it stays the call of the operation that was asked first");
}

#[tokio::test]
async fn e2_a_form_comes_back_too_and_may_say_it_all_again() {
    let (scene, _) = chain().await;
    let serving = scene.serve().await;
    ask(&serving, first()).await;
    let form = authorised(Method::POST, "/v1/resolve-call").header("content-type", "application/x-www-form-urlencoded");
    let body = "id=7&caller=%2B7+916+123-45-67&called=101&operation=hours&after=manager&legs=busy,no-answer";
    let answer = serving.client.send(form, body).await.json();
    assert_eq!(
        answer["steps"][1]["legs"],
        json!([
            {"number": "101", "result": "busy"},
            {"number": "+79035550101", "result": "no-answer"},
        ])
    );
    assert_eq!(answer["placement"], "second");
}

#[tokio::test]
async fn e2_numbers_whose_exit_was_taken_are_not_given_again() {
    let (scene, told) = chain().await;
    let serving = scene.serve().await;
    ask(&serving, first()).await;
    let second = ask(&serving, back("manager")).await;
    assert_eq!(second["placement"], "second");
    // The same again, and the first request once more: it came late.
    assert_eq!(ask(&serving, back("manager")).await, second);
    assert_eq!(ask(&serving, first()).await, second);
    // Another call of the same caller is another call.
    let other = json!({"id": "8", "caller": CALLER, "called": "101", "operation": "hours"});
    assert_eq!(ask(&serving, other).await["placement"], "manager");
    // Nobody answers the second one either, whose exit is a place of the PBX's.
    let last = ask(&serving, back("second")).await;
    assert_eq!((target(&last), &last["reason"]["code"]), ("queue:any", &json!("request-not-understood")));
    for late in [back("manager"), back("second"), first()] {
        assert_eq!(ask(&serving, late).await, last, "nothing rings any more");
    }
    assert_eq!(told.0.lock().unwrap().len(), 4, "what comes once more is no further call");
}

/// The PBX has come back, and the next operation takes its time: nobody else gets the numbers that were just left.
#[tokio::test]
async fn e2_while_the_next_operation_is_asked_the_numbers_before_it_are_gone_already() {
    let (scene, _) = chain().await;
    let serving = scene.serve().await;
    ask(&serving, first()).await;
    serving.simulators[2].add_fault("contacts:hang".parse::<FaultRule>().unwrap());
    let client = serving.client.clone();
    let coming = tokio::spawn(async move { client.call(&back("manager")).await.json() });
    serving.in_flight(1).await;
    let meanwhile = ask(&serving, first()).await;
    assert_eq!((target(&meanwhile), &meanwhile["reason"]["code"]), ("queue:any", &json!("step-left")), "{meanwhile}");
    let answer = coming.await.unwrap();
    assert_eq!((target(&answer), &answer["reason"]["class"]), ("queue:any", &json!("no-answer")));
}

#[tokio::test]
async fn e2_whatever_makes_no_sense_when_a_pbx_comes_back_is_still_a_route() {
    let (scene, _) = chain().await;
    let serving = scene.serve().await;
    // Of a call that nobody remembers the step that rang is known alone.
    let unknown = ask(&serving, json!({"id": "9", "caller": CALLER, "after": "manager", "legs": ["busy"]})).await;
    assert_eq!((employee(&unknown), steps(&unknown)), ("anna", vec!["manager: not-answered".to_owned()]));
    ask(&serving, first()).await;
    // What is not the name of an operation here is not repeated: it may be anything.
    for (after, part, in_russian) in [
        ("nobody", "does not have", "которой у этого хоста нет"),
        ("hours", "has not rung the numbers", "поле `after` стоит `hours`"),
    ] {
        let answer = ask(&serving, json!({"id": "7", "after": after, "operation": "hours"})).await;
        let reason = &answer["reason"];
        assert_eq!(reason["code"], "request-not-understood", "{answer}");
        assert!(reason["text_en"].as_str().unwrap().contains(part), "{answer}");
        assert!(reason["text_ru"].as_str().unwrap().contains(in_russian), "{answer}");
        assert!(!reason.to_string().contains("nobody"), "{answer}");
        assert!(target(&answer).starts_with("queue:"), "{answer}");
    }
}

#[tokio::test]
async fn e2_an_overloaded_node_sends_a_call_that_comes_back_to_a_place_of_the_pbx() {
    let (scene, _) = chain().await;
    let mut scene = scene;
    scene.settings.max_calls = 1;
    let serving = scene.serve().await;
    ask(&serving, first()).await;
    serving.simulators[1].add_fault("contacts:hang".parse::<FaultRule>().unwrap());
    let client = serving.client.clone();
    let waits = json!({"caller": "+79165550102", "operation": "manager"});
    let waiting = tokio::spawn(async move { client.call(&waits).await });
    serving.in_flight(1).await;
    let answer = ask(&serving, back("manager")).await;
    assert_eq!((target(&answer), &answer["reason"]["code"]), ("queue:any", &json!("host-overloaded")));
    assert_eq!(steps(&answer), ["hours: integration-off", "manager: not-answered"]);
    waiting.await.unwrap();
}

#[tokio::test]
async fn e2_the_whole_scenario_waits_no_longer_than_it_may() {
    let (mut scene, _) = chain().await;
    scene.scenario_waiting_time = Some(Duration::from_millis(900));
    for (_, _, _, settings) in &mut scene.steps {
        settings.insert("waiting_time".to_owned(), "500ms".to_owned());
    }
    let serving = scene.serve().await;
    serving.simulators[1].add_fault("contacts:hang".parse::<FaultRule>().unwrap());
    let answer = ask(&serving, first()).await;
    assert_eq!(steps(&answer), ["hours: integration-off", "manager: no-answer-in-time"]);
    assert_eq!((target(&answer), &answer["reason"]["code"]), ("queue:any", &json!("scenario-too-slow")));
    let listed = serving.client.get("/v1/operations").await.json();
    let waiting: Vec<_> =
        listed["operations"].as_array().unwrap().iter().map(|one| &one["scenario_waiting_ms"]).collect();
    assert_eq!(waiting, [900, 900, 500], "the sum of the longest way, or the bound");
}
