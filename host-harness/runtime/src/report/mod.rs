//! What the engine answered of a call, made its document ([`call::CallDocument`]), and what an operation says of itself, as JSON.

mod description;

use std::time::Duration;

use call::caller_name::CallerName;
use call::details::{Details, Fact, FactValue, Note, RequestRecord};
use call::document::{
    CallDocument, CallRecord, Destination, EmployeeRecord, OPERATION_FAILED, Reason, Ring, Route, Run, VERSION,
};
use call::host_reason::HostReason;
use call::scenario::Exits;
use call::titles::{Title, Titles};
use call::{Localized, exchange};

use crate::bindings::exports::telephony::operation::operation::{Description, ValueTitle};
use crate::bindings::telephony::operation::types as wit;
use crate::capabilities::http::{CircuitCause, CircuitState, Dispatch, Exchange};
use crate::engine::{Answer, Failure, LimitReached};

pub use description::description_json;

impl From<wit::LocalizedText> for Localized {
    fn from(text: wit::LocalizedText) -> Self {
        Self { ru: text.ru, en: text.en }
    }
}

/// What an operation's facts, their values and its requests are called, as it describes them.
pub(crate) fn titles(description: &Description) -> Titles {
    let words =
        |titles: &[ValueTitle]| titles.iter().map(|words| (words.value.clone(), words.title.clone().into())).collect();
    let reasons =
        || description.reasons.iter().map(|reason| (reason.code.clone(), reason.text.clone().into())).collect();
    let facts = description.facts.iter().map(|fact| {
        // A fact that is a reason says it in the reason's words.
        let is_reason = fact.values.is_empty() && fact.key.ends_with("_reason");
        let values = if is_reason { reasons() } else { words(&fact.values) };
        (fact.key.clone(), Title { name: fact.title.clone().into(), values }.with_kinds_of_events())
    });
    Titles::new(facts, words(&description.purposes))
}

/// A placed operation, as the document of one of its calls tells of it.
pub(crate) struct ResolvedBy<'a> {
    /// The SHA-256 of the component.
    pub(crate) component: &'a str,
    /// What its facts are called.
    pub(crate) titles: &'a Titles,
    /// Where calls go.
    pub(crate) exits: &'a Exits,
    /// The waiting time in force.
    pub(crate) waiting_time: Duration,
}

impl ResolvedBy<'_> {
    /// The document of a call out of what the engine answered.
    ///
    /// An operation that gave no answer sends the call to the linked operation with a reason that says which limit or fault it was.
    pub(crate) fn document(&self, call: CallRecord, answer: Answer) -> CallDocument {
        let mut caller_name = None;
        let (route, reason, mut details) = match answer.resolution {
            Ok(resolution) => {
                caller_name = shown_name(&resolution.route);
                let (route, reason) = self.route(resolution.route, answer.ring);
                (route, reason, details(resolution.details))
            }
            Err(failure) => {
                let details =
                    Details { waiting_time: self.waiting_time, waited: answer.run.wall, ..Details::default() };
                let reason = operation_failed(&failure);
                (self.exit(&reason), Some(reason), details)
            }
        };
        details.exchanges = answer.exchanges.into_iter().map(exchange::Exchange::from).collect();
        details.notes.extend(answer.refusals.into_iter().map(|refusal| {
            let said = Localized::new("Отказ хоста: ", "refused by the host: ");
            Note::new("refused-by-host", said.then("", &refusal))
        }));
        details.notes.extend(answer.directory_faults.into_iter().map(|fault| {
            let said = Localized::new("Справочник сотрудников: ", "directory of employees: ");
            Note::new("directory-fault", said.then("", &fault))
        }));
        let run = Run {
            component: Some(self.component.to_owned()),
            instructions: answer.run.instructions,
            memory_bytes: u64::try_from(answer.run.memory_bytes).ok(),
            wall: answer.run.wall,
        };
        let (steps, placement) = (Vec::new(), None);
        CallDocument {
            version: VERSION,
            call,
            steps,
            placement,
            route,
            reason,
            details,
            run,
            titles: self.titles.clone(),
            caller_name,
        }
    }

    fn route(&self, route: wit::Route, ring: Ring) -> (Route, Option<Reason>) {
        match route {
            wit::Route::Forward(forwarding) => {
                let destinations = forwarding.destinations.into_iter().map(|destination| Destination {
                    number: destination.number,
                    ring_time: Duration::from_millis(destination.ring_time),
                });
                let route = Route::Forward {
                    employee: EmployeeRecord { id: forwarding.employee_id, name: forwarding.employee_name },
                    ring,
                    destinations: destinations.collect(),
                    then: self.exits.not_answered().to_owned(),
                };
                (route, None)
            }
            wit::Route::LinkedOperation(reason) => {
                let (status, status_en) = reason.status.map(|status| (status.ru, status.en)).unwrap_or_default();
                let reason = Reason {
                    code: reason.code,
                    class: class(reason.class).to_owned(),
                    status,
                    status_en,
                    text_ru: reason.text.ru,
                    text_en: reason.text.en,
                };
                (self.exit(&reason), Some(reason))
            }
        }
    }

    fn exit(&self, reason: &Reason) -> Route {
        Route::LinkedOperation { target: self.exits.of_reason(&reason.code, &reason.class).to_owned() }
    }
}

/// What the telephones may show of the caller.
fn shown_name(route: &wit::Route) -> Option<CallerName> {
    match route {
        wit::Route::Forward(forwarding) => CallerName::new(forwarding.caller_name.as_deref()?),
        wit::Route::LinkedOperation(_) => None,
    }
}

fn operation_failed(failure: &Failure) -> Reason {
    let ru = match failure {
        Failure::Limit(limit) => limit_in_russian(*limit),
        Failure::Trap(trap) => format!("операция прервана: {trap}"),
        Failure::OutOfBounds(bound) => format!("её ответ не принят: {}", bound.ru),
        Failure::Host => "ошибка хоста".to_owned(),
    };
    // That the memory of all calls is used up is not a fault of this one's operation.
    if let Failure::Limit(LimitReached::GuestMemory(_)) = failure {
        let text = Localized::new(
            format!("Хост обрабатывает слишком много звонков одновременно: {ru}"),
            format!("The host is resolving too many calls at once: {failure}"),
        );
        return Reason::of_host(HostReason::Overloaded.code(), "technical-failure", text);
    }
    let text = Localized::new(format!("Сбой операции: {ru}"), format!("The operation failed: {failure}"));
    Reason::of_host(OPERATION_FAILED, "technical-failure", text)
}

fn limit_in_russian(limit: LimitReached) -> String {
    let mebibytes = |bytes: usize| bytes / (1024 * 1024);
    match limit {
        LimitReached::Memory(bytes) => format!("достигнут предел памяти, {} МиБ", mebibytes(bytes)),
        LimitReached::GuestMemory(bytes) => {
            format!("достигнут предел памяти всех звонков, {} МиБ", mebibytes(bytes))
        }
        LimitReached::Table(elements) => format!("достигнут предел таблицы, {elements} элементов"),
        LimitReached::ComputingTime(time) => format!("достигнут предел вычислений, {} мс", time.as_millis()),
        LimitReached::Time(time) => format!("нет ответа операции за {} мс", time.as_millis()),
        LimitReached::CallStack => "достигнут предел стека вызовов".to_owned(),
        LimitReached::Handles(handles) => format!("достигнут предел ресурсов, {handles} одновременно"),
        LimitReached::HostCallBytes(bytes) => {
            format!("достигнут предел данных в одном вызове хоста, {} МиБ", mebibytes(bytes))
        }
    }
}

/// The class's name in JSON and in the contract.
pub const fn class(class: wit::ReasonClass) -> &'static str {
    match class {
        wit::ReasonClass::Caller => "caller",
        wit::ReasonClass::EmptyAnswer => "empty-answer",
        wit::ReasonClass::NoAnswer => "no-answer",
        wit::ReasonClass::TechnicalFailure => "technical-failure",
        wit::ReasonClass::Absent => "absent",
        wit::ReasonClass::IntegrationOff => "integration-off",
        wit::ReasonClass::Configuration => "configuration",
        wit::ReasonClass::Exit => "exit",
    }
}

fn details(details: wit::CallDetails) -> Details {
    let facts = details.facts.into_iter().map(|fact| Fact {
        key: fact.key,
        value: match fact.value {
            Some(wit::FactValue::Integer(number)) => FactValue::Integer(number),
            Some(wit::FactValue::Text(text)) => FactValue::Text(text),
            None => FactValue::Unknown,
        },
    });
    let requests = details.requests.into_iter().map(|request| RequestRecord {
        purpose: request.purpose,
        at: Duration::from_millis(request.at),
        took: Duration::from_millis(request.took),
        status: request.status,
        outcome: request.outcome,
    });
    let notes = details.notes.into_iter().map(|note| Note::new(&note.code, note.text.into()));
    Details {
        facts: facts.collect(),
        waiting_time: Duration::from_millis(details.waiting_time),
        waited: Duration::from_millis(details.waited),
        requests: requests.collect(),
        exchanges: Vec::new(),
        notes: notes.collect(),
    }
}

impl From<Exchange> for exchange::Exchange {
    fn from(exchange: Exchange) -> Self {
        let (refused, turn_foreseen) = match exchange.dispatch {
            Dispatch::RefusedByBudget { foreseen } => (Some("budget"), Some(foreseen)),
            Dispatch::RefusedByCircuit => (Some("circuit"), None),
            Dispatch::GivenUp | Dispatch::Sent | Dispatch::Shared => (None, None),
        };
        let circuit_cause = match exchange.circuit {
            CircuitState::Closed => None,
            CircuitState::Open { cause, .. } | CircuitState::HalfOpen { cause } => Some(match cause {
                CircuitCause::Limited => "rate-limited",
                CircuitCause::Blocked => "blocked",
            }),
        };
        Self {
            at: exchange.at,
            path: exchange.path,
            turn: exchange.turn,
            sent: exchange.dispatch == Dispatch::Sent,
            shared: exchange.dispatch == Dispatch::Shared,
            repeated: exchange.repeated,
            refused: refused.map(str::to_owned),
            turn_foreseen,
            circuit: exchange.circuit.name().to_owned(),
            circuit_cause: circuit_cause.map(str::to_owned),
            circuit_again: exchange.circuit_again,
        }
    }
}
