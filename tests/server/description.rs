//! `GET /openapi.json` says what there is, and what there is answers as it says.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::{Answer, Client, authorised};
use test_support::{ConnectedHome, OPERATIONS};

use crate::scene::Scene;

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
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().find_map(|part| misfit(description, part, value, place));
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

/// A place in a schema that says nothing of the type of what stands there.
fn untyped(description: &Value, schema: &Value, place: &str, seen: &mut Vec<String>) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        if seen.iter().any(|known| known == reference) {
            return None;
        }
        seen.push(reference.to_owned());
        return untyped(description, resolved(description, schema), reference, seen);
    }
    let parts = ["oneOf", "allOf"].iter().filter_map(|key| schema[key].as_array()).flatten().map(|part| ("|", part));
    let properties = schema["properties"].as_object().into_iter().flatten().map(|(key, schema)| (key.as_str(), schema));
    let members = ["items", "additionalProperties"].iter().filter_map(|key| Some((*key, schema.get(key)?)));
    let inner: Vec<_> = parts.chain(properties).chain(members).collect();
    if inner.is_empty() && (schema["type"].is_null() || schema["type"] == "object" || schema["type"] == "array") {
        return Some(place.to_owned());
    }
    inner.into_iter().find_map(|(key, schema)| untyped(description, schema, &format!("{place}.{key}"), seen))
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
            "/v1/integrations",
            "/v1/integrations/{id}/audits",
            "/v1/integrations/{id}/audits/{number}",
            "/v1/integrations/{id}/connection",
            "/v1/integrations/{id}/connection/answer",
            "/v1/integrations/{id}/employees",
            "/v1/integrations/{id}/manager-changed/{key}",
            "/v1/integrations/{id}/presence",
            "/v1/integrations/{id}/uninstalled",
            "/v1/integrations/{id}/widget",
            "/v1/integrations/{id}/widget.zip",
            "/v1/oauth/callback",
            "/v1/operations",
            "/v1/operations/{id}",
            "/v1/resolve-call",
            "/v1/session",
            "/v1/state",
            "/v1/tokens",
        ]
    );
    for (path, described) in [
        ("/readyz", "/readyz"),
        ("/v1/operations", "/v1/operations"),
        ("/v1/operations/main", "/v1/operations/{id}"),
        ("/v1/operations/none", "/v1/operations/{id}"),
        ("/v1/integrations", "/v1/integrations"),
        ("/v1/integrations/main/employees", "/v1/integrations/{id}/employees"),
        ("/v1/integrations/none/employees", "/v1/integrations/{id}/employees"),
        ("/v1/integrations/main/audits", "/v1/integrations/{id}/audits"),
        ("/v1/integrations/main/audits/9", "/v1/integrations/{id}/audits/{number}"),
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
    assert!(schemes["bearer"].is_object() && schemes["session"].is_object(), "{schemes}");
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

/// A path of the description with something in its places that is there, where there can be.
fn target(path: &str, operation: &Value) -> String {
    let component = operation["component"].as_str().expect("a digest");
    let id = if path.starts_with("/v1/calls") { "kept" } else { "sales" };
    let path = path.replace("{employee}", "anna").replace("{number}", "1");
    path.replace("{id}", id).replace("{seq}", "1").replace("{key}", "none").replace("{digest}", component)
}

/// The type of a request's body, and one that is made of the described examples.
fn examples(description: &Value, route: &Value) -> Vec<(String, String)> {
    let mut bodies = Vec::new();
    for (kind, content) in route["requestBody"]["content"].as_object().into_iter().flatten() {
        let properties = resolved(description, &content["schema"])["properties"].as_object();
        let examples: serde_json::Map<String, Value> = properties
            .into_iter()
            .flatten()
            .filter_map(|(key, schema)| Some((key.clone(), schema.get("example")?.clone())))
            .collect();
        if examples.is_empty() {
            continue;
        }
        assert_eq!(misfit(description, &content["schema"], &Value::Object(examples.clone()), kind), None);
        let body = match kind.as_str() {
            "application/json" => Value::Object(examples).to_string(),
            "application/x-www-form-urlencoded" => url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(examples.iter().map(|(key, value)| (key, value.as_str().expect("text"))))
                .finish(),
            other => panic!("examples of {other}"),
        };
        bodies.push((kind.clone(), body));
    }
    bodies
}

/// The described parameters of the query that have examples, with these.
fn example_query(route: &Value) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for parameter in route["parameters"].as_array().into_iter().flatten() {
        if let (Some("query"), Some(example)) = (parameter["in"].as_str(), parameter.get("example")) {
            query.append_pair(parameter["name"].as_str().expect("a name"), example.as_str().expect("text"));
        }
    }
    query.finish()
}

/// How the server answers, as far as it has answered: a stream goes on.
async fn status(client: &Client, request: http::request::Builder) -> StatusCode {
    client.open(request).await.status()
}

#[tokio::test]
async fn all_that_the_binary_serves_is_described_and_there_and_guarded_as_described() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let process = home.serve(&[]);
    let client = &process.client;
    let kept = client.call(&json!({"id": "kept", "caller": CALLER, "operation": "sales"})).await;
    assert_eq!(kept.goes_to(), "anna");
    let description = client.get("/openapi.json").await.json();
    for (path, method) in [
        ("/v1/resolve-call", "post"),
        ("/v1/calls", "get"),
        ("/v1/calls/{id}", "get"),
        ("/v1/calls/{id}/outcome", "post"),
        ("/v1/reasons", "get"),
    ] {
        let schema = &description["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(untyped(&description, schema, path, &mut Vec::new()), None, "{method} {path}: any value would do");
    }
    let mut routes = Vec::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        routes.extend(methods.as_object().expect("methods").keys().map(|method| format!("{method} {path}")));
    }
    assert_eq!(
        routes,
        [
            "get /livez",
            "get /metrics",
            "get /readyz",
            "get /v1/calls",
            "get /v1/calls/stream",
            "get /v1/calls/{id}",
            "post /v1/calls/{id}/outcome",
            "post /v1/calls/{seq}/forget-manager",
            "get /v1/changes",
            "post /v1/changes/{number}/undo",
            "get /v1/components",
            "post /v1/components",
            "get /v1/components/{digest}",
            "get /v1/configuration",
            "get /v1/integrations",
            "patch /v1/integrations/{id}",
            "get /v1/integrations/{id}/audits",
            "post /v1/integrations/{id}/audits",
            "get /v1/integrations/{id}/audits/{number}",
            "delete /v1/integrations/{id}/connection",
            "post /v1/integrations/{id}/connection",
            "post /v1/integrations/{id}/connection/answer",
            "get /v1/integrations/{id}/employees",
            "delete /v1/integrations/{id}/employees/{employee}",
            "put /v1/integrations/{id}/employees/{employee}",
            "post /v1/integrations/{id}/manager-changed/{key}",
            "options /v1/integrations/{id}/presence",
            "post /v1/integrations/{id}/presence",
            "get /v1/integrations/{id}/uninstalled",
            "get /v1/integrations/{id}/widget",
            "options /v1/integrations/{id}/widget",
            "post /v1/integrations/{id}/widget",
            "get /v1/integrations/{id}/widget.zip",
            "get /v1/oauth/callback",
            "get /v1/operations",
            "post /v1/operations",
            "delete /v1/operations/{id}",
            "get /v1/operations/{id}",
            "patch /v1/operations/{id}",
            "get /v1/operations/{id}/component",
            "put /v1/operations/{id}/component",
            "post /v1/operations/{id}/rollback",
            "delete /v1/operations/{id}/shadow",
            "get /v1/operations/{id}/shadow",
            "put /v1/operations/{id}/shadow",
            "get /v1/reasons",
            "post /v1/resolve-call",
            "delete /v1/session",
            "get /v1/session",
            "post /v1/session",
            "get /v1/state",
            "get /v1/tokens",
        ]
    );
    let operation = client.get("/v1/operations/sales").await.json();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        let target = target(path, &operation);
        for (method, route) in methods.as_object().expect("methods") {
            let name = format!("{method} {path}");
            let responses = route["responses"].as_object().expect("responses");
            let method: Method = method.to_uppercase().parse().expect("a method");
            let request = |target: &str| http::Request::builder().method(&method).uri(target);
            // Webhooks prove themselves in ways of their own.
            let open = route["security"] == json!([{}]);
            let unproved = status(client, request(&target)).await;
            if open {
                assert_ne!(unproved, StatusCode::METHOD_NOT_ALLOWED, "{name}");
            } else {
                assert_eq!(unproved, StatusCode::UNAUTHORIZED, "{name}");
                assert!(responses.contains_key("401"), "{name} is guarded, and does not say so");
                let wrong = request(&target).header("authorization", "Bearer another-token-0123456789");
                assert_eq!(status(client, wrong).await, StatusCode::UNAUTHORIZED, "{name}");
            }
            // A shadow and a hook's secret are not there; every other route finds what it is asked for.
            let proved = status(client, authorised(method.clone(), &target)).await;
            let nothing_there = (path.ends_with("/shadow") && method == Method::GET) || path.contains("/integrations/");
            assert!(proved != StatusCode::METHOD_NOT_ALLOWED, "{name}");
            assert!(proved != StatusCode::NOT_FOUND || nothing_there, "{name} is not there");
            if proved.is_success() {
                assert!(responses.contains_key(proved.as_str()), "{name} answers {proved}, which is not described");
            }
            let query = example_query(route);
            if !query.is_empty() {
                let asked = status(client, authorised(method.clone(), &format!("{target}?{query}"))).await;
                assert_eq!(asked, StatusCode::OK, "{name}?{query}");
            }
            for (kind, body) in examples(&description, route) {
                let one = format!("{target}?operation=sales");
                let answer = client.send(authorised(method.clone(), &one).header("content-type", kind), body).await;
                assert_eq!(answer.goes_to(), "anna", "{name}: {answer:?}");
            }
        }
    }
    assert!(
        !examples(&description, &description["paths"]["/v1/resolve-call"]["post"]).is_empty(),
        "there are examples"
    );
    assert!(!example_query(&description["paths"]["/v1/calls"]["get"]).is_empty(), "and of queries");
}

#[tokio::test]
async fn the_state_says_what_the_node_is_made_of_and_what_other_rooms_add() {
    let mut scene = Scene::new().await;
    scene.add_to_server(|server| server.section("call_details", || json!({"kept": 7})));
    let serving = scene.serve().await;
    let state = serving.client.get("/v1/state").await.json();
    assert_eq!(state["call_details"]["kept"], 7);
    assert_eq!((&state["operations"][0]["id"], &state["operations"][0]["shadow"]), (&json!("main"), &json!(null)));
    let integration = &state["integrations"][0];
    assert_eq!((&integration["on"], &integration["budget"]["requests_per_second"]), (&json!(true), &json!(50)));
    assert_eq!(integration["budget"]["shared"], json!(null), "this node has no others");
    assert_eq!(integration["circuit"]["state"], "closed");
    assert_eq!(integration["access"]["kind"], "long-lived");
    assert!(!state.to_string().contains("token-of-the-first-account"), "{state}");
}
