//! What a history is rehearsed on: the calls, the amoCRM, and the placed operations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amocrm_simulator::FaultRule;

use super::account::Amocrm;
use super::history::History;
use amocrm::integration::IntegrationSettings;
use call::scenario::Exits;
use runtime::engine::Operation;

/// What the calls come into.
#[derive(Clone)]
pub struct Stage {
    /// The calls.
    pub history: Arc<History>,
    /// The amoCRM.
    pub amocrm: Amocrm,
    /// The integrations, each with another account and token than its own.
    pub integrations: Vec<IntegrationSettings>,
    /// The placed operations; calls come to the first.
    pub placements: Vec<StagePlacement>,
    /// How long a call may wait in all its steps together, where that is bounded.
    pub scenario_waiting_time: Option<Duration>,
    /// How a simulated amoCRM misbehaves.
    pub faults: Vec<FaultRule>,
}

/// A placed operation of the stage.
#[derive(Clone)]
pub struct StagePlacement {
    /// Its identifier.
    pub id: String,
    /// The identifier of its integration.
    pub integration: String,
    /// Where its calls go.
    pub exits: Exits,
    /// Its component and settings; none where they are the variant's.
    pub fixed: Option<(Operation, BTreeMap<String, String>)>,
}
