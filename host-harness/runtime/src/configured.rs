//! A configured operation: a component with its settings and its linked operation. It resolves calls in the world it is given.

use std::time::Duration;

use jiff::Timestamp;

use crate::bindings::exports::telephony::operation::operation::{Description, SettingKind};
use crate::bindings::telephony::operation::types::{Call, Setting, SettingValue};
use crate::capabilities::clocks::datetime;
use crate::engine::{Answer, Failure, Operation, WAITING_TIME, WAITING_TIME_BOUNDS, World};
use crate::report::{self, ResolvedBy};
use call::details::FactTitles;
use call::document::CallRecord;
use call::{CallDocument, IncomingCall};

/// The waiting time of an operation that describes none.
const WAITING_TIME_DEFAULT: Duration = Duration::from_secs(3);

/// A component with its settings and its linked operation.
#[derive(Clone)]
pub struct ConfiguredOperation {
    operation: Operation,
    linked_operation: String,
    settings: Vec<Setting>,
    waiting_time: Duration,
    fact_titles: FactTitles,
}

impl ConfiguredOperation {
    /// Configures an operation that has described itself.
    pub fn new(
        operation: Operation,
        description: &Description,
        linked_operation: String,
        settings: Vec<Setting>,
    ) -> Self {
        let waiting_time = waiting_time(description, &settings);
        let fact_titles = report::fact_titles(description);
        Self { operation, linked_operation, settings, waiting_time, fact_titles }
    }

    /// The component.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The settings that differ from the described defaults.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Where calls go that are not forwarded.
    pub fn linked_operation(&self) -> &str {
        &self.linked_operation
    }

    /// Resolves one call that arrived at `at`.
    pub async fn resolve_in(&self, world: World, call: IncomingCall, at: Timestamp) -> CallDocument {
        let record = CallRecord::new(&call, at);
        let caller = call.caller.map(|caller| caller.whole().to_owned());
        let call = Call { id: call.id, caller, called: call.called, at: datetime(at) };
        let answer = self.operation.resolve(world, &call, &self.settings, self.waiting_time).await;
        self.resolver().document(record, answer)
    }

    /// The record of a call during which the host itself failed: it goes to the linked operation.
    pub fn host_failed(&self, call: CallRecord) -> CallDocument {
        self.resolver().document(call, Answer::failed(Failure::Host))
    }

    /// The same with the same component in another engine.
    #[must_use]
    pub fn with_operation(&self, operation: Operation) -> Self {
        Self { operation, ..self.clone() }
    }

    /// The waiting time in force.
    pub const fn waiting_time(&self) -> Duration {
        self.waiting_time
    }

    fn resolver(&self) -> ResolvedBy<'_> {
        ResolvedBy {
            component: self.operation.digest(),
            titles: &self.fact_titles,
            linked_operation: &self.linked_operation,
            waiting_time: self.waiting_time,
        }
    }
}

/// The waiting time in force: set, or described, but never more than the described maximum or half a minute, so that a wrong setting holds up no caller.
fn waiting_time(description: &Description, settings: &[Setting]) -> Duration {
    let described = description.settings.iter().find(|setting| setting.key == WAITING_TIME);
    let Some(SettingKind::Duration(bounds)) = described.map(|setting| &setting.kind) else {
        return WAITING_TIME_DEFAULT;
    };
    let set = settings.iter().rev().find(|setting| setting.key == WAITING_TIME);
    let in_force = Duration::from_millis(match set.map(|setting| &setting.value) {
        Some(SettingValue::Duration(milliseconds)) => (*milliseconds).min(bounds.maximum),
        _ => bounds.default,
    });
    in_force.min(WAITING_TIME_BOUNDS.1)
}
