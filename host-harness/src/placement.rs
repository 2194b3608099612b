//! A placed operation: a component at one place of a call scenario, with its settings, its linked operation and its integration.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::bindings::attentive::exports::telephony::operation::notices::Notice;
use crate::bindings::exports::telephony::operation::operation::{Description, SettingDescription, SettingKind};
use crate::bindings::telephony::operation::types::{Call, Note, Setting, SettingValue};
use crate::capabilities::clocks::{Clock, datetime};
use crate::engine::{Answer, Failure, Operation, World};
use crate::integration::Integration;
use crate::report::{self, Resolver};
use call::details::FactTitles;
use call::document::CallRecord;
use call::masking::unless_secret;
use call::{CallDocument, IncomingCall};

/// The setting that the contract reserves for the waiting time.
pub const WAITING_TIME: &str = "waiting_time";

/// The waiting time of an operation that describes none.
const WAITING_TIME_DEFAULT: Duration = Duration::from_secs(3);

/// An operation at one place of a scenario.
#[derive(Clone)]
pub struct PlacedOperation {
    placement: Placement,
    integration: Arc<Integration>,
}

/// The same without its integration: it resolves calls in whatever world it is given.
#[derive(Clone)]
pub(crate) struct Placement {
    operation: Operation,
    linked_operation: String,
    settings: Vec<Setting>,
    waiting_time: Duration,
    fact_titles: FactTitles,
}

impl PlacedOperation {
    /// Places an operation. The settings are those that differ from the described defaults; they are not judged here, the operation does that
    /// itself. (A face that takes settings from people judges them first with [`read_settings`].)
    ///
    /// Fails when the operation cannot describe itself.
    pub async fn new(
        operation: Operation,
        integration: Arc<Integration>,
        linked_operation: String,
        settings: Vec<Setting>,
    ) -> Result<Self, Failure> {
        let description = operation.describe().await?;
        Ok(Self::described(operation, &description, integration, linked_operation, settings))
    }

    /// Places an operation that has described itself already.
    pub fn described(
        operation: Operation,
        description: &Description,
        integration: Arc<Integration>,
        linked_operation: String,
        settings: Vec<Setting>,
    ) -> Self {
        Self { placement: Placement::new(operation, description, linked_operation, settings), integration }
    }

    /// The same with the same component in another engine.
    pub(crate) fn with_operation(&self, operation: Operation) -> Self {
        let mut other = self.clone();
        other.placement.operation = operation;
        other
    }

    /// It without its integration.
    pub(crate) const fn placement(&self) -> &Placement {
        &self.placement
    }

    /// The integration that it belongs to.
    pub(crate) const fn integration(&self) -> &Arc<Integration> {
        &self.integration
    }

    /// The component.
    pub const fn operation(&self) -> &Operation {
        &self.placement.operation
    }

    /// The waiting time in force.
    pub const fn waiting_time(&self) -> Duration {
        self.placement.waiting_time
    }

    /// Resolves one call. There is always a route.
    pub async fn resolve(&self, call: IncomingCall, clock: &Clock) -> CallDocument {
        self.resolve_in(self.integration.world(clock.clone()), call, clock.now()).await
    }

    /// Resolves one call that arrived at `at`, with another world than the integration's own.
    pub(crate) async fn resolve_in(&self, world: World, call: IncomingCall, at: Timestamp) -> CallDocument {
        self.placement.resolve_in(world, call, at).await
    }

    /// The record of a call during which the host itself failed: it goes to the linked operation.
    pub fn host_failed(&self, call: &IncomingCall, clock: &Clock) -> CallDocument {
        let call = CallRecord::new(call, clock.now());
        self.placement.resolver().document(call, Answer::failed(Failure::Host))
    }
}

impl Placement {
    /// Places an operation that has described itself.
    pub(crate) fn new(
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
    pub(crate) const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The settings that differ from the described defaults.
    pub(crate) fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Where calls go that are not forwarded.
    pub(crate) fn linked_operation(&self) -> &str {
        &self.linked_operation
    }

    /// Resolves one call that arrived at `at`.
    pub(crate) async fn resolve_in(&self, world: World, call: IncomingCall, at: Timestamp) -> CallDocument {
        let record = CallRecord::new(&call, at);
        let caller = call.caller.map(|caller| caller.whole().to_owned());
        let call = Call { id: call.id, caller, called: call.called, at: datetime(at) };
        let answer = self.operation.resolve(world, &call, &self.settings, self.waiting_time).await;
        self.resolver().document(record, answer)
    }

    fn resolver(&self) -> Resolver<'_> {
        Resolver {
            component: self.operation.digest(),
            titles: &self.fact_titles,
            linked_operation: &self.linked_operation,
            waiting_time: self.waiting_time,
        }
    }
}

impl PlacedOperation {
    /// Passes a notice from outside on to the operation. `None` where the operation takes none.
    pub async fn notify(&self, notice: &Notice, clock: &Clock) -> Option<Result<Vec<Note>, Failure>> {
        self.placement.operation.notify(self.integration.world(clock.clone()), notice).await
    }
}

/// The waiting time in force: set, or described, but never more than the described maximum, so that a wrong setting binds nobody.
fn waiting_time(description: &Description, settings: &[Setting]) -> Duration {
    let described = description.settings.iter().find(|setting| setting.key == WAITING_TIME);
    let Some(SettingKind::Duration(bounds)) = described.map(|setting| &setting.kind) else {
        return WAITING_TIME_DEFAULT;
    };
    let set = settings.iter().rev().find(|setting| setting.key == WAITING_TIME);
    Duration::from_millis(match set.map(|setting| &setting.value) {
        Some(SettingValue::Duration(milliseconds)) => (*milliseconds).min(bounds.maximum),
        _ => bounds.default,
    })
}

/// A setting that the operation would not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// Its key.
    pub key: String,
    /// Its value, as written.
    pub value: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for SettingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "setting `{}` = `{}`: {}", self.key, unless_secret(&self.value), self.fix)
    }
}

impl std::error::Error for SettingError {}

/// Reads settings written as text (`waiting_time` = `3s`) by the operation's own description: keys, kinds and bounds.
pub fn read_settings(
    description: &Description,
    written: &BTreeMap<String, String>,
) -> Result<Vec<Setting>, SettingError> {
    written.iter().map(|(key, value)| read_setting(description, key, value)).collect()
}

fn read_setting(description: &Description, key: &str, value: &str) -> Result<Setting, SettingError> {
    let error = |fix: String| SettingError { key: key.to_owned(), value: value.to_owned(), fix };
    let Some(described) = description.settings.iter().find(|setting| setting.key == key) else {
        let known: Vec<_> = description.settings.iter().map(|setting| format!("`{}`", setting.key)).collect();
        return Err(error(format!("unknown; the operation has {}", known.join(", "))));
    };
    read_value(described, value).map(|value| Setting { key: key.to_owned(), value }).map_err(error)
}

fn read_value(described: &SettingDescription, value: &str) -> Result<SettingValue, String> {
    match &described.kind {
        SettingKind::Flag(_) => match value {
            "true" => Ok(SettingValue::Flag(true)),
            "false" => Ok(SettingValue::Flag(false)),
            _ => Err("set `true` or `false`".to_owned()),
        },
        SettingKind::Integer(bounds) => {
            let number = value.parse().ok().filter(|number| (bounds.minimum..=bounds.maximum).contains(number));
            number
                .map(SettingValue::Integer)
                .ok_or_else(|| format!("set a whole number from {} to {}", bounds.minimum, bounds.maximum))
        }
        SettingKind::Duration(bounds) => {
            let within = |milliseconds: &u64| (bounds.minimum..=bounds.maximum).contains(milliseconds);
            let milliseconds =
                humantime::parse_duration(value).ok().and_then(|time| u64::try_from(time.as_millis()).ok());
            milliseconds.filter(within).map(SettingValue::Duration).ok_or_else(|| {
                let show = |milliseconds| humantime::format_duration(Duration::from_millis(milliseconds));
                format!(
                    "set a duration from {} to {}, for example {}",
                    show(bounds.minimum),
                    show(bounds.maximum),
                    show(bounds.default)
                )
            })
        }
        SettingKind::Choice(choice) => {
            if choice.options.iter().any(|option| option.value == value) {
                return Ok(SettingValue::Choice(value.to_owned()));
            }
            let options: Vec<_> = choice.options.iter().map(|option| format!("`{}`", option.value)).collect();
            Err(format!("set one of {}", options.join(", ")))
        }
        SettingKind::Text(text) => {
            let longest = text.maximum_length;
            let fits = u32::try_from(value.chars().count()).is_ok_and(|length| length <= longest);
            if fits {
                Ok(SettingValue::Text(value.to_owned()))
            } else {
                Err(format!("set at most {longest} characters"))
            }
        }
    }
}
