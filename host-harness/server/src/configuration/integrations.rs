//! The integrations, shown and changed over HTTP.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusal::no_such_integration;
use super::{Author, ConfigurationState, Edit, IntegrationPatch, tagged};
use crate::Shared;
use crate::json::Json;
use crate::problem::Problem;
use crate::refusals::{NotChangedHere, NotPermitted};
use amocrm::access::Standing;
use amocrm::integration::{Access, Integration};
use node::Revision;
use runtime::report::description_json;

/// An integration. Fields may be added, none is renamed.
#[derive(Serialize, ToSchema)]
pub(super) struct ShownIntegration {
    /// Its identifier.
    id: String,
    /// Whether it is switched on in the configuration.
    enabled: bool,
    /// Whether its calls are resolved: it is switched on, and connected.
    on: bool,
    /// The account's address, where it is known.
    account: Option<String>,
    /// `long-lived`, `oauth` or `none`.
    access: &'static str,
    /// How its access stands, as `GET /v1/state` has it.
    #[schema(value_type = Option<Object>)]
    access_state: Option<Standing>,
    /// What operations read, as written; secrets are left out.
    configuration: BTreeMap<String, String>,
    /// The keys that its operations read, as they describe them.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Value>,
    /// Its time zone by name, where it has one.
    time_zone: Option<String>,
    /// How many employees it has.
    employees: usize,
}

/// All integrations.
#[derive(Serialize, ToSchema)]
struct Integrations {
    integrations: Vec<ShownIntegration>,
}

/// The routes that show them.
pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The routes that change them.
pub(super) fn changing() -> OpenApiRouter<ConfigurationState> {
    OpenApiRouter::new().routes(routes!(change))
}

impl ShownIntegration {
    fn of(shared: &Shared, revision: &Revision, id: &str, integration: &Arc<Integration>) -> Self {
        let settings = integration.settings();
        Self {
            id: id.to_owned(),
            enabled: integration.is_enabled(),
            on: integration.is_on(),
            account: integration.account().map(|account| account.to_string()),
            access: match settings.access {
                Access::LongLived(_) => "long-lived",
                Access::OAuth(_) => "oauth",
                Access::NoAccount => "none",
            },
            access_state: integration.standing(id, shared.node.clock().now()),
            configuration: settings
                .configuration
                .keys()
                .filter_map(|key| Some((key.to_owned(), settings.configuration.get(key)?.to_owned())))
                .collect(),
            keys: keys(revision, integration),
            time_zone: settings.time_zone.clone(),
            employees: settings.employees.len(),
        }
    }
}

/// The keys that the operations of an integration describe, each once.
fn keys(revision: &Revision, integration: &Arc<Integration>) -> Vec<Value> {
    let (mut keys, mut known) = (Vec::new(), HashSet::new());
    for placement in revision.placements().iter().filter(|placement| Arc::ptr_eq(placement.integration(), integration))
    {
        let version = placement.active();
        let mut description = description_json(version.placed.operation(), &version.description);
        let Some(Value::Array(described)) = description.get_mut("configuration").map(Value::take) else { continue };
        keys.extend(described.into_iter().filter(|key| known.insert(key["key"].to_string())));
    }
    keys
}

/// List the integrations
#[utoipa::path(get, path = "/v1/integrations", tag = "configuration", responses(
    (status = 200, description = "The integrations", body = Integrations),
    NotPermitted,
))]
async fn list(State(shared): State<Arc<Shared>>) -> Answer<Integrations> {
    let revision = shared.node.revision();
    let integrations = revision.integrations().iter();
    let shown = integrations.map(|(id, integration)| ShownIntegration::of(&shared, &revision, id, integration));
    Answer(Integrations { integrations: shown.collect() })
}

/// Change an integration
#[utoipa::path(patch, path = "/v1/integrations/{id}", tag = "configuration",
    params(
        ("id" = String, Path, description = "Its identifier"),
        ("If-Match" = String, Header, description = "The revision that this is thought out for"),
    ),
    request_body(content = IntegrationPatch, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "It is changed", body = ShownIntegration),
        (status = 404, description = "There is no such integration", body = Problem, content_type = "application/problem+json"),
        NotChangedHere,
    ))]
async fn change(
    State(state): State<ConfigurationState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    author: Author,
    Json(patch): Json<IntegrationPatch>,
) -> Result<Response, Problem> {
    let in_force = state.change(Edit::ChangeIntegration(id.clone(), patch), &headers, author).await?;
    let revision = state.shared.node.revision();
    let integration = revision.integrations().get(id.as_str()).ok_or_else(no_such_integration)?;
    Ok(tagged(&in_force.revision, Answer(ShownIntegration::of(&state.shared, &revision, &id, integration))))
}
