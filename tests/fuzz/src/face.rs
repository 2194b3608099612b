//! The server, without a socket and with an integration that is switched off, so that nothing leaves this process.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use host_harness::capabilities::clocks::Clock;
use host_harness::hooks::Hooks;
use host_harness::integration::{Integration, IntegrationSettings};
use host_harness::node::{Node, Parts, Step};
use host_harness::secret::Secret;
use host_harness::server::{Extras, Server, ServerSettings};
use host_harness::stores::{KeyValueStore, MemoryStore};
use http::{Request, StatusCode};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const TOKEN: &str = "a-token-that-is-long-enough-for-a-server";

/// Sends one request: a line with method and path, lines of headers, an empty line, the body. Proven, where the first byte is even.
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
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    let resolves = request.uri().path() == "/v1/resolve-call" && request.method() == "POST";
    let several = request.headers().get_all("authorization").iter().count() > 1;
    let (runtime, router) = server();
    let status = runtime.block_on(router.clone().oneshot(request)).expect("a router always answers").status();
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR);
    if resolves && proven && !several {
        assert_eq!(status, StatusCode::OK);
    }
}

fn server() -> &'static (Runtime, Router) {
    static SERVER: OnceLock<(Runtime, Router)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let router = runtime.block_on(router());
        (runtime, router)
    })
}

async fn router() -> Router {
    let settings = IntegrationSettings { enabled: false, ..super::host::settings("https://demo.amocrm.ru") };
    let store: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::new());
    let integration = Arc::new(Integration::new(settings.clone(), Arc::clone(&store)).expect("usable"));
    let (operation, _) = super::host::operation();
    let belongs_to = ("main".into(), Arc::clone(&integration));
    let step = Step::new("main", belongs_to, "queue:sales".to_owned(), BTreeMap::new(), operation.clone()).await;
    let node = Node::new(Parts {
        clock: Clock::system(),
        integrations: BTreeMap::from([("main".into(), integration)]),
        steps: vec![Arc::new(step.expect("it describes itself"))],
        onlookers: Vec::new(),
        recorder: None,
    });
    let hooks = Hooks::of(&node, std::slice::from_ref(&settings));
    let settings = ServerSettings {
        listen: "127.0.0.1:0".parse().expect("an address"),
        token: Some(Secret::new(TOKEN.to_owned())),
        ..ServerSettings::default()
    };
    Server::bind(node, hooks, store, settings, Extras::default()).await.expect("a port").router()
}
