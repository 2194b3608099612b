//! The widget's report that somebody has amoCRM open.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Hooked, Routed, Webhooks, named, no_such_hook, page};
use crate::problem::Problem;
use amocrm::presence::{NotNoted, TOKEN};
use amocrm::widget_token::Sighting;

pub(super) fn routes() -> OpenApiRouter<Routed> {
    OpenApiRouter::new().routes(routes!(report_presence, may_report_presence))
}

/// The widget's report that somebody has amoCRM open, proved by amoCRM's one-time token.
#[utoipa::path(post, path = "/v1/integrations/{id}/presence", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration"), ("X-Auth-Token" = String, Header, description = "amoCRM's one-time token")),
    responses(
        (status = 204, description = "Noted"),
        (status = 401, description = "The token counts for nothing; the text says why", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A page of another site sent it", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The token was used before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store did not keep it", body = Problem, content_type = "application/problem+json"),
    ))]
async fn report_presence(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    seen(&hooks, &named(path)?, &headers).await.map(|_| StatusCode::NO_CONTENT)
}

/// Who sent this request from amoCRM's pages. That somebody did is noted: they have amoCRM open.
pub(super) async fn seen(hooks: &Webhooks, id: &str, headers: &HeaderMap) -> Result<(Hooked, Sighting), Problem> {
    let hooked = hooks.of(id).ok_or_else(no_such_hook)?;
    let (feed, client) = hooked.presence().ok_or_else(no_such_hook)?;
    let token = headers.get(TOKEN).and_then(|token| token.to_str().ok()).ok_or_else(|| {
        let detail =
            "the header X-Auth-Token with amoCRM's one-time token is missing: send the request with $authorizedAjax";
        hooks.refused(id, Problem::new(StatusCode::UNAUTHORIZED, detail).in_russian("запрос пришёл без токена amoCRM"))
    })?;
    let refusal = match feed.report(token, &client, hooks.clock().now()).await {
        Ok(sighting) => return Ok((hooked, sighting)),
        Err(refusal) => refusal,
    };
    let (status, detail_ru) = match &refusal {
        NotNoted::Token(refusal) => (StatusCode::UNAUTHORIZED, refusal.in_russian()),
        NotNoted::UsedBefore => (StatusCode::CONFLICT, "этот токен amoCRM уже использован".to_owned()),
        NotNoted::Store(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "хранилище АТС не отвечает; повторите позже".to_owned())
        }
    };
    Err(hooks.refused(id, Problem::new(status, refusal.to_string()).in_russian(detail_ru)))
}

/// A browser's question whether the widget may report.
#[utoipa::path(options, path = "/v1/integrations/{id}/presence", tag = "hooks", security(()),
    params(("id" = String, Path, description = "The integration")),
    responses(
        (status = 204, description = "Pages of the account may"),
        (status = 403, description = "This page may not", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such hook", body = Problem, content_type = "application/problem+json"),
    ))]
async fn may_report_presence(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = named(path)?;
    hooks.of(&id).and_then(|hooked| hooked.presence()).ok_or_else(no_such_hook)?;
    Ok(page::may_ask("POST"))
}
