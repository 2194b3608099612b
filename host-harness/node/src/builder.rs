//! Puts a node together: its first revision, and who looks on.

use std::sync::Arc;
use std::time::Duration;

use amocrm::integration::Integration;
use call::scenario::ScenarioFault;
use runtime::capabilities::clocks::Clock;

use super::call_details::Reader;
use super::revision::{NotPlaced, Revision, RevisionBuilder};
use super::{Node, Observer, Placement, Recorder, SharedCalls, ToPlace};

/// Puts a [`Node`] together.
#[must_use = "a node is made by `build`"]
pub struct NodeBuilder {
    pub(super) clock: Clock,
    pub(super) revision: RevisionBuilder,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) recorder: Option<Arc<dyn Recorder>>,
    pub(super) calls_kept: Option<Reader>,
    pub(super) shared_calls: Option<SharedCalls>,
}

impl NodeBuilder {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            revision: Revision::builder(),
            observers: Vec::new(),
            recorder: None,
            calls_kept: None,
            shared_calls: None,
        }
    }

    /// Begins with this revision, in place of what was added before.
    pub fn revision(self, revision: RevisionBuilder) -> Self {
        Self { revision, ..self }
    }

    /// Adds an integration.
    pub fn integration(self, id: impl Into<Arc<str>>, integration: Arc<Integration>) -> Self {
        Self { revision: self.revision.integration(id, integration), ..self }
    }

    /// Places an operation. The order is kept: the first is the one that a PBX asks for which names none, where there is no other.
    ///
    /// # Errors
    /// Where the integration is missing, or the component cannot describe itself or has no such setting.
    pub async fn place(self, to_place: ToPlace<'_>) -> Result<Self, NotPlaced> {
        Ok(Self { revision: self.revision.place(to_place).await?, ..self })
    }

    /// The operations that were placed, in their order.
    pub fn placements(&self) -> &[Arc<Placement>] {
        self.revision.placements()
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

    /// Tells operations who talked to a caller last, out of these kept calls (rule E5).
    pub fn talks_of(mut self, calls: Reader) -> Self {
        self.calls_kept = Some(calls);
        self
    }

    /// Shares with other nodes what a call needs that comes to several of them: its steps so far (rule E2), and who talked to its caller last (rule E5).
    pub fn shared_calls(self, shared: SharedCalls) -> Self {
        Self { shared_calls: Some(shared), ..self }
    }

    /// How long a call may wait in all steps together; none: as long as the steps may together.
    pub fn scenario_waiting_time(self, most: Option<Duration>) -> Self {
        Self { revision: self.revision.scenario_waiting_time(most), ..self }
    }

    /// Keeps something with the first revision, one of each type.
    pub fn extension(self, extension: impl Clone + Send + Sync + 'static) -> Self {
        Self { revision: self.revision.extension(extension), ..self }
    }

    /// The node.
    ///
    /// # Errors
    /// Where an exit leads to no placement, or calls would go in a circle.
    pub fn build(self) -> Result<Node, ScenarioFault> {
        let Self { clock, revision, observers, recorder, calls_kept, shared_calls } = self;
        Ok(Node::new(clock, revision.build()?, observers, recorder, (calls_kept, shared_calls)))
    }
}
