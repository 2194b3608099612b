//! What every request has to have, and what every answer says to browsers and caches.
//!
//! A request of HTTP/1.1 names one host (RFC 9112, 3.2); two programs on its way that each take another one would not mean the same. Answers
//! are not kept by caches and are not taken for another type than theirs.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, HOST, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode, Version};

use super::problem::Problem;

/// Refuses what names no host or two, and marks the answer. An answer that says more of caches itself keeps that.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(HOST).iter().count();
    let required = usize::from(request.version() == Version::HTTP_11);
    let mut response = if (required..=1).contains(&hosts) {
        next.run(request).await
    } else {
        Problem::new(StatusCode::BAD_REQUEST, "send one `Host` header").into_response()
    };
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
