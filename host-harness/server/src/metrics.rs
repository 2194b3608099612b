//! `GET /metrics`: what Prometheus reads.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::guarded::Guarded;
use super::problem::Problem;
use super::scope::Scope;
use node::observe::metrics::{self, Metrics};

/// The route of these metrics.
pub fn routes(metrics: Arc<Metrics>) -> Guarded {
    Scope::Viewer.guard(OpenApiRouter::new().routes(routes!(show)).with_state(metrics))
}

/// Show the metrics
#[utoipa::path(get, path = "/metrics", tag = "state", responses(
    (status = 200, description = "The OpenMetrics text format", body = String, content_type = "application/openmetrics-text"),
    (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
))]
async fn show(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics.text())
}
