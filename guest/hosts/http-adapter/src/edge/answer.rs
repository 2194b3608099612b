//! A resolution as JSON: the format of host-harness, version 1. What only host-harness can know is null there.

use call::masking::mask;
use serde_json::{Map, Value, json};

use super::bindings::telephony::operation::types::{
    Call, CallDetails, FactValue, LocalizedText, ReasonClass, Resolution, Route, TransitionReason,
};
use super::rfc3339;

/// The version of the format.
const VERSION: u32 = 1;

/// What is sent.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) allow: Option<&'static str>,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, kind: "application/json", body: body.to_string().into_bytes(), allow: None }
    }

    /// A problem document (RFC 9457).
    pub(super) fn problem(status: u16, detail: &str) -> Self {
        let body = json!({"type": "about:blank", "status": status, "detail": detail});
        Self { kind: "application/problem+json", ..Self::json(status, &body) }
    }

    pub(super) fn allowing(self, methods: &'static str) -> Self {
        Self { allow: Some(methods), ..self }
    }
}

/// A call that the operation resolved, in so many microseconds.
pub(super) fn resolved(call: &Call, resolution: Resolution, linked_operation: &str, took: u64) -> Value {
    let (route, reason) = match resolution.route {
        Route::Forward(forwarding) => {
            let numbers: Vec<_> = forwarding
                .destinations
                .iter()
                .map(
                    |destination| json!({"number": destination.number, "ring_seconds": seconds(destination.ring_time)}),
                )
                .collect();
            let employee = json!({"id": forwarding.employee_id, "name": forwarding.employee_name});
            let route = json!({"kind": "forward", "employee": employee, "numbers": numbers, "then": linked_operation});
            (route, Value::Null)
        }
        Route::LinkedOperation(reason) => (linked(linked_operation), transition(reason)),
    };
    document(Some(call), route, reason, details(resolution.details), took.into())
}

/// A call that was not asked about: it goes to the linked operation for a reason of the adapter's own.
pub(super) fn declined(call: Option<&Call>, linked_operation: &str, reason: Value) -> Value {
    let details = json!({"waiting_time_ms": 0, "waited_ms": 0, "requests": [], "exchanges": [], "notes": []});
    document(call, linked(linked_operation), reason, details, Value::Null)
}

/// A reason of the adapter's own; the text in Russian and English.
pub(super) fn own_reason(code: &str, class: &str, (ru, en): (String, String)) -> Value {
    json!({
        "code": code,
        "class": class,
        "status": "Переадресация не удалась",
        "status_en": "Forwarding failed",
        "text_ru": ru,
        "text_en": en,
    })
}

fn document(call: Option<&Call>, route: Value, reason: Value, details: Value, wall_us: Value) -> Value {
    let call = call.map(|call| {
        json!({
            "id": call.id,
            "caller": call.caller.as_deref().map(mask),
            "called": call.called,
            "at": rfc3339(call.at),
        })
    });
    let run = json!({"component": null, "instructions": null, "memory_bytes": null, "wall_us": wall_us});
    json!({"version": VERSION, "call": call, "route": route, "reason": reason, "details": details, "run": run})
}

fn linked(target: &str) -> Value {
    json!({"kind": "linked-operation", "target": target})
}

fn transition(reason: TransitionReason) -> Value {
    let class = match reason.class {
        ReasonClass::Caller => "caller",
        ReasonClass::EmptyAnswer => "empty-answer",
        ReasonClass::NoAnswer => "no-answer",
        ReasonClass::TechnicalFailure => "technical-failure",
        ReasonClass::Absent => "absent",
        ReasonClass::IntegrationOff => "integration-off",
        ReasonClass::Configuration => "configuration",
    };
    let LocalizedText { ru: status, en: status_en } = reason.status;
    let LocalizedText { ru: text_ru, en: text_en } = reason.text;
    json!({
        "code": reason.code,
        "class": class,
        "status": status,
        "status_en": status_en,
        "text_ru": text_ru,
        "text_en": text_en,
    })
}

fn details(details: CallDetails) -> Value {
    let mut map = Map::new();
    // An operation's facts stand beside the fields of every operation, which win where names meet.
    for fact in details.facts {
        let value = match fact.value {
            Some(FactValue::Integer(number)) => number.into(),
            Some(FactValue::Text(text)) => text.into(),
            None => Value::Null,
        };
        map.insert(fact.key, value);
    }
    let requests = details.requests.iter().map(|request| {
        json!({
            "purpose": request.purpose,
            "at_ms": request.at,
            "ms": request.took,
            "status": request.status,
            "outcome": request.outcome,
        })
    });
    let notes =
        details.notes.iter().map(|note| json!({"code": note.code, "text_ru": note.text.ru, "text_en": note.text.en}));
    map.insert("waiting_time_ms".to_owned(), details.waiting_time.into());
    map.insert("waited_ms".to_owned(), details.waited.into());
    map.insert("requests".to_owned(), requests.collect());
    map.insert("exchanges".to_owned(), Value::Array(Vec::new()));
    map.insert("notes".to_owned(), notes.collect());
    map.into()
}

/// A ring time: a whole number of seconds where it is one.
fn seconds(milliseconds: u64) -> Value {
    if milliseconds.is_multiple_of(1_000) {
        (milliseconds / 1_000).into()
    } else {
        (milliseconds as f64 / 1_000.0).into()
    }
}
