//! One call, resolved: the one struct that every face shows, as text for people ([`text`]) or as versioned JSON for programs ([`json`]).

mod description;
mod exchange;
mod host;
pub mod json;
pub mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use call::caller::Presented;
use jiff::Timestamp;

use crate::bindings::exports::telephony::operation::operation::Description;
use crate::bindings::telephony::operation::types as wit;
use crate::capabilities::directory::Destination;
use crate::capabilities::http::Exchange;
use crate::engine::{Answer, Failure, LimitReached, Run};
use call::masking::mask;

pub use description::description_json;
pub use host::HostReason;

/// A text in both languages of the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localized {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// The languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl Localized {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Ru => &self.ru,
            Language::En => &self.en,
        }
    }
}

impl From<wit::LocalizedText> for Localized {
    fn from(text: wit::LocalizedText) -> Self {
        Self { ru: text.ru, en: text.en }
    }
}

/// One call, resolved.
#[derive(Clone, Debug)]
pub struct ResolvedCall {
    /// The call, its caller masked.
    pub call: CallRecord,
    /// Where it goes.
    pub route: Route,
    /// What was asked, what came back, how long it took.
    pub details: Details,
    /// What it cost.
    pub run: Run,
    /// The SHA-256 of the component that resolved it, in hexadecimal.
    pub component: Arc<str>,
}

/// The call as the details keep it.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// The host's identifier.
    pub id: String,
    /// The caller's number, masked; `None` when none was presented.
    pub caller: Option<String>,
    /// The number that was called.
    pub called: String,
    /// When the call arrived.
    pub at: Timestamp,
}

/// Where a call goes.
#[derive(Clone, Debug)]
pub enum Route {
    /// The numbers are rung one after another; then the call goes to the linked operation.
    Forward {
        /// Whose numbers these are.
        employee: EmployeeRecord,
        /// The numbers, in order; at least one.
        destinations: Vec<Destination>,
        /// The linked operation's name.
        then: String,
    },
    /// The call goes to the linked operation at once.
    LinkedOperation {
        /// Its name.
        target: String,
        /// Why.
        reason: Reason,
    },
}

/// An employee as the details keep one.
#[derive(Clone, Debug)]
pub struct EmployeeRecord {
    /// The PBX's identifier.
    pub id: String,
    /// The name.
    pub name: String,
}

/// Why a call goes to the linked operation.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The stable machine code.
    pub code: String,
    /// The class of the reason.
    pub class: &'static str,
    /// The short status.
    pub status: Localized,
    /// One sentence.
    pub text: Localized,
}

/// The code of the reason that the host itself gives: the operation did not answer.
pub const OPERATION_FAILED: &str = "operation-failed";

/// How a call came to its route.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Named values that the operation found out, in its order.
    pub facts: Vec<Fact>,
    /// The waiting time in force.
    pub waiting_time: Duration,
    /// How long the operation took.
    pub waited: Duration,
    /// The requests it made, in order.
    pub requests: Vec<RequestRecord>,
    /// What the host saw of those requests, in order.
    pub exchanges: Vec<Exchange>,
    /// Remarks, in order: the operation's, then the host's.
    pub notes: Vec<Note>,
}

/// A named value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The stable key.
    pub key: String,
    /// Its name for people.
    pub title: Localized,
    /// Its value, if known.
    pub value: Option<FactValue>,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// A whole number.
    Integer(u64),
    /// A word or a short text.
    Text(String),
}

/// One request of the operation.
#[derive(Clone, Debug)]
pub struct RequestRecord {
    /// What was asked for.
    pub purpose: String,
    /// When it was sent, from the start of the call.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// The HTTP status, where one arrived.
    pub status: Option<u16>,
    /// `ok`, or what went wrong.
    pub outcome: String,
}

/// A remark.
#[derive(Clone, Debug)]
pub struct Note {
    /// Its stable code.
    pub code: String,
    /// What it says.
    pub text: Localized,
}

/// The names of an operation's facts, as it describes them.
#[derive(Clone, Debug, Default)]
pub struct FactTitles(BTreeMap<String, Localized>);

impl FactTitles {
    /// Takes the names from a description.
    pub fn new(description: &Description) -> Self {
        Self(description.facts.iter().map(|fact| (fact.key.clone(), fact.title.clone().into())).collect())
    }

    /// The name of a fact; its key, if the operation gives a fact that it does not describe.
    fn of(&self, key: &str) -> Localized {
        self.0.get(key).cloned().unwrap_or_else(|| Localized { ru: key.to_owned(), en: key.to_owned() })
    }
}

impl ResolvedCall {
    /// Makes the record of a call out of what the engine answered.
    ///
    /// An operation that gave no answer sends the call to the linked operation with a reason that says which limit or fault it was.
    pub fn new(
        component: &Arc<str>,
        titles: &FactTitles,
        call: &wit::Call,
        at: Timestamp,
        linked_operation: &str,
        waiting_time: Duration,
        answer: Answer,
    ) -> Self {
        let target = linked_operation.to_owned();
        let (route, mut details) = match answer.resolution {
            Ok(resolution) => (route(resolution.route, target), details(resolution.details, titles)),
            Err(failure) => (
                Route::LinkedOperation { target, reason: operation_failed(&failure) },
                Details { waiting_time, waited: answer.run.wall, ..Details::default() },
            ),
        };
        details.exchanges = answer.exchanges;
        details.notes.extend(answer.refusals.into_iter().map(|refusal| Note {
            code: "refused-by-host".to_owned(),
            text: Localized {
                ru: format!("Отказ хоста: {refusal}"), en: format!("refused by the host: {refusal}")
            },
        }));
        details.notes.extend(answer.directory_faults.into_iter().map(|fault| Note {
            code: "directory-fault".to_owned(),
            text: Localized {
                ru: format!("Справочник сотрудников: {fault}"),
                en: format!("directory of employees: {fault}"),
            },
        }));
        let caller = call.caller.as_deref().filter(|caller| !Presented::is_withheld(caller)).map(mask);
        let call = CallRecord { id: call.id.clone(), caller, called: call.called.clone(), at };
        Self { call, route, details, run: answer.run, component: Arc::clone(component) }
    }
}

fn operation_failed(failure: &Failure) -> Reason {
    let ru = match failure {
        Failure::Limit(limit) => limit_in_russian(*limit),
        Failure::Trap(trap) => format!("операция прервана: {trap}"),
        Failure::NoDestination => "операция не назвала ни одного номера".to_owned(),
        Failure::Host => "ошибка хоста".to_owned(),
    };
    Reason {
        code: OPERATION_FAILED.to_owned(),
        class: "technical-failure",
        status: Localized {
            ru: "Переадресация не удалась".to_owned(), en: "Forwarding failed".to_owned()
        },
        text: Localized {
            ru: format!("Сбой операции: {ru}"), en: format!("The operation failed: {failure}")
        },
    }
}

fn limit_in_russian(limit: LimitReached) -> String {
    let mebibytes = |bytes: usize| bytes / (1024 * 1024);
    match limit {
        LimitReached::Memory(bytes) => format!("достигнут предел памяти, {} МиБ", mebibytes(bytes)),
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

fn route(route: wit::Route, linked_operation: String) -> Route {
    match route {
        wit::Route::Forward(forwarding) => Route::Forward {
            employee: EmployeeRecord { id: forwarding.employee_id, name: forwarding.employee_name },
            destinations: forwarding
                .destinations
                .into_iter()
                .map(|destination| Destination {
                    number: destination.number,
                    ring_time: Duration::from_millis(destination.ring_time),
                })
                .collect(),
            then: linked_operation,
        },
        wit::Route::LinkedOperation(reason) => Route::LinkedOperation {
            target: linked_operation,
            reason: Reason {
                code: reason.code,
                class: class(reason.class),
                status: reason.status.into(),
                text: reason.text.into(),
            },
        },
    }
}

/// The class's name in JSON and in the contract.
pub(crate) const fn class(class: wit::ReasonClass) -> &'static str {
    match class {
        wit::ReasonClass::Caller => "caller",
        wit::ReasonClass::EmptyAnswer => "empty-answer",
        wit::ReasonClass::NoAnswer => "no-answer",
        wit::ReasonClass::TechnicalFailure => "technical-failure",
        wit::ReasonClass::Absent => "absent",
        wit::ReasonClass::IntegrationOff => "integration-off",
        wit::ReasonClass::Configuration => "configuration",
    }
}

fn details(details: wit::CallDetails, titles: &FactTitles) -> Details {
    Details {
        facts: details
            .facts
            .into_iter()
            .map(|fact| Fact {
                title: titles.of(&fact.key),
                key: fact.key,
                value: fact.value.map(|value| match value {
                    wit::FactValue::Integer(number) => FactValue::Integer(number),
                    wit::FactValue::Text(text) => FactValue::Text(text),
                }),
            })
            .collect(),
        waiting_time: Duration::from_millis(details.waiting_time),
        waited: Duration::from_millis(details.waited),
        requests: details
            .requests
            .into_iter()
            .map(|request| RequestRecord {
                purpose: request.purpose,
                at: Duration::from_millis(request.at),
                took: Duration::from_millis(request.took),
                status: request.status,
                outcome: request.outcome,
            })
            .collect(),
        exchanges: Vec::new(),
        notes: details.notes.into_iter().map(|note| Note { code: note.code, text: note.text.into() }).collect(),
    }
}
