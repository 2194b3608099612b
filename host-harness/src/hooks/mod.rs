//! What amoCRM and its pages report to the host over HTTP, ready to be mounted on a server: a request goes in, a response comes out.
//!
//! | request | from | what it does |
//! |---|---|---|
//! | `POST /v1/integrations/{id}/presence`, `X-Auth-Token: …` | the widget in amoCRM's pages | notes that a user is at work ([`presence`]) |
//! | `GET /v1/integrations/{id}/uninstalled?…` | amoCRM, signed | switches the integration off ([`crate::access::uninstall`]) |
//! | `POST /v1/integrations/{id}/manager-changed/{key}` | amoCRM's webhook | drops the kept manager ([`manager_changed`]) |
//!
//! Each proves itself: by a one-time token, by a signature, by a key in its address. Nothing is revealed to who cannot: an integration that
//! does not exist answers as one that has no such hook.

pub mod once;
pub mod presence;
pub mod widget_token;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

/// A response without a body.
fn answer(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// A refusal that says why, as a problem document (RFC 9457).
fn refuse(status: StatusCode, detail: &str) -> Response<Bytes> {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = json!({"title": title, "status": status.as_u16(), "detail": detail});
    let mut response = Response::new(Bytes::from(problem.to_string()));
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
