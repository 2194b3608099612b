//! Control over HTTP, for a simulator in another process.

use amocrm_simulator::{Options, RateLimit};
use http::Method;
use serde_json::json;

use super::client::{Bench, NOON, Reply, at_noon};
use super::oauth::{pair, with_oauth};

async fn control(bench: &Bench, method: Method, path: &str, body: &str) -> Reply {
    bench.send(method, &format!("/_simulator/{path}"), None, body).await.unwrap()
}

#[tokio::test]
async fn requests_are_listed_and_forgotten() {
    let bench = Bench::demo().await;
    bench.get("/api/v4/contacts?query=1").await;
    let listed = control(&bench, Method::GET, "requests", "").await.json();
    assert_eq!((listed["count"].as_u64(), listed["connections"].as_u64()), (Some(1), Some(1)));
    assert_eq!(listed["requests"][0]["path"], "/api/v4/contacts");
    assert_eq!(listed["requests"][0]["query"], json!([["query", "1"]]));
    assert_eq!(listed["requests"][0]["at"], NOON);
    assert_eq!(control(&bench, Method::DELETE, "requests", "").await.status, 204);
    assert_eq!(control(&bench, Method::GET, "requests", "").await.json()["count"], 0);
}

#[tokio::test]
async fn faults_are_replaced_by_texts_and_objects() {
    let bench = Bench::demo().await;
    let rules = r#"["contacts:status=503,times=1", {"endpoint": "users", "kind": "unpaid-402"}]"#;
    let reply = control(&bench, Method::PUT, "faults", rules).await;
    assert_eq!(
        reply.json(),
        json!([{"endpoint": "contacts", "kind": "status", "code": 503, "times": 1}, {"endpoint": "users", "kind": "unpaid-402"}])
    );
    assert_eq!(control(&bench, Method::GET, "faults", "").await.json(), reply.json());
    assert_eq!(bench.get("/api/v4/contacts").await.status, 503);
    assert_eq!(bench.get("/api/v4/contacts").await.status, 200);
    assert_eq!(bench.get("/api/v4/users").await.status, 402);
    assert_eq!(control(&bench, Method::DELETE, "faults", "").await.status, 204);
    assert_eq!(bench.get("/api/v4/users").await.status, 200);
}

#[tokio::test]
async fn a_contact_gets_another_manager() {
    let bench = Bench::demo().await;
    for (method, body, manager) in [
        (Method::POST, r#"{"responsible_user_id": 504143}"#, json!(504_143)),
        (Method::PATCH, r#"{"responsible_user_id": null}"#, json!(null)),
    ] {
        assert_eq!(control(&bench, method, "contacts/3", body).await.status, 204);
        let contact = bench.get("/api/v4/contacts/3").await.json();
        assert_eq!(contact["responsible_user_id"], manager);
        assert_eq!(contact["updated_at"], 1_795_424_400);
    }
}

#[tokio::test]
async fn the_block_is_seen_and_lifted() {
    let limit = RateLimit { per_second: 0, block_after: 1, json: false };
    let bench = Bench::start(Options { rate_limit: Some(limit), ..at_noon() }).await;
    bench.get("/api/v4/account").await;
    let limits = control(&bench, Method::GET, "limits", "").await.json();
    assert_eq!(limits, json!({"blocked": true, "most_in_a_second": 1}));
    assert_eq!(control(&bench, Method::POST, "unblock", "").await.status, 204);
    assert_eq!(control(&bench, Method::GET, "limits", "").await.json()["blocked"], false);
    control(&bench, Method::DELETE, "requests", "").await;
    assert_eq!(control(&bench, Method::GET, "limits", "").await.json()["most_in_a_second"], 0);
}

#[tokio::test]
async fn the_account_moves_and_the_integration_ends() {
    let bench = with_oauth(at_noon()).await;
    let (access, _) = pair(&bench).await;
    let base = control(&bench, Method::POST, "rename", "").await.json()["base_url"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {access}");
    let account = async || {
        let headers = [("authorization", bearer.as_str())];
        bench.send_to(&base, Method::GET, "/api/v4/account", &headers, "").await.unwrap().status.as_u16()
    };
    assert_eq!(account().await, 200);
    let token = control(&bench, Method::POST, "disposable-token", "{\"user_id\": 504142}").await.json();
    assert_eq!(token["token"].as_str().unwrap().split('.').count(), 3);
    let query = control(&bench, Method::POST, "uninstall", "").await.json();
    assert!(query["query"].as_str().unwrap().starts_with("account_id=28805383&client_uuid="), "{query}");
    assert_eq!(account().await, 401);
}

#[tokio::test]
async fn the_webhook_of_a_contact_is_handed_out() {
    let bench = Bench::demo().await;
    let reply = control(&bench, Method::GET, "contacts/3/webhook", "").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/x-www-form-urlencoded"));
    assert_eq!(reply.body, bench.simulator.responsible_changed_webhook(3).unwrap());
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let bench = Bench::demo().await;
    for (method, path, body, status, part) in [
        (Method::PUT, "faults", "[\"explode\"]", 400, "explode"),
        (Method::PUT, "faults", "", 400, "EOF"),
        (Method::POST, "contacts/3", "{}", 400, "responsible_user_id"),
        (Method::POST, "contacts/999", "{\"responsible_user_id\":1}", 404, "999"),
        (Method::GET, "nowhere", "", 404, ""),
        (Method::POST, "requests", "", 405, ""),
        (Method::POST, "faults", "", 405, ""),
        (Method::GET, "contacts/3", "", 405, ""),
        (Method::POST, "contacts/3/webhook", "", 405, ""),
        (Method::GET, "contacts/999/webhook", "", 404, "999"),
        (Method::POST, "limits", "", 405, ""),
        (Method::GET, "rename", "", 405, ""),
        (Method::POST, "uninstall", "", 409, "without OAuth"),
        (Method::POST, "disposable-token", "{\"user_id\":1}", 409, "without OAuth"),
        (Method::POST, "disposable-token", "{}", 400, "user_id"),
    ] {
        let reply = control(&bench, method, path, body).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert!(reply.json()["detail"].as_str().unwrap().contains(part), "{path}: {reply:?}");
    }
    assert_eq!(bench.simulator.count(), 0);
}
