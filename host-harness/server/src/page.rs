//! The page for people: calls as they come, one call as a picture, reasons over time, how everything stands. Russian and English.
//!
//! Its files are part of the program and need nothing from elsewhere. They reveal nothing: what is shown is asked for with the server's token,
//! which the page keeps for its tab alone.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

use super::problem;

const INDEX: &str = include_str!("page/index.html");
/// The other files, by name.
const FILES: [(&str, &str, &str); 5] = [
    ("page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("api.js", SCRIPT, include_str!("page/api.js")),
    ("picture.js", SCRIPT, include_str!("page/picture.js")),
    ("texts.js", SCRIPT, include_str!("page/texts.js")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Nothing but the page's own files and answers; nobody may put it into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The page's routes, open to anybody.
pub fn routes() -> Router {
    Router::new().route("/", get(async || file("text/html; charset=utf-8", INDEX))).route("/page/{name}", get(named))
}

async fn named(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => file(kind, text).into_response(),
        None => problem::not_found().await.into_response(),
    }
}

fn file(kind: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 5], &'static str) {
    let headers = [
        (CONTENT_TYPE, kind),
        // Small, and from nearby: a new version of the program shows its own page at once.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text)
}
