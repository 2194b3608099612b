//! A resolved call as JSON for programs. Versioned: fields may be added, none is renamed.

use std::time::Duration;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::exchange::ExchangeJson;
use super::{Details, FactValue, Localized, Note, RequestRecord, ResolvedCall, Route};

/// The version of the format.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    call: CallJson<'a>,
    route: RouteJson<'a>,
    reason: Option<ReasonJson<'a>>,
    details: &'a Details,
    run: RunJson<'a>,
}

#[derive(Serialize)]
struct CallJson<'a> {
    id: &'a str,
    caller: Option<&'a str>,
    called: &'a str,
    at: String,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum RouteJson<'a> {
    Forward { employee: EmployeeJson<'a>, numbers: Vec<NumberJson<'a>>, then: &'a str },
    LinkedOperation { target: &'a str },
}

#[derive(Serialize)]
struct EmployeeJson<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct NumberJson<'a> {
    number: &'a str,
    ring_seconds: Seconds,
}

#[derive(Serialize)]
struct ReasonJson<'a> {
    code: &'a str,
    class: &'a str,
    status: &'a str,
    status_en: &'a str,
    text_ru: &'a str,
    text_en: &'a str,
}

#[derive(Serialize)]
struct RunJson<'a> {
    component: &'a str,
    instructions: Option<u64>,
    memory_bytes: usize,
    wall_us: u128,
}

/// A ring time: a whole number of seconds where it is one.
struct Seconds(Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

impl Serialize for ResolvedCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (route, reason) = match &self.route {
            Route::Forward { employee, destinations, then } => {
                let numbers = destinations
                    .iter()
                    .map(|destination| NumberJson {
                        number: &destination.number,
                        ring_seconds: Seconds(destination.ring_time),
                    })
                    .collect();
                (
                    RouteJson::Forward {
                        employee: EmployeeJson { id: &employee.id, name: &employee.name },
                        numbers,
                        then,
                    },
                    None,
                )
            }
            Route::LinkedOperation { target, reason } => (
                RouteJson::LinkedOperation { target },
                Some(ReasonJson {
                    code: &reason.code,
                    class: reason.class,
                    status: &reason.status.ru,
                    status_en: &reason.status.en,
                    text_ru: &reason.text.ru,
                    text_en: &reason.text.en,
                }),
            ),
        };
        let call = &self.call;
        Document {
            version: VERSION,
            // Whole seconds, as in the examples of the format; the details below count milliseconds from there.
            call: CallJson {
                id: &call.id,
                caller: call.caller.as_deref(),
                called: &call.called,
                at: format!("{:.0}", call.at),
            },
            route,
            reason,
            details: &self.details,
            run: RunJson {
                component: &self.component,
                instructions: self.run.instructions,
                memory_bytes: self.run.memory_bytes,
                wall_us: self.run.wall.as_micros(),
            },
        }
        .serialize(serializer)
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const OWN: [&str; 5] = ["waiting_time_ms", "waited_ms", "requests", "exchanges", "notes"];
        let mut map = serializer.serialize_map(None)?;
        // An operation's facts stand beside the fields of every operation; the contract keeps their names apart.
        for fact in self.facts.iter().filter(|fact| !OWN.contains(&fact.key.as_str())) {
            match &fact.value {
                Some(FactValue::Integer(number)) => map.serialize_entry(&fact.key, number)?,
                Some(FactValue::Text(text)) => map.serialize_entry(&fact.key, text)?,
                None => map.serialize_entry(&fact.key, &())?,
            }
        }
        map.serialize_entry("waiting_time_ms", &self.waiting_time.as_millis())?;
        map.serialize_entry("waited_ms", &self.waited.as_millis())?;
        map.serialize_entry("requests", &self.requests)?;
        let exchanges: Vec<_> = self.exchanges.iter().map(ExchangeJson::from).collect();
        map.serialize_entry("exchanges", &exchanges)?;
        map.serialize_entry("notes", &self.notes)?;
        map.end()
    }
}

impl Serialize for RequestRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("purpose", &self.purpose)?;
        map.serialize_entry("at_ms", &self.at.as_millis())?;
        map.serialize_entry("ms", &self.took.as_millis())?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("outcome", &self.outcome)?;
        map.end()
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Localized { ru, en } = &self.text;
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("text_ru", ru)?;
        map.serialize_entry("text_en", en)?;
        map.end()
    }
}
