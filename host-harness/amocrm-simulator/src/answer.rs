//! A whole answer before it goes out: status, media type, body, and the headers that amoCRM adds.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::script::Script;

/// What a list or an entity is sent as (amoCRM facts §1.2).
pub(crate) const HAL_JSON: &str = "application/hal+json";
/// What an error is sent as (amoCRM facts §6).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
        Self { status, headers, body: body.into() }
    }

    /// 200 with a document of the API.
    pub(crate) fn hal(document: &Value) -> Self {
        Self::new(StatusCode::OK, HAL_JSON, document.to_string())
    }

    /// 204: nothing found, or a page past the end (amoCRM facts §1.4). Never a body.
    pub(crate) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A page of the web server in front of the API (amoCRM facts §6: blocks, and 429 of amoCRM).
    pub(crate) fn nginx(status: StatusCode) -> Self {
        let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::new(status, "text/html", page)
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The response, its whole body at once.
    pub(crate) fn whole(self) -> http::Response<Script> {
        let body = self.body.clone();
        self.with_body(Script::from(body))
    }

    /// The response with another body than its own.
    pub(crate) fn with_body(self, body: Script) -> http::Response<Script> {
        let mut response = http::Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
