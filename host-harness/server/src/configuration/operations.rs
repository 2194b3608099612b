//! The placed operations, changed over HTTP.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Author, ConfigurationState, Edit, NewOperation, OperationPatch, tagged};
use crate::json::Json;
use crate::operations::{Placed, no_such_operation};
use crate::problem::Problem;
use crate::refusals::NotChangedHere;

pub(super) fn routes() -> OpenApiRouter<ConfigurationState> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(change, remove))
}

impl ConfigurationState {
    /// The operation as it is in force now.
    fn placed(&self, id: &str) -> Result<Placed, Problem> {
        let revision = self.shared.node.revision();
        let placement = revision.placement(id).ok_or_else(no_such_operation)?;
        Ok(Placed::of(&revision, placement))
    }
}

/// Place another operation
#[utoipa::path(post, path = "/v1/operations", tag = "configuration",
    params(("If-Match" = String, Header, description = "The revision that this is thought out for")),
    request_body = NewOperation,
    responses(
        (status = 201, description = "It is placed, behind the others", body = Placed),
        NotChangedHere,
    ))]
async fn add(
    State(state): State<ConfigurationState>,
    headers: HeaderMap,
    author: Author,
    Json(operation): Json<NewOperation>,
) -> Result<Response, Problem> {
    let id = operation.id.clone();
    let in_force = state.change(Edit::AddOperation(operation), &headers, author).await?;
    Ok(tagged(&in_force.revision, (StatusCode::CREATED, Answer(state.placed(&id)?))))
}

/// Change a placed operation
#[utoipa::path(patch, path = "/v1/operations/{id}", tag = "configuration",
    params(
        ("id" = String, Path, description = "Its identifier"),
        ("If-Match" = String, Header, description = "The revision that this is thought out for"),
    ),
    request_body(content = OperationPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "It is changed", body = Placed),
        (status = 404, description = "There is no such operation", body = Problem, content_type = "application/problem+json"),
        NotChangedHere,
    ))]
async fn change(
    State(state): State<ConfigurationState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    author: Author,
    Json(patch): Json<OperationPatch>,
) -> Result<Response, Problem> {
    let in_force = state.change(Edit::ChangeOperation(id.clone(), patch), &headers, author).await?;
    Ok(tagged(&in_force.revision, Answer(state.placed(&id)?)))
}

/// Take a placed operation away
#[utoipa::path(delete, path = "/v1/operations/{id}", tag = "configuration",
    params(
        ("id" = String, Path, description = "Its identifier"),
        ("If-Match" = String, Header, description = "The revision that this is thought out for"),
    ),
    responses(
        (status = 204, description = "It is gone; calls in it end as they began"),
        (status = 404, description = "There is no such operation", body = Problem, content_type = "application/problem+json"),
        NotChangedHere,
    ))]
async fn remove(
    State(state): State<ConfigurationState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    author: Author,
) -> Result<Response, Problem> {
    let in_force = state.change(Edit::RemoveOperation(id), &headers, author).await?;
    Ok(tagged(&in_force.revision, StatusCode::NO_CONTENT.into_response()))
}
