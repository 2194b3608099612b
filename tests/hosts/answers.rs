//! What the composed operation answers on wasmtime as `serve` runs it.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use host_harness::other_hosts::OtherHost;
use http::Method;
use serde_json::json;
use test_support::CALLER;
use wasmtime::component::Component;

use crate::configuration::{Configuration, EMPLOYEES, configuration, simulator};
use crate::serving::{Host, engine, post, request};

fn wasmtime(configuration: Configuration) -> Host {
    static COMPILED: OnceLock<Component> = OnceLock::new();
    let compile = || Component::new(engine(), OtherHost::Wasmtime.component()).expect("the component compiles");
    Host::wasmtime(COMPILED.get_or_init(compile), configuration)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_forwarded_as_host_harness_would_write_it() {
    let simulator = simulator().await;
    let host = wasmtime(configuration(simulator.base_url(), ""));
    let answer = host.call(CALLER).await;
    assert_eq!((answer.status.as_u16(), answer.outcome().as_str()), (200, "anna"), "{answer:?}");
    let json = &answer.json;
    assert_eq!(json["version"], 1);
    assert_eq!(json["call"]["caller"], "+7916•••4567");
    assert_eq!(
        json["route"],
        json!({
            "kind": "forward",
            "employee": {"id": "anna", "name": "Анна Соколова"},
            "numbers": [{"number": "101", "ring_seconds": 20}, {"number": "+79035550101", "ring_seconds": 25}],
            "then": "queue:sales",
        })
    );
    assert_eq!(json["reason"], json!(null));
    assert_eq!(json["details"]["manager_user_id"], 504_141, "{json:#}");
    assert_eq!(json["details"]["requests"][0]["outcome"], "ok");
    assert_eq!(json["details"]["waiting_time_ms"], 3_000);
    // wasmtime's own store forgets with the request: the second call asks again.
    assert_eq!(host.call(CALLER).await.outcome(), "anna");
    assert_eq!(simulator.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_not_forwarded_goes_to_the_linked_operation_with_its_reason() {
    let simulator = simulator().await;
    let host = wasmtime(configuration(simulator.base_url(), ""));
    for (caller, outcome) in
        [("+7 999 000-00-00", "queue:sales contact-not-found"), ("anonymous", "queue:sales caller-hidden")]
    {
        let answer = host.call(caller).await;
        assert_eq!((answer.status.as_u16(), answer.outcome().as_str()), (200, outcome), "{answer:?}");
    }
    let mut without = configuration(simulator.base_url(), "");
    without.remove("employees");
    assert_eq!(wasmtime(without).call(CALLER).await.outcome(), "queue:sales manager-has-no-employee");
}

#[tokio::test(flavor = "multi_thread")]
async fn amocrm_out_of_reach_is_a_route_too() {
    // A port on which nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    drop(listener);
    let answer = wasmtime(configuration(&address, "")).call(CALLER).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.json["route"]["target"], "queue:sales", "{answer:?}");
    assert_eq!(answer.json["reason"]["class"], "technical-failure", "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_is_refused_with_a_message_and_a_route() {
    let host = wasmtime(configuration("http://127.0.0.1:9", ""));
    let long = format!(r#"{{"caller": "{}"}}"#, "1".repeat(70_000));
    for (kind, body, part) in [
        ("application/json", "+7 916", "not JSON"),
        ("application/json", r#"{"caller": [7916]}"#, "write it as text"),
        ("text/plain", "caller=7916", "Content-Type"),
        ("application/x-www-form-urlencoded", "Caller-Caller-ID-Number=7916", "did you mean `caller`?"),
        ("application/json", long.as_str(), "65536"),
    ] {
        let answer = host.ask(post(kind, body)).await;
        assert_eq!(answer.status.as_u16(), 400, "{answer:?}");
        assert_eq!(answer.outcome(), "queue:sales request-not-understood");
        let text = answer.json["reason"]["text_en"].as_str().expect("a text");
        assert!(text.contains(part) && !text.contains("916"), "{text}");
    }
    for (method, path, status) in
        [(Method::GET, "/v1/resolve-call", 405), (Method::POST, "/", 404), (Method::POST, "/v1/resolve-calls", 404)]
    {
        let answer = host.ask(request(method, path, "application/json", "{}")).await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(answer.json["detail"].is_string(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_that_cannot_be_read_is_named() {
    let simulator = simulator().await;
    let with = |key: &str, value: &str| {
        let mut configuration = configuration(simulator.base_url(), "");
        configuration.insert(key.to_owned(), value.to_owned());
        configuration
    };
    let answer = wasmtime(with("employees", "[{]")).call(CALLER).await;
    assert_eq!(answer.json["reason"]["code"], "directory-unavailable", "{answer:?}");
    assert!(answer.json.to_string().contains("`employees`: it is not JSON"), "{answer:?}");
    let answer = wasmtime(with("linked_operation", "")).call(CALLER).await;
    assert_eq!(answer.status.as_u16(), 500);
    assert!(answer.json["detail"].as_str().expect("a text").contains("`linked_operation` is missing"), "{answer:?}");
    // A setting out of its kind is the operation's own reason; one in its kind is in force.
    let answer = wasmtime(with("setting_waiting_time", "soon")).call(CALLER).await;
    assert_eq!((answer.status.as_u16(), &answer.json["reason"]["class"]), (200, &json!("configuration")), "{answer:?}");
    let answer = wasmtime(with("setting_waiting_time", "1500ms")).call(CALLER).await;
    assert_eq!((answer.outcome().as_str(), &answer.json["details"]["waiting_time_ms"]), ("anna", &json!(1_500)));
}

#[tokio::test(flavor = "multi_thread")]
async fn employees_may_come_in_base64_and_requests_may_have_to_show_a_token() {
    let simulator = simulator().await;
    let mut configuration = configuration(simulator.base_url(), "");
    configuration.remove("employees");
    configuration.insert("employees_base64".to_owned(), STANDARD.encode(EMPLOYEES));
    configuration.insert("adapter_token".to_owned(), "a-token-of-the-tests".to_owned());
    let host = wasmtime(configuration);
    for (token, status) in [(None, 401), (Some("a-token-of-the-test"), 401), (Some("a-token-of-the-tests"), 200)] {
        let mut request = post("application/x-www-form-urlencoded", "caller=%2B79161234567");
        if let Some(token) = token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        }
        let answer = host.ask(request).await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(status != 200 || answer.outcome() == "anna", "{answer:?}");
    }
}
