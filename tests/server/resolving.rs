//! `POST /v1/resolve-call`: a route for every call, whatever is wrong with the request.

use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use node::{FinishedCall, Observer};
use serde_json::json;
use test_support::client::authorised;
use test_support::{CALLER, LINKED_OPERATION};

use crate::scene::Scene;

/// Remembers the calls that it is told of.
#[derive(Default)]
pub(crate) struct Remembering(pub(crate) Mutex<Vec<FinishedCall>>);

impl Observer for Remembering {
    fn finished(&self, call: &FinishedCall) {
        self.0.lock().expect("no panic").push(call.clone());
    }
}

#[tokio::test]
async fn a_call_is_resolved_as_json_and_as_a_form() {
    let serving = Scene::new().await.serve().await;
    let answer = serving.client.call(&json!({"id": "7", "caller": CALLER, "called": "+74951234567"})).await;
    assert_eq!((answer.reason().as_str(), answer.goes_to().as_str()), ("", "anna"));
    let json = answer.json();
    assert_eq!(json["call"]["id"], "7");
    let digest = serving.node.revision().placements()[0].active().placed.operation().digest().to_string();
    assert_eq!(json["run"]["component"], digest.as_str(), "each call's details name the component");
    assert!(!answer.json().to_string().contains("123-45-67"), "the number is masked");
    let form = authorised(Method::POST, "/v1/resolve-call").header("content-type", "application/x-www-form-urlencoded");
    let answer = serving.client.send(form, "caller=%2B7+916+123-45-67&called=101").await;
    assert_eq!(answer.goes_to(), "anna");
    assert_eq!(answer.json()["details"]["manager_source"], "cache", "{answer:?}");
    let form = authorised(Method::POST, "/v1/resolve-call").header("content-type", "application/x-www-form-urlencoded");
    let answer = serving.client.send(form, "caller=+79161234567&called=+74951234567").await;
    assert_eq!(
        (answer.goes_to().as_str(), &answer.json()["call"]["called"]),
        ("anna", &json!("+74951234567")),
        "a lost plus"
    );
}

#[tokio::test]
async fn json_is_read_under_the_type_that_curl_gives_it() {
    let serving = Scene::new().await.serve().await;
    let number = json!({"caller": 79_161_234_567_u64}).to_string();
    let text = json!({"caller": CALLER}).to_string();
    for (kind, body) in [
        (Some("application/x-www-form-urlencoded"), &text),
        (Some("application/x-www-form-urlencoded"), &number),
        (Some("text/json; charset=utf-8"), &text),
        (None, &text),
    ] {
        let mut request = authorised(Method::POST, "/v1/resolve-call");
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        assert_eq!(serving.client.send(request, body.clone()).await.goes_to(), "anna", "{kind:?}");
    }
}

#[tokio::test]
async fn d01_a_withheld_number_goes_to_the_linked_operation() {
    let serving = Scene::new().await.serve().await;
    for caller in [json!(null), json!(""), json!("anonymous")] {
        let answer = serving.client.call(&json!({"caller": caller, "called": "101"})).await;
        assert_eq!(answer.goes_to(), LINKED_OPERATION);
        assert_eq!(answer.json()["reason"]["class"], "caller", "{caller}");
    }
    assert!(serving.simulator().requests().is_empty());
}

#[tokio::test]
async fn d09_whatever_is_wrong_with_the_request_there_is_a_route_and_it_is_told_of() {
    let mut scene = Scene::new().await;
    let told = Arc::new(Remembering::default());
    scene.observers.push(told.clone());
    let serving = scene.serve().await;
    let long = format!("{{\"caller\": \"{}\"}}", "1".repeat(70_000));
    let cases = [
        ("application/json", "{", "request-not-understood"),
        ("application/json", "{\"caller\": 7}", "caller-unusable"),
        ("application/json", "{\"caller\": [7]}", "request-not-understood"),
        ("application/json", "{\"from\": \"anna\"}", "request-not-understood"),
        ("application/x-www-form-urlencoded", "Caller-Caller-ID-Number=%2B79161234567", "request-not-understood"),
        ("multipart/form-data; boundary=b", "--b", "request-not-understood"),
        ("application/json", "", "request-not-understood"),
        ("application/json", long.as_str(), "request-not-understood"),
        ("text/plain", "{}", "request-not-understood"),
        ("application/json", "{\"operation\": \"nobody's\"}", "operation-unknown"),
    ];
    for (kind, body, reason) in cases {
        let request = authorised(Method::POST, "/v1/resolve-call").header("content-type", kind);
        let answer = serving.client.send(request, body.to_owned()).await;
        assert_eq!((answer.reason().as_str(), answer.goes_to().as_str()), (reason, LINKED_OPERATION), "{kind}");
        let json = answer.json();
        for text in ["status", "status_en", "text_ru", "text_en"] {
            assert!(json["reason"][text].as_str().is_some_and(|text| !text.is_empty()), "{json}");
        }
    }
    let codes: Vec<_> = told.0.lock().expect("no panic").iter().map(|call| call.resolved.call.id.clone()).collect();
    assert_eq!(codes.len(), cases.len());
    assert!(codes.iter().all(|id| codes.iter().filter(|other| *other == id).count() == 1), "{codes:?}");
}

#[tokio::test]
async fn an_operation_is_named_by_the_query_or_the_body_and_must_be_where_there_are_several() {
    let mut scene = Scene::new().await;
    scene.add("second", "token-of-the-second-account", "queue:second").await;
    let serving = scene.serve().await;
    let withheld = json!({"caller": null});
    let unnamed = serving.client.call(&withheld).await;
    assert_eq!((unnamed.reason().as_str(), unnamed.goes_to().as_str()), ("operation-unknown", LINKED_OPERATION));
    let by_query = serving.client.call_at("/v1/resolve-call?operation=second", &withheld).await;
    assert_eq!(by_query.goes_to(), "queue:second");
    let by_body = serving.client.call(&json!({"caller": null, "operation": "second"})).await;
    assert_eq!(by_body.goes_to(), "queue:second");
    let request = authorised(Method::POST, "/v1/resolve-call?operation=second").header("content-type", "text/plain");
    let misunderstood = serving.client.send(request, "").await;
    assert_eq!(misunderstood.goes_to(), "queue:second", "even where the rest is not understood");
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_the_call() {
    let mut scene = Scene::new().await;
    let told = Arc::new(Remembering::default());
    scene.observers.push(told.clone());
    scene.fault("contacts:delay-headers=300ms");
    let serving = scene.serve().await;
    let client = serving.client.clone();
    let calling = tokio::spawn(async move { client.call(&json!({"id": "left", "caller": CALLER})).await });
    serving.in_flight(1).await;
    calling.abort();
    crate::scene::until(|| !told.0.lock().expect("no panic").is_empty()).await;
    let calls = told.0.lock().expect("no panic");
    assert_eq!(calls[0].resolved.call.id, "left");
    assert!(matches!(calls[0].resolved.route, call::document::Route::Forward { .. }), "{:?}", calls[0].resolved);
}

#[tokio::test]
async fn too_many_calls_at_once_go_to_the_linked_operation_and_room_comes_back() {
    let mut scene = Scene::new().await;
    scene.settings.max_calls = 2;
    scene.fault("contacts:hang");
    let serving = scene.serve().await;
    let waiting: Vec<_> = (0..2)
        .map(|number| {
            let client = serving.client.clone();
            tokio::spawn(async move { client.call(&json!({"caller": format!("+7916000000{number}")})).await })
        })
        .collect();
    serving.in_flight(2).await;
    let third = serving.client.call(&json!({"caller": CALLER})).await;
    assert_eq!((third.reason().as_str(), third.goes_to().as_str()), ("host-overloaded", LINKED_OPERATION));
    for call in waiting {
        assert_eq!(call.await.expect("no panic").json()["reason"]["class"], "no-answer");
    }
    serving.simulator().set_faults(Vec::new());
    assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
}

/// Whoever looks on may be at fault.
struct Faulty;

impl Observer for Faulty {
    fn finished(&self, _: &FinishedCall) {
        panic!("a fault of the host");
    }
}

#[tokio::test]
async fn d09_a_fault_of_the_host_itself_gives_a_route_too() {
    let mut scene = Scene::new().await;
    scene.observers.push(Arc::new(Faulty));
    let serving = scene.serve().await;
    for call in [json!({"caller": CALLER}), json!({"operation": "nobody's"})] {
        let answer = serving.client.call(&call).await;
        assert_eq!((answer.reason().as_str(), answer.goes_to().as_str()), ("operation-failed", LINKED_OPERATION));
    }
    assert_eq!(serving.node.in_flight(), 0);
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_with_a_problem() {
    let serving = Scene::new().await.serve().await;
    let answer = serving.client.get("/v1/resolve-call").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let answer = serving.client.get("/v1/nothing").await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (StatusCode::NOT_FOUND, Some(404)));
}
