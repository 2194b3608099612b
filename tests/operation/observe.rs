//! What a node shows of itself to Prometheus and to an OpenTelemetry collector.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use call::IncomingCall;
use node::observe::metrics::Metrics;
use node::observe::traces::{TraceSettings, Traces};
use node::{Node, Observer};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use runtime::secret::Secret;
use test_support::{CALLER, Scene, TOKEN};
use tokio::net::TcpListener;

async fn call(node: &Node, caller: &str) {
    let call = IncomingCall {
        id: "call-1".to_owned(),
        caller: Some(caller.into()),
        called: "+74951234567".to_owned(),
        ..IncomingCall::default()
    };
    node.resolve(&node.revision().first().expect("a placement"), call).await;
}

/// The value of a metric with these labels.
fn value(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn metrics_count_calls_by_reason_hits_requests_and_waits() {
    let scene = Scene::new().await;
    let metrics = Arc::new(Metrics::new());
    let node = scene.node(vec![Arc::clone(&metrics) as Arc<dyn Observer>]).await;
    metrics.watch(&node);
    call(&node, CALLER).await;
    call(&node, CALLER).await;
    call(&node, "+7 999 000-00-00").await;
    call(&node, "").await;
    scene.fault("contacts:status=500");
    call(&node, "+7 916 765-43-21").await;

    let text = metrics.text();
    for (name, expected) in [
        (r#"host_harness_calls_total{operation="main",outcome="forwarded"}"#, 2.0),
        (r#"host_harness_calls_total{operation="main",outcome="contact-not-found"}"#, 1.0),
        (r#"host_harness_calls_total{operation="main",outcome="caller-hidden"}"#, 1.0),
        (r#"host_harness_calls_total{operation="main",outcome="crm-error"}"#, 1.0),
        (r#"host_harness_call_waited_seconds_count{operation="main"}"#, 5.0),
        (r#"host_harness_manager_source_total{operation="main",source="cache"}"#, 1.0),
        (r#"host_harness_manager_source_total{operation="main",source="crm"}"#, 1.0),
        (r#"host_harness_requests_total{integration="main",purpose="contacts",outcome="ok"}"#, 2.0),
        (r#"host_harness_exchanges_total{integration="main",fate="sent"}"#, 3.0),
        (r#"host_harness_budget_wait_seconds_count{integration="main"}"#, 3.0),
        (r#"host_harness_integration_on{integration="main"}"#, 1.0),
        (r#"host_harness_circuit_state{integration="main",state="closed"}"#, 1.0),
        (r#"host_harness_circuit_state{integration="main",state="open"}"#, 0.0),
        (r#"host_harness_connections_opened_total{integration="main"}"#, 1.0),
        ("host_harness_calls_in_flight", 0.0),
    ] {
        assert_eq!(value(&text, name), Some(expected), "{name} in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("9161234567") && !text.contains(TOKEN), "{text}");
}

#[tokio::test]
async fn metrics_show_an_open_circuit() {
    let scene = Scene::new().await;
    let metrics = Metrics::new();
    let node = scene.node(Vec::new()).await;
    metrics.watch(&node);
    scene.fault("contacts:html-403");
    call(&node, CALLER).await;
    let text = metrics.text();
    assert_eq!(value(&text, r#"host_harness_circuit_state{integration="main",state="open"}"#), Some(1.0), "{text}");
}

/// A collector that keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(HeaderMap, ExportTraceServiceRequest)>>>);

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let take = async |State(collector): State<Self>, headers: HeaderMap, body: Bytes| {
            let request = ExportTraceServiceRequest::decode(body).expect("a trace request");
            collector.0.lock().unwrap().push((headers, request));
            StatusCode::OK
        };
        let router = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (collector, address)
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.0.lock().unwrap();
        let resources = requests.iter().flat_map(|(_, request)| request.resource_spans.clone());
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }
}

fn traces_to(address: &str, share: f64) -> Arc<Traces> {
    let settings = TraceSettings {
        collector: address.parse().unwrap(),
        headers: vec![("x-api-key".to_owned(), Secret::new("a-collector-key".to_owned()))],
        share,
        service: "pbx-1".to_owned(),
    };
    Traces::begin(&settings).expect("traces")
}

fn attributes(span: &Span) -> BTreeMap<String, String> {
    let text = |value: &opentelemetry_proto::tonic::common::v1::AnyValue| format!("{:?}", value.value);
    span.attributes.iter().map(|one| (one.key.clone(), one.value.as_ref().map(text).unwrap_or_default())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_has_a_span_for_the_call_and_one_for_each_request() {
    let (collector, address) = Collector::start().await;
    let traces = traces_to(&address, 1.0);
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    // The first try breaks, and is made again in the same request of the operation.
    scene.fault("contacts:close-before-headers,times=1");
    let node = scene.node(vec![Arc::clone(&traces) as Arc<dyn Observer>]).await;
    call(&node, CALLER).await;
    let requests = scene.requests().len() - 1;
    traces.end().await;

    let spans = collector.spans();
    let (calls, asked): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.name == "resolve_call");
    let [call] = calls.as_slice() else { panic!("{spans:?}") };
    assert!(requests >= 2, "the status is checked by requests of its own");
    assert_eq!(asked.len(), requests, "{spans:?}");
    let began = u64::try_from(scene.clock.now().as_nanosecond()).unwrap();
    assert_eq!(call.start_time_unix_nano, began, "the time of the call, not of the export");
    for request in asked {
        assert_eq!((&request.trace_id, &request.parent_span_id), (&call.trace_id, &call.span_id));
        assert!(request.name.starts_with("request "), "{}", request.name);
        assert!(request.start_time_unix_nano >= call.start_time_unix_nano);
        assert!(request.end_time_unix_nano <= call.end_time_unix_nano, "{request:?} in {call:?}");
        let attributes = attributes(request);
        assert!(attributes["http.response.status_code"].contains("20"), "{attributes:?}");
        assert!(attributes["request.fate"].contains("sent"), "{attributes:?}");
        let broke = request.name == "request contacts";
        assert!(attributes["request.repeated"].contains(&broke.to_string()), "{}: {attributes:?}", request.name);
    }
    let attributes = attributes(call);
    assert!(attributes["call.caller"].contains("+7916•••4567"), "{attributes:?}");
    assert!(attributes["call.component"].contains(&**scene.operation.digest()), "{attributes:?}");
    assert!(attributes.contains_key("call.fact.manager_source"), "{attributes:?}");
    let shown = format!("{spans:?}");
    assert!(!shown.contains("9161234567") && !shown.contains(TOKEN), "{shown}");
    assert_eq!(collector.0.lock().unwrap()[0].0["x-api-key"], "a-collector-key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technical_failure_is_an_error_and_an_absent_contact_is_none() {
    let (collector, address) = Collector::start().await;
    let traces = traces_to(&address, 1.0);
    let scene = Scene::new().await;
    let node = scene.node(vec![Arc::clone(&traces) as Arc<dyn Observer>]).await;
    call(&node, "+7 999 000-00-00").await;
    scene.fault("contacts:status=500");
    call(&node, CALLER).await;
    traces.end().await;
    let spans = collector.spans();
    let errors: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "resolve_call")
        .map(|span| span.status.as_ref().is_some_and(|status| status.code == 2))
        .collect();
    assert_eq!(errors, [false, true], "{spans:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_share_of_calls_sends_nothing() {
    let (collector, address) = Collector::start().await;
    let traces = traces_to(&address, 0.0);
    let scene = Scene::new().await;
    let node = scene.node(vec![Arc::clone(&traces) as Arc<dyn Observer>]).await;
    call(&node, CALLER).await;
    traces.end().await;
    assert!(collector.spans().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_holds_up_neither_calls_nor_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let traces = traces_to(&format!("http://{}", listener.local_addr().unwrap()), 1.0);
    let scene = Scene::new().await;
    let node = scene.node(vec![Arc::clone(&traces) as Arc<dyn Observer>]).await;
    let calls = async {
        for _ in 0..20 {
            call(&node, CALLER).await;
        }
        traces.end().await;
        traces.end().await;
        call(&node, CALLER).await;
    };
    tokio::time::timeout(Duration::from_secs(30), calls).await.expect("bounded");
    assert_eq!(scene.simulator.requests().len(), 1, "calls were resolved, and kept, all the same");
}
