//! Hours, then the manager, then the queue, through a server (rule E3).

use host_harness::WORKING_HOURS;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use test_support::{CALLER, engine};

use crate::configuration::{change, home, serve, simulator, written};
use crate::scene::Scene;

/// 2026-11-22, when scenes begin, is a Sunday; 09:00Z is noon in Moscow.
#[tokio::test]
async fn e3_in_hours_the_manager_rings_and_out_of_hours_the_voicemail_takes_the_call() {
    let mut scene = Scene::empty();
    scene.add("hours", "token-of-the-first-account", "queue:any").await;
    scene.add("manager", "token-of-the-second-account", "queue:sales").await;
    scene.exits = vec![("hours", "in-hours", "operation:manager"), ("hours", "out-of-hours", "voicemail:night")];
    scene.components = vec![("hours", engine().load(WORKING_HOURS).expect("it fits the contract"))];
    scene.integrations[0].time_zone = Some("Europe/Moscow".to_owned());
    scene.steps[0].3.insert("week".to_owned(), "sun 10:00-14:00".to_owned());
    let serving = scene.serve().await;
    let call = async || {
        let call = json!({"caller": CALLER, "called": "101", "operation": "hours"});
        serving.client.call(&call).await.json()
    };
    let inside = call().await;
    assert_eq!((&inside["placement"], &inside["route"]["employee"]["id"]), (&json!("manager"), &json!("anna")));
    assert_eq!(inside["steps"][0]["reason"]["code"], "in-hours");
    assert_eq!(inside["steps"][0]["details"]["line"], "sun 10:00-14:00");
    assert_eq!(inside["route"]["then"], "queue:sales");
    serving.clock.advance(SignedDuration::from_hours(2));
    let outside = call().await;
    assert_eq!(outside["route"], json!({"kind": "linked-operation", "target": "voicemail:night"}), "{outside}");
    assert_eq!((&outside["reason"]["code"], &outside["reason"]["class"]), (&json!("out-of-hours"), &json!("exit")));
    assert_eq!(serving.simulators[1].requests().len(), 1, "out of hours nobody is asked");
}

/// As the console does it.
#[tokio::test(flavor = "multi_thread")]
async fn e3_it_is_placed_over_http_by_its_name() {
    let (home, _) = home(&simulator().await, "");
    let process = serve(&home);
    let client = &process.client;
    let step = |component: &str| json!({"id": "hours", "component": component, "linked_operation": "queue:any", "exits": {"in-hours": "operation:main"}});
    let refused = change(client, Method::POST, "/v1/operations", &step("closing-hours")).await;
    assert_eq!((refused.status, &refused.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/component")));
    let added = change(client, Method::POST, "/v1/operations", &step("working-hours")).await;
    assert!(added.status.is_success(), "{}", added.json());
    assert!(written(&home).contains("component = \"working-hours\""));
    let settings = json!({"settings": {"week": ["mon-sun 00:00-24:00"], "time_zone": "Europe/Moscow"}});
    let changed = change(client, Method::PATCH, "/v1/operations/hours", &settings).await;
    assert!(changed.status.is_success(), "{}", changed.json());
    let answer: Value = client.call(&json!({"caller": "", "operation": "hours"})).await.json();
    assert_eq!(answer["steps"][0]["reason"]["code"], "in-hours", "{answer}");
    assert_eq!(answer["reason"]["code"], "caller-hidden");
}
