//! What amoCRM and its pages report to the host: presence, a changed manager, the end of an integration. As requests that a server would get.

use amocrm_simulator::Endpoint;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::access::{Node, WEBHOOK_KEY};
use crate::support::{ANNA, BORIS, CALLER};

/// The caller's contact.
const CONTACT: u64 = 3;

async fn send(node: &Node, request: http::request::Builder, body: String) -> Response<Bytes> {
    let response = node.hooks.answer(&request.body(Bytes::from(body)).expect("a request")).await;
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
