//! `GET /v1/tokens`: who may use the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::TokenState;
use crate::Shared;
use crate::guarded::Guarded;
use crate::problem::Problem;
use crate::scope::Scope;

/// The tokens in force.
#[derive(Serialize, ToSchema)]
struct AllTokens {
    tokens: Vec<TokenState>,
}

pub(crate) fn routes(shared: &Arc<Shared>) -> Guarded {
    Scope::Manager.guard(OpenApiRouter::new().routes(routes!(list)).with_state(Arc::clone(shared)))
}

/// List the tokens: who has each, what it may do, until when, and when it was last used
#[utoipa::path(get, path = "/v1/tokens", tag = "access", responses(
    (status = 200, description = "The tokens, in the order of the configuration", body = AllTokens),
    (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
))]
async fn list(State(shared): State<Arc<Shared>>) -> Json<AllTokens> {
    Json(AllTokens { tokens: shared.guard.tokens(shared.node.clock().now()) })
}
