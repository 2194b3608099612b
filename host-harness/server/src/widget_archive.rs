//! The archive of the amoCRM widget, for an administrator to upload in amoCRM.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::guarded::Guarded;
use crate::problem::Problem;
use crate::query::Query;
use crate::scope::Scope;
use amocrm::access::Platform;
use amocrm::integration::Access;
use call::Localized;
use widget::{NoServerAddress, ServerAddress, Widget};

/// For which server.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ArchiveQuery {
    /// Where browsers reach this server, such as `https://pbx.example.ru`.
    server: String,
}

pub(crate) fn routes(shared: &Arc<Shared>) -> Guarded {
    Scope::Manager.guard(OpenApiRouter::new().routes(routes!(archive)).with_state(Arc::clone(shared)))
}

/// Download the archive of the amoCRM widget
#[utoipa::path(get, path = "/v1/integrations/{id}/widget.zip", tag = "configuration",
    params(("id" = String, Path, description = "The integration"), ArchiveQuery),
    responses(
        (status = 200, description = "The archive, to be uploaded in amoCRM as `widget.zip`", body = Vec<u8>, content_type = "application/zip"),
        (status = 400, description = "The query is not understood", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "There is no widget for this address, or for this integration", body = Problem, content_type = "application/problem+json"),
    ))]
async fn archive(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(query): Query<ArchiveQuery>,
) -> Result<Response, Problem> {
    let revision = shared.node.revision();
    let integration = revision.integrations().get(id.as_str()).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "there is no such integration; GET /v1/integrations lists them")
            .in_russian("такой интеграции нет")
    })?;
    let Access::OAuth(oauth) = &integration.settings().access else {
        return Err(unfit(Localized::new(
            "виджету нужна интеграция, подключённая через OAuth: её секретным ключом amoCRM подписывает запросы виджета",
            "a widget needs an integration that is connected by OAuth: amoCRM signs the widget's requests with its client_secret",
        )));
    };
    let server: ServerAddress = query.server.parse().map_err(|error: NoServerAddress| unfit(error.into()))?;
    let platform = match oauth.platform {
        Platform::Amocrm => widget::Platform::Amocrm,
        Platform::Kommo => widget::Platform::Kommo,
    };
    // Pictures are drawn and files compressed, which is no work for a thread of calls.
    let made = tokio::task::spawn_blocking(move || Widget::new(server, id).platform(platform).archive()).await;
    let archive = match made {
        Ok(Ok(archive)) => archive,
        Ok(Err(error)) => {
            return Err(Problem::localized(StatusCode::INTERNAL_SERVER_ERROR, error.into()));
        }
        Err(_) => {
            let text =
                Localized::new("ошибка сервера; подробности в его журнале", "a fault of the server; its log says more");
            return Err(Problem::localized(StatusCode::INTERNAL_SERVER_ERROR, text));
        }
    };
    let mut response = archive.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    let attachment = HeaderValue::from_static("attachment; filename=\"widget.zip\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, attachment);
    Ok(response)
}

fn unfit(text: Localized) -> Problem {
    Problem::localized(StatusCode::UNPROCESSABLE_ENTITY, text)
}
