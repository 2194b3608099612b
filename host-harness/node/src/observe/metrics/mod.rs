//! Prometheus metrics (the OpenMetrics text format) of a node's calls, its requests and its integrations.
//!
//! | metric | labels | what it counts |
//! |---|---|---|
//! | `host_harness_calls_total` | `operation`, `outcome` | calls by outcome: `forwarded`, or the reason's code |
//! | `host_harness_call_waited_seconds` | `operation` | how long calls waited for their route |
//! | `host_harness_manager_source_total` | `operation`, `source` | where the manager was known from: `cache` is a hit |
//! | `host_harness_requests_total` | `integration`, `purpose`, `outcome` | the operations' requests |
//! | `host_harness_request_seconds` | `integration`, `purpose` | how long they took |
//! | `host_harness_exchanges_total` | `integration`, `fate` | what became of them at the host: sent, shared, refused |
//! | `host_harness_budget_wait_seconds` | `integration` | how long requests waited for their turn |
//! | `host_harness_budget_waiting` | `integration` | requests that wait for their turn now |
//! | `host_harness_circuit_state` | `integration`, `state` | 1 at the state that the circuit is in |
//! | `host_harness_integration_on` | `integration` | whether calls of the integration are resolved |
//! | `host_harness_access_refused` | `integration` | 1 while amoCRM refuses the integration's requests, or has ended its access |
//! | `host_harness_connections_open`, `…_opened_total` | `integration` | the connection pool |
//! | `host_harness_client_connections_closed_total` | `listener`, `reason` | connections of clients that the server closed: `too-slow`, `no-tls`, `no-room`, `address-share` |
//! | `host_harness_page_scan`, `host_harness_swap` | | how the memory of calls is set back; both 1 is not safe |
//! | `host_harness_guest_memory_limit_bytes`, `…_in_use_bytes`, `…_refused_total` | | the memory of all calls' components |
//! | `host_harness_calls_in_flight` | | calls that are being resolved |
//! | `host_harness_call_details_kept_total`, `…_lost_total`, `…_reports_lost_total`, `…_waiting`, `…_failing` | | how keeping calls goes |
//! | `host_harness_build_info` | `version` | 1 |
//!
//! A call that goes through several operations of a scenario is counted at each of them.
//!
//! A component's words (reasons, purposes) become labels, so their number is bounded: those past the bound are counted as `other`.

mod bounded;
mod call_details;
mod counter;
mod node;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::{FinishedCall, FinishedStep, Node, Observer, Walked};
use bounded::Bounded;
use call::details::Details;
use call::exchange::Exchange;
pub use counter::Labels;
use counter::{ReadCounter, ReadGauge};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From a cache hit to the longest waiting time, in seconds.
const WAITS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The metrics of one node. Told of calls as an [`Observer`].
pub struct Metrics {
    registry: Mutex<Registry>,
    calls: Family<Call, Counter>,
    waited: Family<Operation, Histogram>,
    sources: Family<Source, Counter>,
    requests: Family<Request, Counter>,
    request_seconds: Family<Purpose, Histogram>,
    exchanges: Family<ExchangeFate, Counter>,
    budget_wait: Family<Integration, Histogram>,
    outcomes: Bounded,
    purposes: Bounded,
    request_outcomes: Bounded,
    source_names: Bounded,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    operation: Arc<str>,
    outcome: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    operation: Arc<str>,
    source: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    integration: Arc<str>,
    purpose: Arc<str>,
    outcome: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Purpose {
    integration: Arc<str>,
    purpose: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExchangeFate {
    integration: Arc<str>,
    fate: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Integration {
    integration: Arc<str>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at nothing.
    pub fn new() -> Self {
        let waits = || Histogram::new(WAITS);
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("host_harness")),
            calls: Family::default(),
            waited: Family::new_with_constructor(waits),
            sources: Family::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(waits),
            exchanges: Family::default(),
            budget_wait: Family::new_with_constructor(waits),
            outcomes: Bounded::default(),
            purposes: Bounded::default(),
            request_outcomes: Bounded::default(),
            source_names: Bounded::default(),
        };
        metrics.registry(|registry| metrics.describe(registry));
        metrics
    }

    fn describe(&self, registry: &mut Registry) {
        registry.register("calls", "Calls by outcome: forwarded, or the reason's code", self.calls.clone());
        registry.register_with_unit(
            "call_waited",
            "How long calls waited for their route",
            Unit::Seconds,
            self.waited.clone(),
        );
        registry.register("manager_source", "Where the manager was known from", self.sources.clone());
        registry.register("requests", "Requests of the operations by purpose and outcome", self.requests.clone());
        registry.register_with_unit(
            "request",
            "How long the operations' requests took",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register("exchanges", "What became of requests at the host", self.exchanges.clone());
        registry.register_with_unit(
            "budget_wait",
            "How long requests waited for their turn in the budget",
            Unit::Seconds,
            self.budget_wait.clone(),
        );
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of this program", version);
    }

    /// Adds what can be read off the node at any time: circuits, budgets, connections, calls in flight.
    pub fn watch(&self, node: &Node) {
        self.collect(Box::new(node::NodeState(node.clone())));
    }

    /// Adds what somebody else counts.
    pub fn collect(&self, collector: Box<dyn Collector>) {
        self.registry(|registry| registry.register_collector(collector));
    }

    /// Adds a counter with labels that is read at each scrape.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> Vec<(Labels, u64)> + Send + Sync + 'static,
    ) {
        self.collect(Box::new(ReadCounter { name, help, read }));
    }

    /// Adds a gauge that is read at each scrape.
    pub fn gauge(&self, name: &'static str, help: &'static str, read: impl Fn() -> i64 + Send + Sync + 'static) {
        self.collect(Box::new(ReadGauge { name, help, read }));
    }

    /// All metrics as text, of [`CONTENT_TYPE`].
    pub fn text(&self) -> String {
        let mut written = String::new();
        // Writing to a string does not fail.
        self.registry(|registry| {
            let _ = text::encode(&mut written, registry);
        });
        written
    }

    fn registry(&self, work: impl FnOnce(&mut Registry)) {
        work(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn count_requests(&self, integration: &Arc<str>, details: &Details) {
        for request in &details.requests {
            let (integration, purpose) = (Arc::clone(integration), self.purposes.of(&request.purpose));
            let outcome = self.request_outcomes.of(&request.outcome);
            let took = request.took.as_secs_f64();
            let labels = Purpose { integration: Arc::clone(&integration), purpose: Arc::clone(&purpose) };
            self.request_seconds.get_or_create(&labels).observe(took);
            self.requests.get_or_create(&Request { integration, purpose, outcome }).inc();
        }
    }

    fn count_exchanges(&self, integration: &Arc<str>, exchanges: &[Exchange]) {
        for exchange in exchanges {
            let labels = ExchangeFate { integration: Arc::clone(integration), fate: exchange.fate() };
            self.exchanges.get_or_create(&labels).inc();
            if exchange.sent {
                let labels = Integration { integration: Arc::clone(integration) };
                self.budget_wait.get_or_create(&labels).observe(exchange.turn.as_secs_f64());
            }
        }
    }
}

impl Observer for Metrics {
    fn finished(&self, call: &FinishedCall) {
        for FinishedStep { walked: Walked { placement, integration }, outcome, details, run } in call.steps() {
            let outcome = self.outcomes.of(outcome);
            self.calls.get_or_create(&Call { operation: Arc::clone(placement), outcome }).inc();
            let labels = Operation { operation: Arc::clone(placement) };
            self.waited.get_or_create(&labels).observe(run.wall.as_secs_f64());
            if let Some(source) = details.facts.manager_source() {
                let source = self.source_names.of(source);
                self.sources.get_or_create(&Source { operation: Arc::clone(placement), source }).inc();
            }
            self.count_requests(integration, details);
            self.count_exchanges(integration, &details.exchanges);
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}
