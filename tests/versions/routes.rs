//! The same over HTTP.

use axum::Router;
use axum::body::Body;
use host_harness::OPERATION;
use hostile_components::{FOREIGN_IMPORT, OWN_CONFIGURATION, TRAP};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use server::scope::Scope;
use server::{Identity, components};
use test_support::Scene;
use tower::ServiceExt;

use crate::scene::{Fixture, variant};

/// The routes, asked by a manager.
fn router(fixture: &Fixture) -> Router {
    let manager = axum::Extension(Identity::new("the tests", Scope::Manager));
    Router::from(components::routes(fixture.versions.clone()).into_routes()).layer(manager)
}

async fn send(router: &Router, method: Method, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let response = router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let status = response.status();
    if !status.is_success() {
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_component_is_uploaded_activated_and_rolled_back() {
    let fixture = Fixture::new(None).await;
    let described = components::routes(fixture.versions.clone()).into_routes().into_openapi();
    assert!(described.paths.paths.contains_key("/v1/operations/{id}/shadow"));
    let router = router(&fixture);
    let configured = fixture.in_force();
    let (status, uploaded) = send(&router, Method::POST, "/v1/components", variant("two")).await;
    assert_eq!(status, StatusCode::CREATED);
    let digest = uploaded["digest"].as_str().unwrap();
    assert_eq!(uploaded["size"], variant("two").len());
    assert_eq!(uploaded["description"]["id"], "forward-to-personal-manager");
    let asked = &uploaded["requirements"];
    assert_eq!(asked["capabilities"][0], "http-to-account", "{uploaded}");
    assert_eq!((&asked["size"], &asked["waiting_time"]["maximum_ms"]), (&uploaded["size"], &json!(30_000)));
    assert!(asked["settings"][0]["key"].is_string() && asked["memory_at_rest"].is_u64(), "{asked}");
    assert_eq!(send(&router, Method::POST, "/v1/components", variant("two")).await.0, StatusCode::OK);

    let wanted = json!({"digest": digest.to_uppercase(), "by": "anna"}).to_string();
    let (status, in_force) = send(&router, Method::PUT, "/v1/operations/main/component", wanted).await;
    assert_eq!((status, in_force["component"].as_str()), (StatusCode::OK, Some(digest)));
    assert_eq!(in_force["history"][0]["by"], "anna");
    assert_eq!(fixture.call("1").await.resolved.component(), digest);
    let (_, listed) = send(&router, Method::GET, "/v1/components", "").await;
    let active: Vec<_> = listed["components"].as_array().unwrap().iter().map(|one| &one["active_at"]).collect();
    assert_eq!(active, [&json!(["main"]), &json!([])]);
    let (status, one) = send(&router, Method::GET, &format!("/v1/components/{digest}"), "").await;
    assert_eq!((status, &one["description"]["version"]), (StatusCode::OK, &json!(1)));

    let (status, back) = send(&router, Method::POST, "/v1/operations/main/rollback", "").await;
    assert_eq!((status, back["component"].as_str()), (StatusCode::OK, Some(configured.as_str())));
    assert_eq!(send(&router, Method::POST, "/v1/operations/main/rollback", "").await.0, StatusCode::CONFLICT);
    let (_, shown) = send(&router, Method::GET, "/v1/operations/main/component", "").await;
    assert_eq!(shown["history"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_shadow_is_started_shown_and_ended() {
    let fixture = Fixture::new(None).await;
    let router = router(&fixture);
    let path = "/v1/operations/main/shadow";
    assert_eq!(send(&router, Method::GET, path, "").await.0, StatusCode::NOT_FOUND);
    let digest = fixture.upload(TRAP).await;
    let (status, refused) = send(&router, Method::PUT, path, json!({"digest": digest}).to_string()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused["detail"].as_str().unwrap().contains("it is the operation `hostile`"), "{refused}");
    let insisting = json!({"digest": digest, "insist": true}).to_string();
    let (status, _) = send(&router, Method::PUT, path, insisting).await;
    assert_eq!(status, StatusCode::OK);
    fixture.call("1").await;
    crate::scene::until("the shadow has followed", || async {
        send(&router, Method::GET, path, "").await.1["compared"] == 1
    })
    .await;
    let (_, found) = send(&router, Method::GET, path, "").await;
    assert_eq!((&found["different"], &found["kinds"]["route"]), (&json!(1), &json!(1)));
    assert_eq!(found["differences"][0]["shadow"]["reason"], "operation-failed");
    assert_eq!(send(&router, Method::DELETE, path, "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(send(&router, Method::GET, path, "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_version_that_does_not_fit_is_refused_with_a_list_for_programs() {
    let fixture = Fixture::with(Scene::new().await, None, &[("waiting_time", "2s")]).await;
    let router = router(&fixture);
    let wanted = json!({"digest": fixture.upload(OWN_CONFIGURATION).await}).to_string();
    for path in ["/v1/operations/main/component", "/v1/operations/main/shadow"] {
        let (status, refused) = send(&router, Method::PUT, path, wanted.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let found: Vec<_> =
            refused["findings"].as_array().unwrap().iter().map(|one| (&one["kind"], &one["key"])).collect();
        assert_eq!(
            found,
            [
                (&json!("other-operation"), &Value::Null),
                (&json!("setting"), &json!("waiting_time")),
                (&json!("missing-configuration"), &json!("shop")),
            ],
            "{refused}"
        );
        for finding in refused["findings"].as_array().unwrap() {
            let [what, fix] = ["what", "fix"].map(|field| finding[field].as_str().unwrap());
            assert!(!what.is_empty() && !fix.is_empty(), "{finding}");
            assert!(refused["detail"].as_str().unwrap().contains(&format!("{what}: {fix}")), "{refused}");
        }
        let (status, refused) = send(&router, Method::POST, "/v1/components", FOREIGN_IMPORT).await;
        assert_eq!((status, &refused["findings"][0]["kind"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("contract")));
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let fixture = Fixture::new(None).await;
    let router = router(&fixture);
    let (status, refused) = send(&router, Method::POST, "/v1/components", FOREIGN_IMPORT).await;
    assert_eq!((status, &refused["status"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(422)));
    let findings = refused["findings"].as_array().unwrap();
    assert!(!findings.is_empty() && findings.iter().all(|finding| finding["fix"].as_str().is_some()));
    let large = vec![0; node::library::LARGEST_COMPONENT + 1];
    assert_eq!(send(&router, Method::POST, "/v1/components", large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let unknown = json!({"digest": "0".repeat(64)}).to_string();
    let put = |path: &'static str, body: String| send(&router, Method::PUT, path, body);
    assert_eq!(put("/v1/operations/main/component", unknown.clone()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(put("/v1/operations/none/component", unknown).await.0, StatusCode::NOT_FOUND);
    let (status, refused) = put("/v1/operations/main/component", "{}".to_owned()).await;
    assert!(status.is_client_error() && refused["detail"].as_str().unwrap().contains("digest"), "{refused}");
    assert_eq!(send(&router, Method::GET, "/v1/components/..%2Findex", "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(fixture.upload(OPERATION).await, fixture.in_force());
}
