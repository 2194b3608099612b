//! What amoCRM reports, routed: the hooks prove themselves, so they stand outside the server's own proof.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tracing::info;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::notice::{self, NoWebhook, Subject};
use super::{Routed, Webhooks, named, no_such_hook, page, presence, settings};
use crate::body::{self, Unread};
use crate::problem::Problem;
use amocrm::access::uninstall;

/// The routes of the hooks; a body that takes longer than this to come is refused.
pub fn routes(hooks: Webhooks, body_timeout: Duration) -> OpenApiRouter {
    let routed = Routed { hooks: Arc::new(hooks), body_timeout };
    let of_pages = presence::routes().merge(settings::routes());
    let of_pages = of_pages.layer(from_fn_with_state(routed.clone(), page::layer));
    let signed = OpenApiRouter::new().routes(routes!(uninstalled)).routes(routes!(manager_changed));
    of_pages.merge(signed).with_state(routed)
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
        (status = 400, description = "It is not a webhook of amoCRM's", body = Problem, content_type = "application/problem+json"),
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
