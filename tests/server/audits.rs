//! An account is audited over HTTP while calls come in.

use std::sync::Arc;
use std::time::Duration;

use amocrm::audit::{self, Subject};
use amocrm::integration::{Integration, IntegrationSettings};
use amocrm_simulator::FaultRule;
use http::{Method, StatusCode};
use node::ToPlace;
use runtime::capabilities::http::Ask;
use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::PATIENCE;

use crate::scene::{Scene, Serving};

const AUDITS: &str = "/v1/integrations/main/audits";

async fn begun(serving: &Serving) -> Value {
    let answer = serving.client.with_token(Method::POST, AUDITS, "").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    answer.json()
}

/// The audit when it has ended.
async fn ended(serving: &Serving, audit: &Value) -> Value {
    let path = format!("{AUDITS}/{}", audit["id"]);
    let wait = async {
        loop {
            let audit = serving.client.get(&path).await.json();
            if audit["state"] != "running" {
                return audit;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it ends in time")
}

#[tokio::test]
async fn an_audit_is_begun_and_finds_what_the_command_finds() {
    let serving = Scene::new().await.serve().await;
    let audit = ended(&serving, &begun(&serving).await).await;
    assert_eq!((&audit["id"], &audit["state"], &audit["progress"]), (&json!(1), &json!("done"), &Value::Null));
    let revision = serving.node.revision();
    let integration = &revision.integrations()["main"];
    let settings = integration.settings();
    let subject = Subject {
        http: integration.http(),
        account: &integration.account().expect("an account"),
        default_country: settings.default_country().expect("a country"),
        employees: &settings.employees,
        how: Ask::AsIntegration,
        interval: Duration::ZERO,
    };
    let report = serde_json::to_value(audit::run(&subject, |_, _| ()).await.expect("amoCRM answers")).expect("JSON");
    assert!(!report["findings"].as_array().expect("a list").is_empty(), "{report}");
    for (key, value) in report.as_object().expect("an object") {
        assert_eq!(&audit[key], value, "{key}");
    }
}

#[tokio::test]
async fn one_audit_runs_at_a_time_and_ends_where_the_integration_is_changed() {
    let serving = Scene::new().await.serve().await;
    serving.simulator().add_fault("users:hang".parse::<FaultRule>().expect("a fault"));
    let (first, second) = (begun(&serving).await, begun(&serving).await);
    assert_eq!((&first["id"], &first["state"]), (&json!(1), &json!("running")));
    assert_eq!(second["id"], first["id"], "the one that runs is answered");
    assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna", "calls go on");
    // The same, switched off.
    let before = serving.node.revision();
    let placement = &before.placements()[0];
    let settings = IntegrationSettings { enabled: false, ..placement.integration().settings().clone() };
    let changed: Arc<Integration> =
        placement.integration().with_settings(settings, serving.clock.clone()).expect("a usable integration");
    let to_place = ToPlace {
        id: placement.id(),
        integration: "main",
        exits: placement.exits().clone(),
        settings: placement.settings().clone(),
        operation: placement.configured().placed.operation().clone(),
    };
    let next = before.next().integration("main", changed).place(to_place).await.expect("it fits");
    serving.node.replace(next.build().expect("a scenario"));
    let audit = ended(&serving, &first).await;
    assert_eq!(audit["state"], "failed");
    assert!(audit["detail"].as_str().is_some_and(|detail| detail.contains("changed or removed meanwhile")), "{audit}");
    assert!(audit["detail_ru"].as_str().is_some_and(|detail| detail.contains("изменили или удалили")), "{audit}");
}

#[tokio::test]
async fn why_an_audit_failed_is_said_in_both_languages_and_the_last_ones_are_kept() {
    let serving = Scene::new().await.serve().await;
    serving.simulator().add_fault("users:unauthorized-401".parse::<FaultRule>().expect("a fault"));
    for number in 1..=4 {
        let audit = ended(&serving, &begun(&serving).await).await;
        assert_eq!((&audit["id"], &audit["state"], &audit["findings"]), (&json!(number), &json!("failed"), &json!([])));
        assert_eq!(
            (&audit["detail"], &audit["detail_ru"]),
            (
                &json!(
                    "the list of users cannot be read: amoCRM answered 401 Unauthorized; the access token is not accepted, give the integration another one"
                ),
                &json!(
                    "список пользователей не прочитан: amoCRM ответила 401 Unauthorized; токен доступа не принят, дайте интеграции другой"
                )
            )
        );
    }
    let kept = serving.client.get(AUDITS).await.json();
    let ids: Vec<_> = kept["audits"].as_array().expect("a list").iter().map(|audit| audit["id"].clone()).collect();
    assert_eq!(ids, [4, 3, 2], "the newest first");
    assert_eq!(serving.client.get(&format!("{AUDITS}/1")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(serving.client.get("/v1/integrations/none/audits").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_integration_without_access_is_not_audited() {
    let mut scene = Scene::empty();
    scene.add_oauth("main", "queue:sales").await;
    let serving = scene.serve().await;
    let answer = serving.client.with_token(Method::POST, AUDITS, "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
    assert!(answer.json()["detail_ru"].as_str().is_some_and(|detail| detail.contains("подключите её")), "{answer:?}");
}
