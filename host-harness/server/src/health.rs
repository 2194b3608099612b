//! Whether the process lives, and whether it takes calls.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use runtime::store::{Shelf, StoreError};

/// How long the store is asked whether it is there.
const STORE: Duration = Duration::from_secs(1);

/// Whether calls are taken. Fields may be added, none is renamed.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Whether calls are taken.
    ready: bool,
    /// Whether the server is stopping.
    stopping: bool,
    /// `reachable`, or what is wrong with where values are kept. Calls go on without it, as misses.
    store: String,
}

pub(super) fn routes(shared: &Arc<Shared>) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).with_state(Arc::clone(shared))
}

/// Whether the process lives. Does nothing else: what it costs is what the server costs.
#[utoipa::path(get, path = "/livez", tag = "health", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
async fn live() -> &'static str {
    "live\n"
}

/// Whether calls are taken. The components are compiled before the server listens; an account that cannot be reached is no reason to send
/// calls elsewhere, and neither is a store: they are resolved all the same.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses(
    (status = 200, description = "Calls are taken", body = Readiness),
    (status = 503, description = "The server is stopping", body = Readiness),
))]
async fn ready(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Readiness>) {
    let slot = Shelf { namespace: "readiness", bucket: "readiness" }.slot("readiness");
    let asking = async { tokio::try_join!(shared.stores.records.exists(slot), shared.stores.cache.exists(slot)) };
    let store = match tokio::time::timeout(STORE, asking).await {
        Ok(Ok(_)) => "reachable".to_owned(),
        Ok(Err(error)) => shared.without_path(&error),
        Err(_) => "it does not answer".to_owned(),
    };
    let now = shared.node.clock().now();
    let moved = shared.state_directory.as_ref().and_then(|directory| directory.problem(now));
    let store = moved.map_or(store, |moved| moved.en);
    let stopping = shared.is_stopping();
    let status = if stopping { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(Readiness { ready: !stopping, stopping, store }))
}

impl Shared {
    /// This route is open to anybody: where the store is, is not said, and whoever asks again and again does not fill the log.
    fn without_path(&self, error: &StoreError) -> String {
        if let Some(left_out) = self.store_failures.count(self.node.clock().now()) {
            tracing::warn!(%error, left_out, "the store does not serve");
        }
        "it fails; the log says why".to_owned()
    }
}
