//! What amoCRM reports, mounted: the hooks prove themselves, so they stand outside the server's own proof.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use super::body::{self, Unread};
use super::problem::Problem;
use crate::hooks::Hooks;

/// The most bytes of a hook's body; each hook has a bound of its own below this one.
const LONGEST: usize = 128 * 1024;

#[derive(Clone)]
struct Mounted {
    shared: Arc<Shared>,
    hooks: Arc<Hooks>,
}

pub(super) fn routes(shared: &Arc<Shared>, hooks: Hooks) -> OpenApiRouter {
    let mounted = Mounted { shared: Arc::clone(shared), hooks: Arc::new(hooks) };
    OpenApiRouter::new()
        .routes(routes!(presence, may_report_presence))
        .routes(routes!(uninstalled))
        .routes(routes!(manager_changed))
        .with_state(mounted)
}

/// The widget's report that somebody has amoCRM open, proved by amoCRM's one-time token.
#[utoipa::path(post, path = "/v1/integrations/{id}/presence", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration"), ("X-Auth-Token" = String, Header, description = "amoCRM's one-time token")),
    responses(
        (status = 204, description = "Noted"),
        (status = 401, description = "The token counts for nothing", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The token was used before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store did not keep it", body = Problem, content_type = "application/problem+json"),
    ))]
async fn presence(State(mounted): State<Mounted>, request: Request) -> Response {
    answer(mounted, request).await
}

/// A browser's question whether the widget may report.
#[utoipa::path(options, path = "/v1/integrations/{id}/presence", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration")),
    responses((status = 204, description = "It may")))]
async fn may_report_presence(State(mounted): State<Mounted>, request: Request) -> Response {
    answer(mounted, request).await
}

/// amoCRM's notice that the integration was switched off there, proved by its signature.
#[utoipa::path(get, path = "/v1/integrations/{id}/uninstalled", tag = "hooks", security(()),
    params(
        ("id" = String, Path, description = "The integration"),
        ("account_id" = u64, Query, description = "The account"),
        ("client_uuid" = String, Query, description = "The integration's client_id"),
        ("signature" = String, Query, description = "amoCRM's signature"),
    ),
    responses(
        (status = 200, description = "The integration is off"),
        (status = 400, description = "A parameter is missing"),
        (status = 403, description = "The signature does not fit"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
    ))]
async fn uninstalled(State(mounted): State<Mounted>, request: Request) -> Response {
    answer(mounted, request).await
}

/// amoCRM's webhook that a contact or its manager changed, proved by the key in the address.
#[utoipa::path(post, path = "/v1/integrations/{id}/manager-changed/{key}", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration"), ("key" = String, Path, description = "The integration's `webhook_key`")),
    responses(
        (status = 204, description = "Every operation was told"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Larger than any such form", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "An operation did not take it in", body = Problem, content_type = "application/problem+json"),
    ))]
async fn manager_changed(State(mounted): State<Mounted>, request: Request) -> Response {
    answer(mounted, request).await
}

async fn answer(Mounted { shared, hooks }: Mounted, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let within = shared.settings.body_timeout;
    match body::whole(body, LONGEST, within).await {
        Ok(body) => hooks.answer(&Request::from_parts(head, body)).await.map(Body::from),
        Err(Unread::TooLong) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large").into_response(),
        Err(Unread::TooSlow | Unread::Broken) => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time").into_response()
        }
    }
}
