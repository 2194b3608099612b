//! Components and versions over HTTP: uploading, activating, rolling back, and shadows.
//!
//! | route | what it does |
//! |---|---|
//! | `POST /v1/components` | takes a component: checked against the contract, compiled, kept |
//! | `GET /v1/components`, `GET /v1/components/{digest}` | what can be activated, and what it says of itself |
//! | `GET /v1/operations/{id}/component` | the version in force, and what was before |
//! | `PUT /v1/operations/{id}/component` `{"digest": "…"}` | puts a version in force |
//! | `POST /v1/operations/{id}/rollback` | puts the version before in force again |
//! | `PUT`, `GET`, `DELETE /v1/operations/{id}/shadow` | starts a shadow, shows what it found, ends it |
//!
//! Problems are problem documents; those of a component list what does not fit, each with its fix.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::configuration::Author;
use super::guarded::Guarded;
use super::problem::{Problem, Unfit};
use super::scope::Scope;
use call::{Bilingual, Localized, localized};
use node::LibraryError;
use node::library::{Component, LARGEST_COMPONENT};
use node::shadow::{Findings, Shadow};
use node::versions::{By, Change, VersionError, Versions};

/// How many components are taken at once; each is in memory while it is checked.
const UPLOADS_AT_ONCE: usize = 2;
/// The longest name of who wants something.
const LONGEST_NAME: usize = 100;

/// What the routes share.
#[derive(Clone)]
struct ComponentsState {
    versions: Arc<Versions>,
    uploads: Arc<Semaphore>,
}

/// The routes: a viewer sees, a manager changes.
pub fn routes(versions: Arc<Versions>) -> Guarded {
    let state = ComponentsState { versions, uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)) };
    let seen = OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(describe))
        .routes(routes!(show))
        .routes(routes!(shadow));
    let changed = OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(activate))
        .routes(routes!(roll_back))
        .routes(routes!(start_shadow, end_shadow))
        .layer(DefaultBodyLimit::max(LARGEST_COMPONENT));
    Scope::Viewer.guard(seen.with_state(state.clone())).merge(Scope::Manager.guard(changed.with_state(state)))
}

/// What can be activated.
#[derive(Serialize, ToSchema)]
struct Listed {
    components: Vec<ListedComponent>,
}

/// A component, and where it is in force.
#[derive(Serialize, ToSchema)]
struct ListedComponent {
    #[serde(flatten)]
    component: Component,
    /// The placed operations that it is in force at.
    active_at: Vec<String>,
    /// The placed operations that it is the shadow of.
    shadow_of: Vec<String>,
}

/// Which component is meant, and by whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChosenComponent {
    /// Its SHA-256 in hexadecimal.
    digest: String,
    /// Who wants it, for the history; `page` or `http` unless given.
    by: Option<String>,
    /// Whether it is wanted although it is another operation, or the settings or the configuration do not fit it; the history tells who insisted.
    #[serde(default)]
    insist: bool,
}

/// How to roll back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RollBack {
    /// Whether the version before is wanted although it is another operation, or the settings or the configuration do not fit it
    #[serde(default)]
    insist: bool,
}

/// The version in force at a placed operation.
#[derive(Serialize, ToSchema)]
struct InForce {
    /// The placed operation.
    operation: String,
    /// The component in force.
    component: String,
    /// The component that the configuration names.
    configured: String,
    /// The component that a roll back puts in force; null where there was none before.
    before: Option<String>,
    /// What was put in force here, the newest last: since the operation was made, and beside the component that the configuration names.
    history: Vec<Change>,
}

/// A shadow, and what it found so far.
#[derive(Serialize, ToSchema)]
struct ShadowShown {
    /// The placed operation.
    operation: String,
    /// The component in force.
    active: String,
    /// The shadow's component.
    shadow: String,
    /// Since when it follows calls.
    since: String,
    #[serde(flatten)]
    findings: Findings,
}

impl From<LibraryError> for Problem {
    fn from(error: LibraryError) -> Self {
        let status = match &error {
            LibraryError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            LibraryError::Unfit(fit) if fit.is_undecided() => StatusCode::SERVICE_UNAVAILABLE,
            LibraryError::Unfit(_) | LibraryError::Undescribed(_) => StatusCode::UNPROCESSABLE_ENTITY,
            LibraryError::Unknown(_) => StatusCode::NOT_FOUND,
            LibraryError::Full | LibraryError::Away(_) => StatusCode::CONFLICT,
            LibraryError::File(_) => StatusCode::INSUFFICIENT_STORAGE,
            LibraryError::Host => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let findings = match &error {
            LibraryError::Unfit(fit) => fit.rejections().map(Unfit::from).collect(),
            _ => Vec::new(),
        };
        Self::localized(status, error.text()).with_findings(findings)
    }
}

impl From<VersionError> for Problem {
    fn from(error: VersionError) -> Self {
        let findings = match &error {
            VersionError::Misfit { misfits, .. } => misfits.0.iter().map(Unfit::from).collect(),
            _ => Vec::new(),
        };
        let status = match error {
            VersionError::Library(error) => return error.into(),
            VersionError::NoPlacement(_) => StatusCode::NOT_FOUND,
            VersionError::Misfit { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            VersionError::NothingBefore(_)
            | VersionError::Conflict { .. }
            | VersionError::Away(_)
            | VersionError::Unknown(_) => StatusCode::CONFLICT,
            VersionError::NotKept(_) => StatusCode::INSUFFICIENT_STORAGE,
            VersionError::NoShadow(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::localized(status, error.text()).with_findings(findings)
    }
}

impl ChosenComponent {
    fn read(wanted: Result<Json<Self>, JsonRejection>, author: &Author) -> Result<(String, String, bool), Problem> {
        let Json(Self { digest, by, insist }) = wanted.map_err(|rejection| {
            let text = Localized::new(
                "не понято, какой это компонент: обновите страницу",
                format!("send {{\"digest\": \"…\"}} as JSON: {}", rejection.body_text()),
            );
            Problem::localized(rejection.status(), text)
        })?;
        let by = by.unwrap_or_else(|| author.place().to_owned()).chars().take(LONGEST_NAME).collect();
        Ok((digest.to_ascii_lowercase(), by, insist))
    }
}

impl ComponentsState {
    fn listed(&self, component: Component) -> ListedComponent {
        let revision = self.versions.node().revision();
        let placements = revision.placements();
        let of = |is: &dyn Fn(&node::Placement) -> bool| {
            placements.iter().filter(|placement| is(placement)).map(|placement| placement.id().to_owned()).collect()
        };
        ListedComponent {
            active_at: of(&|placement| **placement.active().placed.operation().digest() == *component.digest),
            shadow_of: of(&|placement| placement.shadow().is_some_and(|shadow| shadow.digest() == component.digest)),
            component,
        }
    }

    async fn in_force(&self, id: &str) -> Result<Json<InForce>, Problem> {
        let component = self.active(id)?;
        let configured = self.versions.placement(id)?.configured().placed.operation().digest().to_string();
        let (before, history) = (self.versions.before(id).await?, self.versions.history(id).await?);
        Ok(Json(InForce { operation: id.to_owned(), component, configured, before, history }))
    }

    fn active(&self, id: &str) -> Result<String, Problem> {
        Ok(self.versions.placement(id)?.active().placed.operation().digest().to_string())
    }

    fn shown(&self, id: &str, shadow: &Shadow) -> Result<Json<ShadowShown>, Problem> {
        Ok(Json(ShadowShown {
            operation: id.to_owned(),
            active: self.active(id)?,
            shadow: shadow.digest().to_owned(),
            since: shadow.since().to_string(),
            findings: shadow.findings(),
        }))
    }
}

/// List what can be activated
#[utoipa::path(get, path = "/v1/components", tag = "components", responses(
    (status = 200, description = "Uploaded components, the newest first, and those of the configuration", body = Listed),
    (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
))]
async fn list(State(desk): State<ComponentsState>) -> Json<Listed> {
    let components = desk.versions.components().into_iter().map(|component| desk.listed(component)).collect();
    Json(Listed { components })
}

/// Upload a component
#[utoipa::path(post, path = "/v1/components", tag = "components",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component's file"),
    responses(
        (status = 201, description = "Checked, compiled and kept", body = ListedComponent),
        (status = 200, description = "It was there already", body = ListedComponent),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "All that are kept are in use, or the store of the nodes does not answer", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It does not fit the contract", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Others are being uploaded, or it could not be compiled in time", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "It cannot be kept", body = Problem, content_type = "application/problem+json"),
    ))]
async fn upload(State(desk): State<ComponentsState>, request: axum::extract::Request) -> Result<Response, Problem> {
    use axum::extract::FromRequest as _;
    // Taken before the body is read, so that its memory is bounded too.
    let Ok(_upload) = desk.uploads.try_acquire() else {
        let text = Localized::new(
            "сейчас загружаются другие компоненты; повторите",
            "other components are being uploaded; try again",
        );
        return Err(Problem::localized(StatusCode::SERVICE_UNAVAILABLE, text));
    };
    let bytes =
        Bytes::from_request(request, &()).await.map_err(|rejection: BytesRejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::localized(
                StatusCode::PAYLOAD_TOO_LARGE,
                localized!(
                    "компонент слишком велик: допустимо байтов не больше {LARGEST_COMPONENT}",
                    "a component has at most {LARGEST_COMPONENT} bytes"
                ),
            ),
            status => Problem::localized(
                status,
                Localized::new(
                    "компонент пришёл не целиком; загрузите его ещё раз",
                    "the component did not arrive whole; send it again",
                ),
            ),
        })?;
    let (component, new) = desk.versions.upload(bytes.as_ref()).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(desk.listed(component))).into_response())
}

/// Show what a component says of itself
#[utoipa::path(get, path = "/v1/components/{digest}", tag = "components",
    params(("digest" = String, Path, description = "Its SHA-256 in hexadecimal")),
    responses(
        (status = 200, description = "The component", body = ListedComponent),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none", body = Problem, content_type = "application/problem+json"),
    ))]
async fn describe(
    State(desk): State<ComponentsState>,
    Path(digest): Path<String>,
) -> Result<Json<ListedComponent>, Problem> {
    let component = desk.versions.component(&digest.to_ascii_lowercase());
    Ok(Json(desk.listed(component.ok_or(LibraryError::Unknown(digest))?)))
}

/// Show the version in force and what was before
#[utoipa::path(get, path = "/v1/operations/{id}/component", tag = "operations",
    params(("id" = String, Path, description = "The placed operation")),
    responses(
        (status = 200, description = "The version in force", body = InForce),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such operation", body = Problem, content_type = "application/problem+json"),
    ))]
async fn show(State(desk): State<ComponentsState>, Path(id): Path<String>) -> Result<Json<InForce>, Problem> {
    desk.in_force(&id).await
}

/// Put a version in force
#[utoipa::path(put, path = "/v1/operations/{id}/component", tag = "operations",
    params(("id" = String, Path, description = "The placed operation")),
    request_body = ChosenComponent,
    responses(
        (status = 200, description = "It is in force", body = InForce),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such operation or component", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another node has just changed the same, or the store of the nodes does not answer", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It does not fit", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "It cannot be kept", body = Problem, content_type = "application/problem+json"),
    ))]
async fn activate(
    State(desk): State<ComponentsState>,
    Path(id): Path<String>,
    author: Author,
    wanted: Result<Json<ChosenComponent>, JsonRejection>,
) -> Result<Json<InForce>, Problem> {
    let (digest, by, insists) = ChosenComponent::read(wanted, &author)?;
    desk.versions.activate(&id, &digest, By { name: &by, author: author.name.as_deref(), insists }).await?;
    desk.in_force(&id).await
}

/// Put the version before in force again
#[utoipa::path(post, path = "/v1/operations/{id}/rollback", tag = "operations",
    params(("id" = String, Path, description = "The placed operation"), RollBack),
    responses(
        (status = 200, description = "It is in force", body = InForce),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such operation", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There was no version before, another node has just changed the same, or the store of the nodes does not answer", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It does not fit the placement any more", body = Problem, content_type = "application/problem+json"),
    ))]
async fn roll_back(
    State(desk): State<ComponentsState>,
    Path(id): Path<String>,
    author: Author,
    wanted: Result<Query<RollBack>, QueryRejection>,
) -> Result<Json<InForce>, Problem> {
    let Query(RollBack { insist: insists }) = wanted.map_err(|rejection| {
        let text = Localized::new("запрос не понят: обновите страницу", rejection.body_text());
        Problem::localized(StatusCode::BAD_REQUEST, text)
    })?;
    let by = By { name: author.place(), author: author.name.as_deref(), insists };
    desk.versions.roll_back(&id, by).await?;
    desk.in_force(&id).await
}

/// Show what a shadow found
#[utoipa::path(get, path = "/v1/operations/{id}/shadow", tag = "operations",
    params(("id" = String, Path, description = "The placed operation")),
    responses(
        (status = 200, description = "Counts and listed differences", body = ShadowShown),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such operation, or it has no shadow", body = Problem,
            content_type = "application/problem+json"),
    ))]
async fn shadow(State(desk): State<ComponentsState>, Path(id): Path<String>) -> Result<Json<ShadowShown>, Problem> {
    match desk.versions.placement(&id)?.shadow() {
        Some(shadow) => desk.shown(&id, &shadow),
        None => {
            let text =
                Localized::new("проверка в тени здесь не идёт", "it has no shadow; PUT one with {\"digest\": \"…\"}");
            Err(Problem::localized(StatusCode::NOT_FOUND, text))
        }
    }
}

/// Let a version resolve the same calls without acting
#[utoipa::path(put, path = "/v1/operations/{id}/shadow", tag = "operations",
    params(("id" = String, Path, description = "The placed operation")),
    request_body = ChosenComponent,
    responses(
        (status = 200, description = "It follows calls", body = ShadowShown),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such operation or component", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another node has just changed the same, or the store of the nodes does not answer", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It does not fit", body = Problem, content_type = "application/problem+json"),
    ))]
async fn start_shadow(
    State(desk): State<ComponentsState>,
    Path(id): Path<String>,
    author: Author,
    wanted: Result<Json<ChosenComponent>, JsonRejection>,
) -> Result<Json<ShadowShown>, Problem> {
    let (digest, by, insists) = ChosenComponent::read(wanted, &author)?;
    let by = By { name: &by, author: author.name.as_deref(), insists };
    let shadow = desk.versions.start_shadow(&id, &digest, by).await?;
    desk.shown(&id, &shadow)
}

/// End a shadow
#[utoipa::path(delete, path = "/v1/operations/{id}/shadow", tag = "operations",
    params(("id" = String, Path, description = "The placed operation")),
    responses(
        (status = 204, description = "There is none any more"),
        (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such operation", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another node has just changed the same, or the store of the nodes does not answer", body = Problem,
            content_type = "application/problem+json"),
    ))]
async fn end_shadow(State(desk): State<ComponentsState>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    desk.versions.end_shadow(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
