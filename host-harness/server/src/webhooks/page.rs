//! From which page a widget's request comes. Pages of the integration's own account may ask and read; pages of other sites may not.
//!
//! A browser lets a page read an answer only where the answer names the page's site, refusals too. What a request proves is in its token; this
//! keeps other sites from asking in the name of who looks at them. A request without `Origin` is not from a page.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::Routed;
use crate::problem::Problem;
use runtime::capabilities::http::Origin;

/// What a widget sends with its requests beside what every page may.
const HEADERS: HeaderValue = HeaderValue::from_static("content-type, x-auth-token");
/// For how many seconds a browser need not ask again whether it may: a day.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// Whose page a request comes from.
enum Page {
    /// None: a program sent it.
    None,
    /// One of the account's; its site as the browser writes it.
    Account(HeaderValue),
    /// Another one.
    Foreign,
}

impl Page {
    fn of(headers: &HeaderMap, account: &Origin) -> Self {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Self::None,
            (Some(origin), None) if is_of(origin, account) => Self::Account(origin.clone()),
            _ => Self::Foreign,
        }
    }
}

fn is_of(origin: &HeaderValue, account: &Origin) -> bool {
    origin.to_str().ok().and_then(|origin| origin.parse::<Origin>().ok()).is_some_and(|origin| origin == *account)
}

/// Lets through what may ask, and writes on every answer who may read it.
pub(super) async fn layer(
    State(Routed { hooks, .. }): State<Routed>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
    next: Next,
) -> Response {
    let feed = path.ok().and_then(|Path(id)| Some((hooks.of(&id)?.presence()?.0, id)));
    // What there is not says so itself.
    let Some((feed, id)) = feed else { return next.run(request).await };
    let page = Page::of(request.headers(), &feed.account);
    let mut response = match page {
        Page::Foreign => {
            let detail = "only pages of the account that this integration is connected to may ask here";
            let detail_ru = "спрашивать здесь могут только страницы того аккаунта, к которому подключена интеграция";
            hooks.refused(&id, Problem::new(StatusCode::FORBIDDEN, detail).in_russian(detail_ru)).into_response()
        }
        Page::None | Page::Account(_) => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Page::Account(origin) = page {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// The answer to a browser's question whether a page may send requests of these methods.
pub(super) fn may_ask(methods: &'static str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}
