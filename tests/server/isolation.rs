//! Several integrations and operations in one node: none sees another's.

use http::{Request, StatusCode};
use serde_json::json;
use test_support::CALLER;

use crate::scene::{Scene, Serving};

const ANNA: u64 = 504_141;
const BORIS: u64 = 504_142;
/// The caller's contact, in both accounts.
const CONTACT: u64 = 3;

async fn goes_to(serving: &Serving, operation: &str) -> String {
    serving.client.call(&json!({"caller": CALLER, "operation": operation})).await.goes_to()
}

async fn two() -> Scene {
    let mut scene = Scene::new().await;
    scene.add("second", "token-of-the-second-account", "queue:second").await;
    scene
}

#[tokio::test]
async fn each_has_its_own_secrets_linked_operation_settings_and_kept_managers() {
    let mut scene = two().await;
    scene.steps[1].3.insert("waiting_time".to_owned(), "1s".to_owned());
    let serving = scene.serve().await;
    serving.simulators[1].update(|account| {
        account.contact_mut(CONTACT).expect("the caller's contact").responsible_user_id = Some(BORIS);
    });
    // An account refuses the other's token with 401, so an answer proves whose token was sent.
    assert_eq!(goes_to(&serving, "main").await, "anna");
    assert_eq!(goes_to(&serving, "second").await, "boris", "the manager kept for the first is not the second's");
    for (simulator, others) in [(0, "second"), (1, "first")] {
        let requests = serving.simulators[simulator].requests();
        assert!(!requests.is_empty() && requests.iter().all(|request| request.status == Some(200)), "{requests:?}");
        let shown = format!("{requests:?}");
        assert!(!shown.contains(&format!("token-of-the-{others}-account")), "{shown}");
    }
    for (operation, linked, waiting_time) in [("main", "queue:sales", 3_000), ("second", "queue:second", 1_000)] {
        let answer = serving.client.call(&json!({"caller": null, "operation": operation})).await;
        assert_eq!(answer.goes_to(), linked);
        assert_eq!(answer.json()["details"]["waiting_time_ms"], waiting_time);
        let shown = serving.client.get(&format!("/v1/operations/{operation}")).await.json();
        assert_eq!((&shown["integration"], &shown["waiting_time_ms"]), (&json!(operation), &json!(waiting_time)));
    }
}

#[tokio::test]
async fn two_operations_of_one_integration_share_it_and_keep_their_own_settings() {
    let mut scene = Scene::new().await;
    scene.steps.push(("night".to_owned(), "main".to_owned(), "queue:night".to_owned(), [].into()));
    let serving = scene.serve().await;
    assert_eq!(goes_to(&serving, "main").await, "anna");
    let second = serving.client.call(&json!({"caller": CALLER, "operation": "night"})).await;
    assert_eq!(
        (&second.json()["details"]["manager_source"], &second.json()["route"]["then"]),
        (&json!("cache"), &json!("queue:night"))
    );
}

#[tokio::test]
async fn a_budget_that_is_spent_and_a_circuit_that_is_open_are_ones_own() {
    let mut scene = two().await;
    scene.integrations[0].requests_per_second = 1;
    let serving = scene.serve().await;
    // The first account is out of turns for its waiting time; the second does not notice.
    let callers = (0..12).map(|number| json!({"caller": format!("+791600000{number:02}"), "operation": "main"}));
    let first: Vec<_> = callers
        .map(|call| {
            let client = serving.client.clone();
            tokio::spawn(async move { client.call(&call).await })
        })
        .collect();
    crate::scene::until(|| serving.node.in_flight() > 0).await;
    assert_eq!(goes_to(&serving, "second").await, "anna");
    let mut refused = 0;
    for call in first {
        refused +=
            usize::from(call.await.expect("no panic").json()["details"]["exchanges"].to_string().contains("budget"));
    }
    assert!(refused > 0, "the first account's budget was spent");
    serving.simulators[0].add_fault("contacts:status=429".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    serving.client.call(&json!({"caller": "+79160000099", "operation": "main"})).await;
    let state = serving.client.get("/v1/state").await.json();
    let circuits: Vec<_> = ["main", "second"].iter().map(|id| circuit(&state, id)).collect();
    assert_eq!(circuits, ["open", "closed"], "{state}");
}

fn circuit(state: &serde_json::Value, id: &str) -> String {
    let integrations = state["integrations"].as_array().expect("a list");
    let integration = integrations.iter().find(|integration| integration["id"] == id).expect("the integration");
    integration["circuit"]["state"].as_str().expect("a state").to_owned()
}

#[tokio::test]
async fn presence_and_webhooks_are_of_one_integration_alone() {
    let mut scene = Scene::empty();
    scene.add_oauth("main", "queue:sales").await;
    scene.add_oauth("second", "queue:second").await;
    for integration in &mut scene.integrations {
        integration.configuration.set("consider_manager_status", "true");
    }
    let serving = scene.serve().await;
    serving.connect("main", 0).await;
    serving.connect("second", 1).await;
    let token = serving.simulators[0].disposable_token(ANNA).expect("with OAuth");
    // The two simulated accounts know the same client; their addresses are what tells them apart.
    let foreign = Request::post("/v1/integrations/second/presence").header("x-auth-token", &token);
    assert_eq!(serving.client.send(foreign, "").await.status, StatusCode::UNAUTHORIZED);
    let own = Request::post("/v1/integrations/main/presence").header("x-auth-token", &token);
    assert_eq!(serving.client.send(own, "").await.status, StatusCode::NO_CONTENT);
    let evidence = |operation: &'static str| {
        let client = serving.client.clone();
        async move {
            let answer = client.call(&json!({"caller": CALLER, "operation": operation})).await;
            answer.json()["details"]["status_evidence"].clone()
        }
    };
    assert_eq!(evidence("main").await, json!("presence"));
    assert_ne!(evidence("second").await, json!("presence"), "nobody reported presence there");
    let form = serving.simulators[0].responsible_changed_webhook(CONTACT).expect("a contact");
    let request = Request::post("/v1/integrations/second/manager-changed/webhook-key-of-main-0123456789");
    assert_eq!(serving.client.send(request, form).await.status, StatusCode::NOT_FOUND, "another's key");
}
