//! Puts a node together: integrations, the operations placed with them, and who looks on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amocrm::integration::Integration;
use call::scenario::{Exits, ScenarioFault, judge};
use runtime::capabilities::clocks::Clock;
use runtime::engine::Operation;

use super::{Misfit, Node, Observer, Placement, Recorder};

/// Puts a [`Node`] together.
#[must_use = "a node is made by `build`"]
pub struct NodeBuilder {
    pub(super) clock: Clock,
    pub(super) integrations: BTreeMap<Arc<str>, Arc<Integration>>,
    pub(super) placements: Vec<Arc<Placement>>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) recorder: Option<Arc<dyn Recorder>>,
    pub(super) scenario_waiting_time: Option<Duration>,
}

/// An operation that is to be placed.
pub struct ToPlace<'a> {
    /// The placed operation's identifier, unique in the node.
    pub id: &'a str,
    /// The identifier of its integration, which the node has already.
    pub integration: &'a str,
    /// Where its calls go.
    pub exits: Exits,
    /// Its settings, as text.
    pub settings: BTreeMap<String, String>,
    /// The component.
    pub operation: Operation,
}

/// Why an operation was not placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotPlaced {
    /// The node has no such integration.
    #[error("there is no integration `{0}`: add it before the operations that are placed with it")]
    NoIntegration(String),
    /// The placements are no scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioFault),
    /// The component does not fit.
    #[error(transparent)]
    Misfit(Misfit),
}

impl NodeBuilder {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            integrations: BTreeMap::new(),
            placements: Vec::new(),
            observers: Vec::new(),
            recorder: None,
            scenario_waiting_time: None,
        }
    }

    /// Adds an integration.
    pub fn integration(mut self, id: impl Into<Arc<str>>, integration: Arc<Integration>) -> Self {
        self.integrations.insert(id.into(), integration);
        self
    }

    /// Places an operation. The order is kept: the first is the one that a PBX asks for which names none, where there is no other.
    ///
    /// # Errors
    /// Where the integration is missing, or the component cannot describe itself or has no such setting.
    pub async fn place(mut self, to_place: ToPlace<'_>) -> Result<Self, NotPlaced> {
        let ToPlace { id, integration, exits, settings, operation } = to_place;
        let known = self.integrations.get_key_value(integration);
        let (name, integration) = known.ok_or_else(|| NotPlaced::NoIntegration(integration.to_owned()))?;
        let belongs_to = (Arc::clone(name), Arc::clone(integration));
        let placement = Placement::new(id, belongs_to, exits, settings, operation).await;
        self.placements.push(Arc::new(placement.map_err(NotPlaced::Misfit)?));
        Ok(self)
    }

    /// The operations that were placed, in their order.
    pub fn placements(&self) -> &[Arc<Placement>] {
        &self.placements
    }

    /// The clock of the node.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Adds somebody who is told of every call, after those before.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Has some of the calls recorded.
    pub fn recorder(mut self, recorder: Arc<dyn Recorder>) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// How long a call may wait in all steps together; none: as long as the steps may together.
    pub const fn scenario_waiting_time(mut self, most: Option<Duration>) -> Self {
        self.scenario_waiting_time = most;
        self
    }

    /// The node.
    ///
    /// # Errors
    /// Where an exit leads to no placement, or calls would go in a circle.
    pub fn build(self) -> Result<Node, ScenarioFault> {
        judge(self.placements.iter().map(|placement| (placement.id(), placement.exits())))?;
        Ok(Node::new(self))
    }
}
