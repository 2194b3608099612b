//! The configuration as the server's clients see and change it: the whole text, single things of it, and what was changed before.
//!
//! The server knows what can be changed ([`Edit`]) and nothing of how it is written down: whoever puts the server together gives it a
//! [`Configuration`] that judges, writes and puts in force.
//!
//! | route | what it does |
//! |---|---|
//! | `GET /v1/configuration` | the text in force, and what is to be known of it |
//! | `POST /v1/operations`, `PATCH`, `DELETE /v1/operations/{id}` | the placed operations |
//! | `PATCH /v1/integrations/{id}`, `PUT`, `DELETE …/employees/{employee}` | the integrations and their employees |
//! | `GET /v1/changes`, `POST /v1/changes/{number}/undo` | what was changed, by whom, and without it again |
//!
//! Each change names the revision that it was thought out for (`If-Match`), so that two people never overwrite each other.

mod by;
mod changes;
mod edit;
mod employees;
mod if_match;
mod integrations;
mod operations;
mod refusal;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::ETAG;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shared;
use crate::guarded::Guarded;
use crate::problem::Problem;
use crate::refusals::NotPermitted;
use crate::scope::Scope;
use crate::tokens::without_hashes;
use call::Localized;

pub use by::{Author, By};
pub use edit::{Edit, EmployeeEdit, IntegrationPatch, NewOperation, NumberEdit, OperationPatch, Scalar};
pub(crate) use employees::edit_of;
pub(crate) use refusal::no_such_integration;
pub use refusal::{NotChanged, Refusal};

/// Who judges, writes and puts in force.
#[async_trait]
pub trait Configuration: Send + Sync {
    /// What is in force.
    fn in_force(&self) -> ConfigurationInForce;

    /// Judges a change whole, writes it, puts it in force and remembers it.
    async fn change(&self, edit: Edit, expected: &str, by: Author) -> Result<ConfigurationInForce, NotChanged>;

    /// The changes before this number, the newest first; the next page begins before the second value.
    async fn changes(&self, before: Option<u64>, limit: usize) -> (Vec<ConfigurationChange>, Option<u64>);

    /// Remembers something that was done and changed nothing of the text. What cannot be remembered is done all the same.
    async fn note(&self, what: Localized, by: Author);

    /// The configuration without this change.
    async fn undo(&self, number: u64, expected: &str, by: Author) -> Result<ConfigurationInForce, NotChanged>;
}

/// The configuration in force. Fields may be added, none is renamed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfigurationInForce {
    /// Another one with each change: what `If-Match` names.
    pub revision: String,
    /// Whether it can be changed here.
    pub writable: bool,
    /// Why it cannot; null where it can.
    pub not_writable: Option<Localized>,
    /// Where nodes share the configuration, so that `text` is what they share; null where the file is the truth.
    pub shared: Option<SharedConfiguration>,
    /// The file's name; null in a demonstration.
    pub file: Option<String>,
    /// The file's text, or that of the record that nodes share. Secrets are only named in it.
    pub text: String,
    /// What is not wrong, but may not be meant.
    pub warnings: Vec<Localized>,
    /// What the file says that takes effect with the next start.
    pub at_restart: Vec<String>,
    /// Why the file as it is now was refused, so that what was in force before still is; null where it is in force.
    pub refused: Option<Localized>,
}

/// The configuration that nodes share. Fields may be added, none is renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SharedConfiguration {
    /// The store whose record it is.
    pub store: String,
    /// Why the store does not answer, so that what was known last goes on and nothing can be changed; null where it answers.
    pub away: Option<Localized>,
}

impl ConfigurationInForce {
    /// The same for `GET /v1/state`: without the text.
    pub(crate) fn state(&self) -> Value {
        let Self { revision, writable, not_writable, shared, file, refused, at_restart, warnings, .. } = self;
        json!({
            "revision": revision, "writable": writable, "not_writable": not_writable, "shared": shared, "file": file, "refused": refused,
            "at_restart": at_restart, "warnings": warnings,
        })
    }
}

/// A change that came into force, or something else that was done. Fields may be added, none is renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfigurationChange {
    /// Counted from 1.
    pub number: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whose token it was; null where none was needed.
    pub author: Option<String>,
    /// From where.
    pub by: By,
    /// What was done; null where the file's text changed.
    pub what: Option<Localized>,
    /// What changed in the file's text, as a unified difference; empty where something else was done.
    pub difference: String,
    /// The revision then.
    pub revision: String,
    /// The number of the change that it took back; null where it took none back.
    pub undoes: Option<u64>,
    /// The number of the change that took it back; null where it was not taken back, or that was taken back too.
    pub undone_by: Option<u64>,
}

/// What the routes share.
#[derive(Clone)]
pub(crate) struct ConfigurationState {
    shared: Arc<Shared>,
    configuration: Arc<dyn Configuration>,
}

/// The routes that show the integrations, however the node was put together.
pub(crate) fn integrations(shared: &Arc<Shared>) -> Guarded {
    Scope::Viewer.guard(integrations::routes().merge(employees::routes()).with_state(Arc::clone(shared)))
}

/// The routes over this configuration of the node.
pub(crate) fn routes(shared: &Arc<Shared>, configuration: Arc<dyn Configuration>) -> Guarded {
    let state = ConfigurationState { shared: Arc::clone(shared), configuration };
    let seen = OpenApiRouter::new().routes(routes!(show)).merge(changes::routes());
    let changed =
        operations::routes().merge(integrations::changing()).merge(employees::changing()).merge(changes::changing());
    Scope::Viewer.guard(seen.with_state(state.clone())).merge(Scope::Manager.guard(changed.with_state(state)))
}

/// Show the configuration in force
#[utoipa::path(get, path = "/v1/configuration", tag = "configuration", responses(
    (status = 200, description = "The configuration, its revision in `ETag`", body = ConfigurationInForce),
    NotPermitted,
))]
async fn show(State(state): State<ConfigurationState>) -> Response {
    shown(state.configuration.in_force())
}

/// The configuration for who asks, without hashes of tokens.
fn shown(in_force: ConfigurationInForce) -> Response {
    let (revision, text) = (in_force.revision.clone(), without_hashes(&in_force.text));
    tagged(&revision, Json(ConfigurationInForce { text, ..in_force }))
}

impl ConfigurationState {
    /// Makes a change that a request asks for.
    async fn change(&self, edit: Edit, headers: &HeaderMap, author: Author) -> Result<ConfigurationInForce, Problem> {
        let expected = self.expected(headers)?;
        Ok(self.configuration.change(edit, &expected, author).await?)
    }

    /// The revision that a change is thought out for.
    fn expected(&self, headers: &HeaderMap) -> Result<String, Problem> {
        if_match::expected(headers, &self.configuration.in_force().revision)
    }
}

/// An answer that tells the revision.
fn tagged(revision: &str, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
