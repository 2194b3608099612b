//! A configured operation: a component with its settings and its exits. It resolves calls in the world it is given.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::bindings::exports::telephony::operation::operation::{Description, SettingKind};
use crate::bindings::telephony::operation::types::{Setting, SettingValue};
use crate::engine::{Answer, Failure, Operation, WAITING_TIME, WAITING_TIME_BOUNDS, World};
use crate::presented::{self, Locale};
use crate::report::{self, ResolvedBy};
use call::document::CallRecord;
use call::scenario::Exits;
use call::titles::Titles;
use call::{CallDocument, IncomingCall};

/// The waiting time of an operation that describes none.
const WAITING_TIME_DEFAULT: Duration = Duration::from_secs(3);

/// A component with its settings and its exits.
#[derive(Clone)]
pub struct ConfiguredOperation {
    operation: Operation,
    id: Arc<str>,
    exits: Exits,
    locale: Locale,
    settings: Vec<Setting>,
    waiting_time: Duration,
    /// Whether it describes a waiting time.
    waits: bool,
    titles: Titles,
}

impl ConfiguredOperation {
    /// Configures an operation that has described itself.
    pub fn new(
        operation: Operation,
        description: &Description,
        exits: impl Into<Exits>,
        settings: Vec<Setting>,
    ) -> Self {
        let waiting_time = waiting_time(description, &settings);
        let titles = report::titles(description);
        let waits = description.settings.iter().any(|setting| setting.key == WAITING_TIME);
        let (id, exits) = (description.id.as_str().into(), exits.into());
        Self { operation, id, exits, locale: Locale::default(), settings, waiting_time, waits, titles }
    }

    /// The same for people of another country or time zone.
    #[must_use]
    pub fn with_locale(self, locale: Locale) -> Self {
        Self { locale, ..self }
    }

    /// The component.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The settings that differ from the described defaults.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The operation's own identifier, the same in all its versions.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose calls these are.
    pub const fn locale(&self) -> &Locale {
        &self.locale
    }

    /// Where calls go.
    pub const fn exits(&self) -> &Exits {
        &self.exits
    }

    /// Resolves one call that arrived at `at`.
    pub async fn resolve_in(&self, world: World, call: IncomingCall, at: Timestamp) -> CallDocument {
        let record = CallRecord::new(&call, at);
        let call = presented::call(call, at, &self.locale);
        let answer = self.operation.resolve(world, &call, &self.settings, self.waiting_time).await;
        self.resolver().document(record, answer)
    }

    /// The same with a waiting time of at most `most`, but not less than any operation may have.
    #[must_use]
    pub fn waiting_at_most(&self, most: Duration) -> Self {
        let waiting_time = self.waiting_time.min(most.max(WAITING_TIME_BOUNDS.0));
        let mut settings = self.settings.clone();
        if self.waits && waiting_time < self.waiting_time {
            settings.retain(|setting| setting.key != WAITING_TIME);
            let value = SettingValue::Duration(u64::try_from(waiting_time.as_millis()).unwrap_or(u64::MAX));
            settings.push(Setting { key: WAITING_TIME.to_owned(), value });
        }
        Self { waiting_time, settings, ..self.clone() }
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
            titles: &self.titles,
            exits: &self.exits,
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
