//! A resolution as the call document of host-harness ([`call::document`]). What only host-harness can measure is null there.

use std::time::Duration;

use call::caller_name::CallerName;
use call::details::{Details, Fact, FactValue, Note, RequestRecord};
use call::document::{CallRecord, Destination, EmployeeRecord, Reason, Ring, Route, Run, VERSION};
use call::titles::Titles;
use call::{CallDocument, Localized};
use serde_json::json;

use super::bindings::telephony::operation::types as wit;

/// What is sent.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) allow: Option<&'static str>,
}

impl Answer {
    pub(super) fn document(status: u16, document: &CallDocument) -> Self {
        match serde_json::to_vec(document) {
            Ok(body) => Self { status, kind: "application/json", body, allow: None },
            Err(error) => Self::problem(500, &format!("the answer cannot be written: {error}")),
        }
    }

    /// A problem document (RFC 9457).
    pub(super) fn problem(status: u16, detail: &str) -> Self {
        let body = json!({"type": "about:blank", "status": status, "detail": detail}).to_string().into_bytes();
        Self { status, kind: "application/problem+json", body, allow: None }
    }

    pub(super) fn allowing(self, methods: &'static str) -> Self {
        Self { allow: Some(methods), ..self }
    }
}

/// A call that the operation resolved in this time.
pub(super) fn resolved(
    call: CallRecord,
    resolution: wit::Resolution,
    linked_operation: String,
    took: Duration,
) -> CallDocument {
    let mut caller_name = None;
    let (route, reason) = match resolution.route {
        wit::Route::Forward(forwarding) => {
            caller_name = forwarding.caller_name.as_deref().and_then(CallerName::new);
            let destinations = forwarding.destinations.into_iter().map(|destination| Destination {
                number: destination.number,
                ring_time: Duration::from_millis(destination.ring_time),
            });
            let route = Route::Forward {
                employee: EmployeeRecord { id: forwarding.employee_id, name: forwarding.employee_name },
                ring: Ring::InTurn,
                destinations: destinations.collect(),
                then: linked_operation,
            };
            (route, None)
        }
        wit::Route::LinkedOperation(reason) => {
            (Route::LinkedOperation { target: linked_operation }, Some(transition(reason)))
        }
    };
    CallDocument {
        version: VERSION,
        call,
        steps: Vec::new(),
        placement: None,
        route,
        reason,
        details: details(resolution.details),
        run: Run { wall: took, ..Run::default() },
        titles: Titles::default(),
        caller_name,
    }
}

fn transition(reason: wit::TransitionReason) -> Reason {
    let class = match reason.class {
        wit::ReasonClass::Caller => "caller",
        wit::ReasonClass::EmptyAnswer => "empty-answer",
        wit::ReasonClass::NoAnswer => "no-answer",
        wit::ReasonClass::TechnicalFailure => "technical-failure",
        wit::ReasonClass::Absent => "absent",
        wit::ReasonClass::IntegrationOff => "integration-off",
        wit::ReasonClass::Configuration => "configuration",
        wit::ReasonClass::Exit => "exit",
    };
    let (status, status_en) = reason.status.map(|status| (status.ru, status.en)).unwrap_or_default();
    Reason {
        code: reason.code,
        class: class.to_owned(),
        status,
        status_en,
        text_ru: reason.text.ru,
        text_en: reason.text.en,
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
    let notes =
        details.notes.into_iter().map(|note| Note::new(&note.code, Localized { ru: note.text.ru, en: note.text.en }));
    Details {
        facts: facts.collect(),
        waiting_time: Duration::from_millis(details.waiting_time),
        waited: Duration::from_millis(details.waited),
        requests: requests.collect(),
        exchanges: Vec::new(),
        notes: notes.collect(),
    }
}
