//! One request and its answer in the journal.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::written::{Blob, nanoseconds};
use crate::capabilities::http::HttpError;

/// A request as the component made it, and what it was answered. The access token, which the host adds, is never in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAsk {
    /// The method.
    pub method: String,
    /// The whole address.
    pub uri: String,
    /// The component's own headers.
    pub headers: Vec<(String, Blob)>,
    /// What was sent of the body.
    #[serde(default, skip_serializing_if = "Blob::is_empty")]
    pub body: Blob,
    /// None where the component did not wait for it.
    pub answer: Option<HttpAnswer>,
}

/// An answer, or the failure to get one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// How long it took, from the question.
    #[serde(rename = "after_ns", with = "nanoseconds")]
    pub after: Duration,
    /// What it was.
    #[serde(flatten)]
    pub end: HttpEnd,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpEnd {
    /// Without an answer.
    Failed(HttpError),
    /// With an answer, of whose body this was read.
    #[allow(missing_docs, reason = "the parts of an answer")]
    Answered { status: u16, headers: Vec<(String, Blob)>, body: Vec<Piece> },
}

/// A piece of a body, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// When, from the question.
    #[serde(rename = "after_ns", with = "nanoseconds")]
    pub after: Duration,
    /// Whether the reader had to wait for it.
    pub waited: bool,
    /// What it was.
    #[serde(flatten)]
    pub kind: PieceKind,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PieceKind {
    /// Some bytes.
    Bytes(Blob),
    /// That there are no more.
    End(bool),
    /// That the rest will never come.
    Failed(HttpError),
}

impl HttpAsk {
    pub(super) fn question(&self) -> String {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let body = if self.body.is_empty() { String::new() } else { format!(" {}", self.body) };
        format!("{} {} ({}){body}", self.method, self.uri, headers.join(", "))
    }

    pub(super) fn bytes(&self) -> usize {
        let headers = |headers: &[(String, Blob)]| -> usize {
            headers.iter().map(|(name, value)| name.len() + value.len()).sum()
        };
        self.uri.len() + headers(&self.headers)
    }
}
