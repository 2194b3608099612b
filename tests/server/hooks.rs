//! What amoCRM reports, over HTTP and without the server's token.

use http::{Request, StatusCode};
use serde_json::json;
use test_support::CALLER;

use crate::scene::Scene;

const ANNA: u64 = 504_141;
const BORIS: u64 = 504_142;
/// The caller's contact.
const CONTACT: u64 = 3;

#[tokio::test]
async fn b5_a_changed_manager_reaches_the_component_in_force() {
    let serving = Scene::new().await.serve().await;
    let call = json!({"caller": CALLER});
    assert_eq!(serving.client.call(&call).await.goes_to(), "anna");
    serving.simulator().update(|account| {
        account.contact_mut(CONTACT).expect("the caller's contact").responsible_user_id = Some(BORIS);
    });
    let form = serving.simulator().responsible_changed_webhook(CONTACT).expect("a contact of the account");
    for (key, status, employee) in [
        ("another-key-0123456789", StatusCode::NOT_FOUND, "anna"),
        ("webhook-key-of-main-0123456789", StatusCode::NO_CONTENT, "boris"),
    ] {
        let request = Request::post(format!("/v1/integrations/main/manager-changed/{key}"));
        assert_eq!(serving.client.send(request, form.clone()).await.status, status);
        assert_eq!(serving.client.call(&call).await.goes_to(), employee);
    }
    let huge = Request::post("/v1/integrations/main/manager-changed/webhook-key-of-main-0123456789");
    assert_eq!(serving.client.send(huge, "x".repeat(200_000)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_hooks_refuse_is_counted() {
    let mut scene = Scene::empty();
    scene.add_oauth("main", "queue:sales").await;
    scene.integrations[0].configuration.set("consider_manager_status", "true");
    let serving = scene.serve().await;
    serving.connect("main", 0).await;
    let refused = async || serving.client.get("/v1/state").await.json()["webhooks_refused"].clone();
    assert_eq!(refused().await, 0);
    let forged = Request::post("/v1/integrations/main/presence").header("x-auth-token", "e30.e30.e30");
    for (request, expected) in [
        (Request::post("/v1/integrations/main/manager-changed/another-key-0123456789"), 1),
        (forged, 2),
        (Request::get("/v1/integrations/main/uninstalled?account_id=1&client_uuid=2&signature=3"), 3),
    ] {
        let answer = serving.client.send(request, "").await;
        assert!(answer.status.is_client_error(), "{answer:?}");
        assert_eq!(refused().await, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn o7_and_o6_presence_and_the_end_of_an_integration_are_taken_in() {
    let mut scene = Scene::empty();
    scene.add_oauth("main", "queue:sales").await;
    scene.integrations[0].configuration.set("consider_manager_status", "true");
    let serving = scene.serve().await;
    let call = json!({"caller": CALLER});
    assert_eq!(serving.client.call(&call).await.reason(), "integration-off", "not connected yet");
    serving.connect("main", 0).await;
    let token = serving.simulator().disposable_token(ANNA).expect("with OAuth");
    let report = || Request::post("/v1/integrations/main/presence").header("x-auth-token", &token);
    assert_eq!(serving.client.send(report(), "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(serving.client.send(report(), "").await.status, StatusCode::CONFLICT);
    let answer = serving.client.call(&call).await;
    assert_eq!((answer.goes_to().as_str(), &answer.json()["details"]["status_evidence"]), ("anna", &json!("presence")));
    let query = serving.simulator().uninstall().expect("with OAuth");
    let request = Request::get(format!("/v1/integrations/main/uninstalled?{query}"));
    assert_eq!(serving.client.send(request, "").await.status, StatusCode::OK);
    assert_eq!(serving.client.call(&call).await.reason(), "integration-off");
}

#[tokio::test]
async fn tokens_are_kept_fresh_beside_the_calls_and_the_keeping_ends_with_the_server() {
    let mut scene = Scene::empty();
    scene.add_oauth("main", "queue:sales").await;
    let mut serving = scene.serve().await;
    serving.connect("main", 0).await;
    assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    serving.simulator().add_fault("contacts:unauthorized-401".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    let refused = serving.client.call(&json!({"caller": "+79160000001"})).await;
    assert_eq!(refused.reason(), "credentials-rejected");
    crate::scene::until(|| serving.simulator().refreshes().succeeded == 1).await;
    serving.stop();
    serving.ended().await;
}
