//! What amoCRM reports, routed: the hooks prove themselves, so they stand outside the server's own proof.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use tracing::info;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Webhooks;
use super::notice::{self, NoWebhook, Subject};
use crate::body::{self, Unread};
use crate::problem::Problem;
use amocrm::access::uninstall;
use amocrm::presence::{self, NotNoted};

#[derive(Clone)]
struct Routed {
    hooks: Arc<Webhooks>,
    body_timeout: Duration,
}

/// The routes of the hooks; a body that takes longer than this to come is refused.
pub fn routes(hooks: Webhooks, body_timeout: Duration) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(report_presence, may_report_presence))
        .routes(routes!(uninstalled))
        .routes(routes!(manager_changed))
        .with_state(Routed { hooks: Arc::new(hooks), body_timeout })
}

/// What is in the path; an integration whose name cannot be read is none.
fn named<T>(path: Result<Path<T>, PathRejection>) -> Result<T, Problem> {
    path.map(|Path(named)| named).map_err(|_| no_such_hook())
}

fn no_such_hook() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such hook")
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
async fn report_presence(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    from_any_page(note_presence(&hooks, path, &headers).await)
}

async fn note_presence(
    hooks: &Webhooks,
    path: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
) -> Result<StatusCode, Problem> {
    let id = named(path)?;
    let (feed, client) = hooks.of(&id).and_then(|hooked| hooked.presence()).ok_or_else(no_such_hook)?;
    let token = headers.get(presence::TOKEN).and_then(|token| token.to_str().ok()).ok_or_else(|| {
        let detail = "the header X-Auth-Token with amoCRM's one-time token is missing";
        hooks.refused(&id, Problem::new(StatusCode::UNAUTHORIZED, detail))
    })?;
    let refusal = match feed.report(token, &client, hooks.clock().now()).await {
        Ok(()) => return Ok(StatusCode::NO_CONTENT),
        Err(refusal) => refusal,
    };
    let status = match refusal {
        NotNoted::Token(_) => StatusCode::UNAUTHORIZED,
        NotNoted::UsedBefore => StatusCode::CONFLICT,
        NotNoted::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Err(hooks.refused(&id, Problem::new(status, refusal.to_string())))
}

/// The widget runs in amoCRM's pages, on another site. What it sends proves itself, and no cookie is involved: any page may ask and read.
fn from_any_page(answer: Result<StatusCode, Problem>) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// A browser's question whether the widget may report.
#[utoipa::path(options, path = "/v1/integrations/{id}/presence", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration")),
    responses((status = 204, description = "It may")))]
async fn may_report_presence(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let known = named(path).and_then(|id| {
        let presence = hooks.of(&id).and_then(|hooked| hooked.presence());
        presence.map(|_| StatusCode::NO_CONTENT).ok_or_else(no_such_hook)
    });
    let mut response = from_any_page(known);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("x-auth-token"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    response
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
        (status = 400, description = "A parameter is missing", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The signature does not fit", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "amoCRM still accepts the integration's access", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "amoCRM does not say", body = Problem, content_type = "application/problem+json"),
    ))]
async fn uninstalled(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let id = named(path)?;
    let hooked = hooks.of(&id).ok_or_else(no_such_hook)?;
    let (keeper, http) = hooked.keeper().ok_or_else(no_such_hook)?;
    let answer = uninstall::answer(keeper, http, &request.map(drop)).await;
    if answer.status().is_success() {
        return Ok(answer.map(Body::from));
    }
    Err(hooks.refused(&id, Problem::new(answer.status(), *answer.body())))
}

/// amoCRM's webhooks about contacts, companies and leads, proved by the key in the address. A notice of amoCRM's about something else is
/// answered with 204 too: amoCRM switches off a webhook that is refused again and again.
#[utoipa::path(post, path = "/v1/integrations/{id}/manager-changed/{key}", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration"), ("key" = String, Path, description = "The integration's `webhook_key`")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 204, description = "Every operation was told, or nothing in it is about managers"),
        (status = 400, description = "It is no webhook of amoCRM's", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not come in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Larger than any such form", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "JSON or multipart, which amoCRM does not send", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "An operation did not take it in", body = Problem, content_type = "application/problem+json"),
    ))]
async fn manager_changed(
    State(Routed { hooks, body_timeout }): State<Routed>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (id, key) = named(path)?;
    let operations = hooks.of(&id).and_then(|hooked| hooked.told_of_webhook(&key));
    let operations = operations.ok_or_else(|| hooks.refused(&id, no_such_hook()))?;
    let (head, body) = request.into_parts();
    let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let refused = |refusal: NoWebhook| hooks.refused(&id, Problem::new(refusal.status(), refusal.to_string()));
    let body = match body::whole(body, notice::LARGEST, body_timeout).await {
        Ok(body) => body,
        Err(Unread::TooLong) => return Err(refused(NoWebhook::TooLarge)),
        Err(Unread::TooSlow | Unread::Broken) => {
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"));
        }
    };
    match notice::subject(kind, &body).map_err(refused)? {
        Subject::Other => info!(integration = id, "a webhook that is not about managers"),
        Subject::Managers if notice::tell(&operations, hooks.clock(), &body).await => {}
        Subject::Managers => {
            return Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "an operation did not take the webhook in; send it again",
            ));
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
