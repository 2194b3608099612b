//! The placed operations: what they are, how they are set, which component is in force.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use super::guarded::Guarded;
use super::problem::Problem;
use super::scope::Scope;
use call::Localized;
use node::{Placement, Revision};
use runtime::report::description_json;

/// A placed operation. Fields may be added, none is renamed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Placed {
    /// Its identifier.
    id: String,
    /// The integration's identifier.
    integration: String,
    /// Where calls go for whose reason there is no other exit.
    linked_operation: String,
    /// Where others go, by the code of their reason, its class, or `not-answered`.
    exits: BTreeMap<String, String>,
    /// The SHA-256 of the component in force, in hexadecimal.
    component: String,
    /// What the component says of itself: title, settings, configuration keys, facts, reasons.
    #[schema(value_type = Object)]
    description: Value,
    /// How long it may take over a call.
    waiting_time_ms: u64,
    /// How long a call may wait that begins here: in all operations that follow each other at once, as far as `[scenario] waiting_time` lets it. Where
    /// numbers ring in between, the wait after them counts by itself.
    scenario_waiting_ms: u64,
    /// Its settings, as configured; those left out are as the component describes them.
    settings: BTreeMap<String, String>,
}

/// The placed operations, in the order of the configuration.
#[derive(Serialize, ToSchema)]
struct AllPlaced {
    operations: Vec<Placed>,
}

impl Placed {
    pub(crate) fn of(revision: &Revision, placement: &Placement) -> Self {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let version = placement.active();
        Self {
            id: placement.id().to_owned(),
            integration: placement.integration_id().to_owned(),
            linked_operation: placement.exits().linked_operation().to_owned(),
            exits: placement.exits().others().clone(),
            component: version.placed.operation().digest().to_string(),
            description: description_json(version.placed.operation(), &version.description),
            waiting_time_ms: milliseconds(version.placed.waiting_time()),
            scenario_waiting_ms: milliseconds(revision.longest_wait(placement)),
            settings: placement.settings().clone(),
        }
    }
}

pub(super) fn routes(shared: &Arc<Shared>) -> Guarded {
    let routes = OpenApiRouter::new().routes(routes!(list)).routes(routes!(describe));
    Scope::Viewer.guard(routes.with_state(Arc::clone(shared)))
}

/// List the placed operations
#[utoipa::path(get, path = "/v1/operations", tag = "operations", responses(
    (status = 200, description = "The placed operations", body = AllPlaced),
    (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
))]
async fn list(State(shared): State<Arc<Shared>>) -> Json<AllPlaced> {
    let revision = shared.node.revision();
    let operations = revision.placements().iter().map(|placement| Placed::of(&revision, placement)).collect();
    Json(AllPlaced { operations })
}

/// Show one placed operation
#[utoipa::path(get, path = "/v1/operations/{id}", tag = "operations",
    params(("id" = String, Path, description = "Its identifier")),
    responses(
        (status = 200, description = "The placed operation", body = Placed),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such operation", body = Problem, content_type = "application/problem+json"),
    ))]
async fn describe(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Json<Placed>, Problem> {
    let revision = shared.node.revision();
    match revision.placement(&id) {
        Some(placement) => Ok(Json(Placed::of(&revision, placement))),
        None => Err(no_such_operation()),
    }
}

pub(crate) fn no_such_operation() -> Problem {
    let text =
        Localized::new("такой операции нет", "there is no such operation in this node; GET /v1/operations lists them");
    Problem::localized(StatusCode::NOT_FOUND, text)
}
