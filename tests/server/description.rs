//! `GET /openapi.json` says what there is, and what there is answers as it says.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::Answer;
use crate::scene::{CALLER, Scene};

/// What a schema refers to, if it refers to something.
fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let path = reference.trim_start_matches('#');
            resolved(description, description.pointer(path).unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => schema,
    }
}

/// What in a value is not as its schema says.
fn misfit(description: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    let schema = resolved(description, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = choices.iter().any(|choice| misfit(description, choice, value, place).is_none());
        return (!fits).then(|| format!("{place} fits none"));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let fits = kinds.iter().any(|kind| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    });
    if !fits {
        return Some(format!("{place} is no {kinds:?}: {value}"));
    }
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(required).is_none() && value.is_object() {
            return Some(format!("{place} lacks {required}"));
        }
    }
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(key)
            && let Some(misfit) = misfit(description, schema, value, &format!("{place}.{key}"))
        {
            return Some(misfit);
        }
    }
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| misfit(description, &schema["items"], item, &format!("{place}[]"))).next()
}

fn assert_described(description: &Value, path: &str, method: &str, answer: &Answer) {
    let status = answer.status.as_str();
    let described = &description["paths"][path][method]["responses"][status];
    assert!(described.is_object(), "{method} {path} answers {status}, which is not described");
    let kind = answer.headers["content-type"].to_str().expect("text").split(';').next().expect("a type");
    let content = &described["content"][kind];
    assert!(content.is_object(), "{method} {path} {status} answers {kind}, which is not described: {described}");
    let wrong = misfit(description, &content["schema"], &answer.json(), path);
    assert_eq!(wrong, None, "{method} {path} {status}");
}

#[tokio::test]
async fn every_route_is_described_and_answers_as_it_says() {
    let serving = Scene::new().await.serve().await;
    let description = serving.client.get("/openapi.json").await.json();
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let paths: Vec<_> = description["paths"].as_object().expect("paths").keys().cloned().collect();
    assert_eq!(
        paths,
        [
            "/livez",
            "/readyz",
            "/v1/integrations/{id}/manager-changed/{key}",
            "/v1/integrations/{id}/presence",
            "/v1/integrations/{id}/uninstalled",
            "/v1/operations",
            "/v1/operations/{id}",
            "/v1/resolve-call",
            "/v1/state",
        ]
    );
    for (path, described) in [
        ("/readyz", "/readyz"),
        ("/v1/operations", "/v1/operations"),
        ("/v1/operations/main", "/v1/operations/{id}"),
        ("/v1/operations/none", "/v1/operations/{id}"),
        ("/v1/state", "/v1/state"),
    ] {
        assert_described(&description, described, "get", &serving.client.get(path).await);
    }
    for call in [json!({"caller": CALLER}), json!({"caller": null}), json!([])] {
        assert_described(&description, "/v1/resolve-call", "post", &serving.client.call(&call).await);
    }
    let refused = serving.client.send(http::Request::post("/v1/resolve-call"), "").await;
    assert_described(&description, "/v1/resolve-call", "post", &refused);
}

#[tokio::test]
async fn every_described_route_is_there_and_asks_for_the_proof_that_it_says() {
    let serving = Scene::new().await.serve().await;
    let description = serving.client.get("/openapi.json").await.json();
    let schemes = &description["components"]["securitySchemes"];
    assert!(schemes["bearer"].is_object() && schemes["signature"].is_object(), "{schemes}");
    for (path, methods) in description["paths"].as_object().expect("paths") {
        let target = path.replace("{id}", "main").replace("{key}", "none");
        for (method, route) in methods.as_object().expect("methods") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let request = http::Request::builder().method(&method).uri(&target);
            let status = serving.client.send(request, "").await.status;
            let open = route["security"] == json!([{}]);
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path} is not there");
            assert_eq!(status == StatusCode::UNAUTHORIZED, !open, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn the_state_says_what_the_node_is_made_of_and_what_other_rooms_add() {
    let mut scene = Scene::new().await;
    scene.extras.state.push(("call_details", Box::new(|| json!({"kept": 7}))));
    let serving = scene.serve().await;
    let state = serving.client.get("/v1/state").await.json();
    assert_eq!(state["call_details"]["kept"], 7);
    assert_eq!((&state["operations"][0]["id"], &state["operations"][0]["shadow"]), (&json!("main"), &json!(null)));
    let integration = &state["integrations"][0];
    assert_eq!((&integration["on"], &integration["budget"]["requests_per_second"]), (&json!(true), &json!(50)));
    assert_eq!(integration["circuit"]["state"], "closed");
    assert_eq!(integration["access"]["kind"], "long-lived");
    assert!(!state.to_string().contains("token-of-the-first-account"), "{state}");
}
