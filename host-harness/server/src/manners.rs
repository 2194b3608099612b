//! What every request has to have, what every refusal says, and what every answer says to browsers and caches.
//!
//! A request of HTTP/1.1 names one host (RFC 9112, 3.2); two programs on its way that each take another one would not mean the same. Answers
//! are not kept by caches and are not taken for another type than theirs. What the router refuses by itself is a problem document like any other
//! refusal: a method that an address does not have, a part of a path that is not a number.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, StatusCode, Version};

use call::localized;

use super::problem::Problem;

/// Refuses what names no host or two, and marks the answer. An answer that says more of caches itself keeps that.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(HOST).iter().count();
    let required = usize::from(request.version() == Version::HTTP_11);
    let method = request.method().clone();
    let mut response = if (required..=1).contains(&hosts) {
        explained(&method, next.run(request).await)
    } else {
        Problem::new(StatusCode::BAD_REQUEST, "send one `Host` header").into_response()
    };
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The router says why as text, and nothing of a method that an address does not have.
fn explained(method: &Method, response: Response) -> Response {
    let said = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let text = match (response.status(), said) {
        (StatusCode::METHOD_NOT_ALLOWED, None) => localized!(
            "метод {} здесь не поддерживается; что есть, перечисляет /openapi.json",
            "{} is not supported here; GET /openapi.json lists what is",
            method
        ),
        (StatusCode::BAD_REQUEST, Some(kind)) if kind.starts_with("text/plain") => localized!(
            "часть пути неверна: нужно целое число или текст UTF-8",
            "part of the path is invalid: it must be a whole number, or text in UTF-8",
        ),
        _ => return response,
    };
    let (mut head, _) = response.into_parts();
    let (problem, body) = Problem::localized(head.status, text).into_response().into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.extend(problem.headers);
    Response::from_parts(head, body)
}
