//! What amoCRM and its pages report to the host: presence, a changed manager, the end of an integration. As requests that a server would get.

use amocrm_simulator::Endpoint;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use test_support::{ANNA, BORIS, CALLER};
use tower::ServiceExt;

use crate::access::{Node, WEBHOOK_KEY};

const FORM: &str = "application/x-www-form-urlencoded";
const PROBLEM: &str = "application/problem+json";
/// The caller's contact.
const CONTACT: u64 = 3;

async fn send(node: &Node, request: http::request::Builder, body: String) -> Response<Bytes> {
    let request = request.body(Body::from(body)).expect("a request");
    let (head, body) = node.hooks.clone().oneshot(request).await.expect("an answer").into_parts();
    let response = Response::from_parts(head, body.collect().await.expect("a whole body").to_bytes());
    let shown = format!("{response:?}");
    assert!(!shown.contains(WEBHOOK_KEY), "{shown}");
    response
}

async fn report(node: &Node, integration: &str, token: &str) -> StatusCode {
    let request = Request::post(format!("/v1/integrations/{integration}/presence")).header("x-auth-token", token);
    send(node, request, String::new()).await.status()
}

async fn webhook(node: &Node, key: &str) -> StatusCode {
    let body = node.simulator.responsible_changed_webhook(CONTACT).expect("a contact of the account");
    send(node, Request::post(format!("/v1/integrations/main/manager-changed/{key}")), body).await.status()
}

/// The answer to a webhook with the right key, this type and this body.
async fn said_to(node: &Node, kind: &str, body: &str) -> Response<Bytes> {
    let request = Request::post(format!("/v1/integrations/main/manager-changed/{WEBHOOK_KEY}"));
    send(node, request.header("content-type", kind), body.to_owned()).await
}

#[tokio::test]
async fn o7_the_widgets_report_makes_a_manager_present_once_for_one_token() {
    let node = Node::considering_status().await;
    let boris = node.simulator.disposable_token(BORIS).expect("with OAuth");
    assert_eq!(report(&node, "main", &boris).await, StatusCode::NO_CONTENT);
    assert_eq!(node.call(CALLER).await.code(), "manager-absent", "presence is fed, and Anna was never seen");
    let anna = node.simulator.disposable_token(ANNA).expect("with OAuth");
    assert_eq!(report(&node, "main", &anna).await, StatusCode::NO_CONTENT);
    let outcome = node.call(CALLER).await;
    assert_eq!((outcome.employee(), outcome.detail("status_evidence").as_str()), (Some("anna"), Some("presence")));
    assert_eq!(report(&node, "main", &anna).await, StatusCode::CONFLICT);
    assert!(!node.simulator.requests().iter().any(|request| request.endpoint == Some(Endpoint::Events)));
}

#[tokio::test]
async fn a_changed_manager_is_seen_at_the_next_call_and_without_the_webhook_after_six_hours() {
    let node = Node::considering_status().await;
    for user in [ANNA, BORIS] {
        let token = node.simulator.disposable_token(user).expect("with OAuth");
        assert_eq!(report(&node, "main", &token).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(node.call(CALLER).await.employee(), Some("anna"));
    node.simulator.update(|account| {
        account.contact_mut(CONTACT).expect("the caller's contact").responsible_user_id = Some(BORIS);
    });
    assert_eq!(node.call(CALLER).await.employee(), Some("anna"), "O5: inside the six hours a change is not seen");
    assert_eq!(webhook(&node, "another-key-0123456789").await, StatusCode::NOT_FOUND);
    assert_eq!(node.call(CALLER).await.employee(), Some("anna"), "who does not know the key changes nothing");
    assert_eq!(webhook(&node, WEBHOOK_KEY).await, StatusCode::NO_CONTENT);
    let outcome = node.call(CALLER).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("boris"), Some("crm")));
}

#[tokio::test]
async fn b5_a_deleted_contact_is_forgotten_though_its_webhook_says_an_id_alone() {
    let node = Node::considering_status().await;
    let anna = node.simulator.disposable_token(ANNA).expect("with OAuth");
    assert_eq!(report(&node, "main", &anna).await, StatusCode::NO_CONTENT);
    for (body, source) in
        [("contacts[delete][0][id]=4", "cache"), ("contacts%5Bdelete%5D%5B0%5D%5Bid%5D=3&account%5Bid%5D=1", "crm")]
    {
        node.call(CALLER).await;
        assert_eq!(node.call(CALLER).await.source(), Some("cache"));
        assert_eq!(said_to(&node, FORM, body).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(node.call(CALLER).await.source(), Some(source), "{body}");
    }
}

#[tokio::test]
async fn b5_what_is_no_webhook_is_refused_with_a_problem_that_says_why() {
    let node = Node::considering_status().await;
    for (kind, body, status, part) in [
        (FORM, "", StatusCode::BAD_REQUEST, "empty"),
        ("application/json", r#"{"contacts":{"delete":[{"id":3}]}}"#, StatusCode::UNSUPPORTED_MEDIA_TYPE, "JSON"),
        ("multipart/form-data; boundary=b", "--b", StatusCode::UNSUPPORTED_MEDIA_TYPE, "multipart"),
        (FORM, "aliens[add][0][id]=3", StatusCode::BAD_REQUEST, "aliens"),
    ] {
        let refusal = said_to(&node, kind, body).await;
        assert_eq!(refusal.status(), status, "{body}");
        assert_eq!(refusal.headers()["content-type"], PROBLEM, "{body}");
        let text = String::from_utf8_lossy(refusal.body()).into_owned();
        assert!(text.contains(part), "{text}");
    }
    let other = said_to(&node, FORM, "task[add][0][id]=3&account[id]=1").await;
    assert_eq!(other.status(), StatusCode::NO_CONTENT, "amoCRM would switch the webhook off");
}

#[tokio::test]
async fn o6_the_uninstall_hook_switches_the_integration_off() {
    let node = Node::considering_status().await;
    let query = node.simulator.uninstall().expect("with OAuth");
    let forged = query.replace("account_id=", "account_id=1");
    for (query, status) in [(forged, StatusCode::FORBIDDEN), (query, StatusCode::OK)] {
        let request = Request::get(format!("/v1/integrations/main/uninstalled?{query}"));
        assert_eq!(send(&node, request, String::new()).await.status(), status);
    }
    assert_eq!(node.call(CALLER).await.code(), "integration-off");
}

#[tokio::test]
async fn what_is_no_hook_of_an_integration_is_not_found() {
    let node = Node::considering_status().await;
    let token = node.simulator.disposable_token(ANNA).expect("with OAuth");
    assert_eq!(report(&node, "another", &token).await, StatusCode::NOT_FOUND);
    for path in ["/", "/v1", "/v1/integrations/main", "/v1/integrations/main/calls", "/v1/integrations/%FF/presence"] {
        assert_eq!(send(&node, Request::post(path), String::new()).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let huge = "x".repeat(64 * 1024 + 1);
    let request = Request::post(format!("/v1/integrations/main/manager-changed/{WEBHOOK_KEY}"));
    assert_eq!(send(&node, request, huge).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
