//! The server with all its routes, without a socket, and with an account that is in this process, in a time of its own: nothing leaves it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use amocrm::integration::Integration;
use amocrm_simulator::{Options, Simulator};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use node::call_details::{CallDetails, CallDetailsSettings, Place};
use node::{Node, ToPlace};
use replay::rehearsal::Simulated;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::Dial;
use runtime::secret::Secret;
use runtime::store::Stores;
use server::{Server, ServerSettings};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const TOKEN: &str = "a-token-that-is-long-enough-for-a-server";

/// Sends one request: a line with method and path, lines of headers, an empty line, the body. Proven, where the first byte is even. It names a
/// host, as every request of HTTP/1.1 has to.
pub fn request_with(bytes: &[u8]) {
    let Some((proof, rest)) = bytes.split_first() else { return };
    let proven = proof % 2 == 0;
    let (head, body) = match rest.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&rest[..end], &rest[end + 2..]),
        None => (rest, &b""[..]),
    };
    let Ok(head) = std::str::from_utf8(head) else { return };
    let mut lines = head.lines();
    let Some((method, path)) = lines.next().and_then(|line| line.split_once(' ')) else { return };
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        request = request.header(name.trim(), value.trim());
    }
    if proven {
        request = request.header("authorization", format!("Bearer {TOKEN}"));
    }
    if request.headers_ref().is_some_and(|headers| !headers.contains_key("host")) {
        request = request.header("host", "pbx.example");
    }
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    let resolves = request.uri().path() == "/v1/resolve-call" && request.method() == "POST";
    let several = ["authorization", "host"].iter().any(|name| request.headers().get_all(*name).iter().count() > 1);
    let (runtime, router) = served();
    runtime.block_on(async {
        let response = router.clone().oneshot(request).await.expect("a router always answers");
        let status = response.status();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR);
        if resolves && proven && !several {
            assert_eq!(status, StatusCode::OK);
            let is_form = response.headers()["content-type"] != "application/json";
            let answer = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a whole answer");
            if is_form {
                let answer = std::str::from_utf8(&answer).expect("text");
                assert!(answer.contains("ROUTE_ACTION="), "{answer}");
                return;
            }
            let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
            assert!(["forward", "linked-operation"].map(Into::into).contains(&answer["route"]["kind"]), "{answer}");
        }
    });
}

fn served() -> &'static (Runtime, Router) {
    static SERVER: OnceLock<(Runtime, Router)> = OnceLock::new();
    SERVER.get_or_init(|| {
        // It describes itself in a runtime of its own, so not inside of this one.
        super::host::operation();
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let router = runtime.block_on(router());
        (runtime, router)
    })
}

async fn router() -> Router {
    let clock = Clock::following("2026-11-22T09:00:00Z".parse().expect("a time"));
    let simulated = clock.clone();
    let options = Options { clock: Arc::new(move || simulated.now()), ..Options::default() };
    let simulator = Arc::new(Simulator::without_listeners(options).expect("the demonstration account"));
    let settings = super::host::settings(simulator.base_url());
    let dial: Arc<dyn Dial> = Arc::new(Simulated(simulator));
    let stores = Stores::in_memory();
    let integration = Integration::in_process(settings, stores.clone(), clock.clone(), &dial);
    let integration = Arc::new(integration.expect("usable"));
    let (operation, _) = super::host::operation();
    let details = CallDetails::begin(Place::memory(), CallDetailsSettings::default(), clock.clone()).expect("a memory");
    let node = Node::builder(clock.clone()).integration("main", integration).place(ToPlace {
        id: "main",
        integration: "main",
        exits: "queue:sales".into(),
        settings: BTreeMap::new(),
        operation: operation.clone(),
    });
    let node = node.await.expect("it describes itself");
    let server_settings = ServerSettings { token: Some(Secret::new(TOKEN.to_owned())), ..ServerSettings::default() };
    let server = Server::builder(node, stores, server_settings).metrics();
    let server = server.call_details(details).versions(super::host::engine().clone(), None).page();
    server.router().await.expect("routes")
}
