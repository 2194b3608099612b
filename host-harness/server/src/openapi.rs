//! The server's own description, `GET /openapi.json`.

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

/// The beginning of the description: what the server is, and how one proves who one is. Which way a route takes, and with which scope, it says
/// itself.
pub(super) fn described() -> OpenApiRouter {
    let info = InfoBuilder::new()
        .title("host-harness")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Resolves calls with telephony operations. Refusals are problem documents (RFC 9457)."));
    let bearer = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token of `[[server.tokens]]` with the scope that the route names; `[server] token` and the file `server-token` in the state \
             directory are a manager's, which reaches every route.",
        ))
        .build();
    let session = ApiKeyValue::with_description(
        super::sessions::COOKIE,
        "The cookie of `POST /v1/session`, with `-PORT` behind its name where a port was asked for. A request that changes something comes from a page of this server, with `X-Requested-With: host-harness`.",
    );
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)))
        .build();
    let description = OpenApiBuilder::new().info(info.build()).components(Some(components));
    OpenApiRouter::with_openapi(description.build())
}

/// The route that shows it, written out once.
pub(super) fn route(description: &OpenApi) -> anyhow::Result<Router> {
    let text = Bytes::from(description.to_json().context("the server's description cannot be written")?);
    let show = move || {
        let text = text.clone();
        async move { ([(CONTENT_TYPE, "application/json")], text) }
    };
    Ok(Router::new().route("/openapi.json", get(show)))
}
