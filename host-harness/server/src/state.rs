//! `GET /v1/state`: how the node and its integrations stand at this moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use super::connections::table::Counted;
use super::guarded::Guarded;
use super::problem::Problem;
use super::scope::Scope;
use super::state_directory;
use super::tls::TlsState;
use super::tokens::TokenState;
use amocrm::access::Standing;
use amocrm::integration::Integration;
use call::Localized;
use runtime::capabilities::http::{CircuitCause, CircuitState};

/// How the node stands. Fields may be added, none is renamed.
#[derive(Serialize, ToSchema)]
struct NodeState {
    /// The software's version.
    version: &'static str,
    /// When the server began.
    #[schema(value_type = String, format = DateTime)]
    started_at: String,
    /// How many calls are being resolved.
    calls_in_flight: usize,
    /// The memory of all calls' components; null where it has no limit.
    guest_memory: Option<GuestMemory>,
    /// How the memory of calls is set back; null where calls have no slots of their own.
    slots: Option<Slots>,
    /// How many requests since the start were not authenticated.
    requests_refused: u64,
    /// Who may use the server.
    tokens: Vec<TokenState>,
    /// The server's own TLS; null where it speaks plain HTTP.
    tls: Option<TlsState>,
    /// Where the server keeps its files; null where it keeps none.
    state_directory: Option<state_directory::Standing>,
    /// How many webhooks since the start were refused.
    webhooks_refused: u64,
    /// The connections over HTTP.
    connections: Counted,
    /// Those of FastAGI; null where it is not listened for.
    fastagi_connections: Option<Counted>,
    /// The placed operations.
    operations: Vec<PlacementState>,
    /// The integrations.
    integrations: Vec<IntegrationState>,
    /// What other parts of the server say of themselves: `call_details` and the like.
    #[serde(flatten)]
    sections: BTreeMap<&'static str, Value>,
}

/// The memory of all calls' components, in bytes.
#[derive(Serialize, ToSchema)]
struct GuestMemory {
    /// How much they may use together.
    limit: usize,
    /// How much they use.
    in_use: usize,
    /// How often a call was refused memory since the start.
    refused: u64,
}

/// How the memory of calls is set back.
#[derive(Serialize, ToSchema)]
struct Slots {
    /// The kernel is asked which pages were written.
    page_scan: bool,
    /// Memory can be swapped out.
    swap: bool,
    /// What is wrong with it; null where nothing is.
    failing: Option<Localized>,
}

/// How a placed operation stands.
#[derive(Serialize, ToSchema)]
struct PlacementState {
    /// Its identifier.
    id: String,
    /// The integration's identifier.
    integration: String,
    /// Where its calls go that are not forwarded.
    linked_operation: String,
    /// The SHA-256 of the component in force.
    component: String,
    /// The SHA-256 of the component that resolves the same calls without acting, where there is one.
    shadow: Option<String>,
}

/// How an integration stands.
#[derive(Serialize, ToSchema)]
struct IntegrationState {
    /// Its identifier.
    id: String,
    /// Whether it is switched on in the configuration.
    enabled: bool,
    /// Whether its calls are resolved: it is switched on, and connected.
    on: bool,
    /// The account's address, where it is known.
    account: Option<String>,
    /// Whether requests go out.
    circuit: Circuit,
    /// How many requests may go out.
    budget: Budget,
    /// How its access stands: `kind`, `state`, `expires_at`, `action` and the like; null where it has no account.
    #[schema(value_type = Option<Object>)]
    access: Option<Standing>,
    /// Whether its amoCRM widget reports who is at work; null where that is not asked, or not known.
    presence: Option<FeedState>,
}

/// Whether the amoCRM widget reports who is at work (rule D7).
#[derive(Serialize, ToSchema)]
struct FeedState {
    /// `fed`: who was not seen today is absent; `silent`: nobody was seen for a day, so amoCRM's events count; `never-fed`: nobody ever was.
    state: &'static str,
    /// When somebody was seen last.
    #[schema(value_type = Option<String>, format = DateTime)]
    last: Option<String>,
}

/// Whether requests go out.
#[derive(Serialize, ToSchema)]
struct Circuit {
    /// `closed`, `open` or `half-open`.
    state: &'static str,
    /// `limited` (429) or `blocked` (403), unless it is closed.
    cause: Option<&'static str>,
    /// When a probe may go out, where it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
}

/// How many requests may go out.
#[derive(Serialize, ToSchema)]
struct Budget {
    /// In any second.
    requests_per_second: u16,
    /// How many wait for their turn.
    waiting: usize,
    /// Whether it is counted together with other nodes now; null where it never is, false while their store does not answer.
    shared: Option<bool>,
}

pub(super) fn routes(shared: &Arc<Shared>) -> Guarded {
    Scope::Viewer.guard(OpenApiRouter::new().routes(routes!(state)).with_state(Arc::clone(shared)))
}

/// Show how the node stands
#[utoipa::path(get, path = "/v1/state", tag = "state", responses(
    (status = 200, description = "How the node stands", body = NodeState),
    (status = 401, description = "The request is not authenticated", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "The scope does not reach", body = Problem, content_type = "application/problem+json"),
))]
async fn state(State(shared): State<Arc<Shared>>) -> Json<NodeState> {
    let (node, revision) = (&shared.node, shared.node.revision());
    let operations = revision.placements().iter().map(|placement| PlacementState {
        id: placement.id().to_owned(),
        integration: placement.integration_id().to_owned(),
        linked_operation: placement.exits().linked_operation().to_owned(),
        component: placement.active().placed.operation().digest().to_string(),
        shadow: placement.shadow().map(|shadow| shadow.digest().to_owned()),
    });
    let mut integrations = Vec::new();
    for (id, integration) in revision.integrations() {
        integrations.push(shared.integration(id, integration).await);
    }
    Json(NodeState {
        version: env!("CARGO_PKG_VERSION"),
        started_at: format!("{:.0}", shared.started_at),
        calls_in_flight: node.in_flight(),
        slots: node.slots().map(|slots| Slots {
            page_scan: slots.page_scan,
            swap: slots.swap,
            failing: slots.is_unsafe().then(|| {
                Localized::new(
                    "включена подкачка: выключите её или перезапустите сервер",
                    "swap was turned on: turn it off, or restart the server",
                )
            }),
        }),
        guest_memory: node.guest_memory().map(|memory| GuestMemory {
            limit: memory.limit,
            in_use: memory.in_use,
            refused: memory.refused,
        }),
        requests_refused: shared.guard.refused(),
        tokens: shared.guard.tokens(node.clock().now()),
        tls: shared.tls.as_ref().map(|tls| tls.state()),
        state_directory: shared.state_directory.as_ref().map(|directory| directory.standing(node.clock().now())),
        webhooks_refused: shared.refused_by_hooks.total(),
        connections: shared.connections.counted(),
        fastagi_connections: shared
            .settings
            .asterisk
            .as_ref()
            .and_then(|asterisk| asterisk.fastagi)
            .map(|_| shared.fastagi_connections.counted()),
        operations: operations.collect(),
        integrations,
        sections: shared.sections.iter().map(|(key, section)| (*key, section())).collect(),
    })
}

impl Shared {
    async fn integration(&self, id: &str, integration: &Integration) -> IntegrationState {
        let http = integration.http().state();
        let (state, cause, until) = match http.circuit {
            CircuitState::Closed => ("closed", None, None),
            CircuitState::Open { cause, until } => ("open", Some(cause), Some(until)),
            CircuitState::HalfOpen { cause } => ("half-open", Some(cause), None),
        };
        // A monotonic instant as a time of day.
        let until = until.map(|until| {
            let left = until.saturating_duration_since(Instant::now());
            let now = self.node.clock().now();
            format!("{:.0}", now.saturating_add(left).unwrap_or(now))
        });
        let cause = cause.map(|cause| match cause {
            CircuitCause::Limited => "limited",
            CircuitCause::Blocked => "blocked",
        });
        IntegrationState {
            id: id.to_owned(),
            enabled: integration.is_enabled(),
            on: integration.is_on(),
            account: integration.account().map(|account| account.to_string()),
            circuit: Circuit { state, cause, until },
            budget: Budget {
                requests_per_second: integration.requests_per_second(),
                waiting: http.waiting,
                shared: http.budget_shared,
            },
            access: integration.standing(id, self.node.clock().now()),
            presence: self.presence(integration).await,
        }
    }

    /// Whether presence is fed, where it is considered.
    async fn presence(&self, integration: &Integration) -> Option<FeedState> {
        let book = integration.presence().filter(|_| integration.settings().considers_manager_status())?;
        let feed = book.feed(self.node.clock().now()).await.ok()?;
        Some(FeedState { state: feed.name(), last: feed.last().map(|last| format!("{last:.0}")) })
    }
}
