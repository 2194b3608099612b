//! Refusals as problem documents (RFC 9457): what is wrong, and what to do about it.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use utoipa::ToSchema;

use call::Localized;
use node::{Misfit, MisfitKind};
use runtime::engine::Finding;

/// A refusal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The status in words.
    #[schema(value_type = String)]
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request, and what to do.
    pub detail: String,
    /// The same in Russian, where it is for an administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_ru: Option<String>,
    /// The field of the request's body that is at fault, as a JSON pointer, so that a form can show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where a component was refused: what of it does not fit the contract, or the placement.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Unfit>,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unfit {
    /// What kind of misfit it is.
    pub kind: MisfitKind,
    /// The key at fault, of the placement's settings or of the integration's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What was found, naming the import, the export or the key.
    pub what: String,
    /// What to do about it.
    pub fix: String,
    /// What was found, in Russian.
    pub what_ru: String,
    /// What to do about it, in Russian.
    pub fix_ru: String,
}

impl From<&Finding> for Unfit {
    fn from(finding: &Finding) -> Self {
        Self {
            kind: MisfitKind::Contract,
            key: None,
            what: finding.what.en.clone(),
            fix: finding.fix.en.clone(),
            what_ru: finding.what.ru.clone(),
            fix_ru: finding.fix.ru.clone(),
        }
    }
}

impl From<&Misfit> for Unfit {
    fn from(misfit: &Misfit) -> Self {
        let (what, fix) = (misfit.what(), misfit.fix());
        Self {
            kind: misfit.kind(),
            key: misfit.key().map(str::to_owned),
            what: what.en,
            fix: fix.en,
            what_ru: what.ru,
            fix_ru: fix.ru,
        }
    }
}

impl Problem {
    /// A refusal with this status, that says why. What people meet is [`localized`](Self::localized).
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        Self {
            title,
            status: status.as_u16(),
            detail: detail.into(),
            detail_ru: None,
            field: None,
            findings: Vec::new(),
        }
    }

    /// The same refusal, said in Russian too.
    #[must_use]
    pub fn in_russian(self, detail: impl Into<String>) -> Self {
        Self { detail_ru: Some(detail.into()), ..self }
    }

    /// A refusal that says why in both languages.
    pub fn localized(status: StatusCode, detail: Localized) -> Self {
        Self { detail_ru: Some(detail.ru), ..Self::new(status, detail.en) }
    }

    /// The same refusal, with what does not fit.
    pub(super) fn with_findings(self, findings: Vec<Unfit>) -> Self {
        Self { findings, ..self }
    }

    fn response<B: From<Bytes>>(&self) -> Response<B> {
        let body = serde_json::to_vec(self).unwrap_or_default();
        let mut response = Response::new(B::from(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.response()
    }
}

pub(super) async fn not_found() -> Problem {
    let text = Localized::new(
        "здесь ничего нет; что есть, перечисляет /openapi.json",
        "there is nothing here; GET /openapi.json lists what there is",
    );
    Problem::localized(StatusCode::NOT_FOUND, text)
}

/// The answer where a handler panicked. What it said is the log's, not the client's.
pub(super) fn of_panic(panic: Box<dyn Any + Send>) -> Response<Full<Bytes>> {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(said = said.unwrap_or("nothing"), "a request met a fault of the server");
    let text = Localized::new("ошибка сервера; подробности в его журнале", "a fault of the server; its log says more");
    Problem::localized(StatusCode::INTERNAL_SERVER_ERROR, text).response()
}
