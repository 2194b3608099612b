//! What was changed, and without it again.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Author, By, ConfigurationChange, ConfigurationInForce, ConfigurationState, shown};
use crate::problem::Problem;
use crate::query::Query;
use crate::refusals::{NotChangedHere, NotPermitted};
use crate::tokens::without_hashes;

/// How many changes are listed unless asked for more, and at most.
const LIMIT: usize = 50;
const LIMIT_MOST: usize = 500;

/// The route that shows them.
pub(super) fn routes() -> OpenApiRouter<ConfigurationState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The route that takes one back.
pub(super) fn changing() -> OpenApiRouter<ConfigurationState> {
    OpenApiRouter::new().routes(routes!(undo))
}

/// Which changes, and how many of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ChangesQuery {
    /// Only changes with a lesser number: `next` of the page before.
    before: Option<u64>,
    /// How many; 50 unless set, at most 500.
    limit: Option<usize>,
}

/// A page of changes, the newest first.
#[derive(Serialize, ToSchema)]
struct ConfigurationChanges {
    changes: Vec<ConfigurationChange>,
    /// What the next page is before; null where this is the last.
    next: Option<u64>,
}

/// List what was changed in the configuration
#[utoipa::path(get, path = "/v1/changes", tag = "configuration", params(ChangesQuery), responses(
    (status = 200, description = "The changes, the newest first", body = ConfigurationChanges),
    (status = 400, description = "The query is not understood", body = Problem, content_type = "application/problem+json"),
    NotPermitted,
))]
async fn list(
    State(state): State<ConfigurationState>,
    Query(query): Query<ChangesQuery>,
) -> Json<ConfigurationChanges> {
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MOST);
    let (mut changes, next) = state.configuration.changes(query.before, limit).await;
    for change in &mut changes {
        change.difference = without_hashes(&change.difference);
    }
    Json(ConfigurationChanges { changes, next })
}

/// Take a change back
#[utoipa::path(post, path = "/v1/changes/{number}/undo", tag = "configuration",
    params(
        ("number" = u64, Path, description = "The change"),
        ("If-Match" = String, Header, description = "The revision that this is thought out for"),
    ),
    responses(
        (status = 200, description = "The configuration without that change", body = ConfigurationInForce),
        (status = 404, description = "There is no such change, or it is not kept any more", body = Problem, content_type = "application/problem+json"),
        NotChangedHere,
    ))]
async fn undo(
    State(state): State<ConfigurationState>,
    Path(number): Path<u64>,
    headers: HeaderMap,
    author: Author,
) -> Result<Response, Problem> {
    let author = Author { by: By::Undo, ..author };
    let expected = state.expected(&headers)?;
    Ok(shown(state.configuration.undo(number, &expected, author).await?))
}
