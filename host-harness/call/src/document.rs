//! The call document, version 1: one resolved call, as every face shows it and call details keep it.
//!
//! `host-harness call --json` prints exactly this, `POST /v1/resolve-call` answers it, and a kept call has it with more beside it
//! ([`crate::kept`]). Fields may be added, none is renamed; a reader passes over those that it does not know.
//!
//! ```
//! let written = r#"{"version": 1, "call": {"id": "1", "caller": null, "called": "+74955550100", "at": "2026-11-22T09:00:00Z"},
//!     "route": {"kind": "linked-operation", "target": "queue:sales"}, "reason": {"code": "caller-hidden", "class": "caller",
//!     "status": "", "status_en": "", "text_ru": "Номер скрыт", "text_en": "The number is withheld"},
//!     "details": {"waiting_time_ms": 3000, "waited_ms": 0}, "run": {}}"#;
//! let document: call::CallDocument = serde_json::from_str(written)?;
//! assert_eq!(document.outcome(), "caller-hidden");
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::caller_name::CallerName;
use crate::details::Details;
use crate::dialling::is_dialable;
use crate::incoming::{IncomingCall, WholeNumber};
use crate::leg::Ending;
use crate::scenario::placement_of;
use crate::step::{StepLeg, StepRecord};
use crate::titles::Titles;

pub use crate::answer::{Destination, EmployeeRecord, Reason, Ring, Route, Run};

/// The version of the format.
pub const VERSION: u32 = 1;
/// The outcome of a call that is forwarded; of any other it is the reason's code.
pub const FORWARDED: &str = "forwarded";
/// The code of the reason that the host itself gives: the operation did not answer.
pub const OPERATION_FAILED: &str = "operation-failed";

/// One call, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallDocument {
    /// The version of the format, 1.
    pub version: u32,
    /// The call, its caller masked.
    pub call: CallRecord,
    /// The steps of the scenario that it went through before the one that this answer is of; none where that is the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
    /// The placement that this answer is of, where it is not the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<String>,
    /// Where it goes.
    pub route: Route,
    /// Why it goes to the linked operation at once; null where it is forwarded.
    pub reason: Option<Reason>,
    /// What was asked, what came back, how long it took.
    pub details: Details,
    /// What it cost.
    pub run: Run,
    /// What its facts are called. Not part of the document: they are the component's, the same for each of its calls.
    #[serde(skip)]
    pub titles: Titles,
    /// What the telephones may show of the caller (rule E6). Not part of the document, which is kept: it goes to the PBX alone.
    #[serde(skip)]
    pub caller_name: Option<CallerName>,
}

/// The call as the details keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRecord {
    /// The host's identifier.
    pub id: String,
    /// The caller's number, masked; null when none was presented.
    pub caller: Option<String>,
    /// The number that was called.
    pub called: String,
    /// When the call arrived (RFC 3339), to the second; the times in the details count milliseconds from there.
    #[serde(serialize_with = "to_the_second")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

fn to_the_second<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.0}"))
}

impl CallDocument {
    /// What the call came to: [`FORWARDED`], or its reason's code.
    pub fn outcome(&self) -> &str {
        self.reason.as_ref().map_or(FORWARDED, |reason| &reason.code)
    }

    /// Where the call goes, at once or after the last number.
    pub fn target(&self) -> &str {
        match &self.route {
            Route::Forward { then, .. } => then,
            Route::LinkedOperation { target } => target,
        }
    }

    /// The placement whose exit the PBX is to ask for after the last number, where that one leads to an operation; `first` is the one that was
    /// asked.
    pub fn asked_again_after<'a>(&'a self, first: &'a str) -> Option<&'a str> {
        match &self.route {
            Route::Forward { then, .. } if placement_of(then).is_some() => {
                Some(self.placement.as_deref().unwrap_or(first))
            }
            Route::Forward { .. } | Route::LinkedOperation { .. } => None,
        }
    }

    /// How long its operations say that they took, all steps together.
    pub fn waited(&self) -> Duration {
        self.steps.iter().map(|step| step.details.waited).sum::<Duration>() + self.details.waited
    }

    /// How long all its steps took together.
    pub fn wall(&self) -> Duration {
        self.steps.iter().map(|step| step.run.wall).sum::<Duration>() + self.run.wall
    }

    /// The answer as a step that the call has left; `endings` are how its numbers ended, in their order, as far as that is known.
    pub fn into_step(self, placement: &str, endings: &[Ending]) -> StepRecord {
        let (employee, numbers, target) = match self.route {
            Route::Forward { employee, destinations, then, .. } => (Some(employee), destinations, then),
            Route::LinkedOperation { target } => (None, Vec::new(), target),
        };
        let mut endings = endings.iter().copied();
        // A number that cannot be dialled was not rung, and has no ending of its own.
        let mut leg = |number: String| {
            let result = if is_dialable(&number) { endings.next() } else { None };
            StepLeg { number, result }
        };
        StepRecord {
            placement: placement.to_owned(),
            target,
            reason: self.reason,
            employee,
            legs: numbers.into_iter().map(|destination| leg(destination.number)).collect(),
            details: self.details,
            run: self.run,
            titles: self.titles,
        }
    }

    /// The digest of the component that resolved it; empty where it is not known.
    pub fn component(&self) -> &str {
        self.run.component.as_deref().unwrap_or_default()
    }
}

impl CallRecord {
    /// The record of a call that arrived at `at`. Here, and nowhere else, its caller is masked (rule D10), also where it stands beside the number that
    /// was called.
    pub fn new(call: &IncomingCall, at: Timestamp) -> Self {
        let caller = call.presented().map(WholeNumber::masked);
        Self { id: call.id.clone(), caller, called: call.called_to_show(), at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, Localized};

    /// What `call --json` prints, member by member in its order.
    const FORWARD: &str = concat!(
        r#"{"version":1,"call":{"id":"1","caller":"+7916•••0101","called":"+74955550100","at":"2026-11-22T09:00:00Z"},"#,
        r#""route":{"kind":"forward","employee":{"id":"anna","name":"Анна"},"numbers":[{"number":"101","ring_seconds":20},"#,
        r#"{"number":"102","ring_seconds":12.5}],"then":"queue:sales"},"reason":null,"details":{"manager_source":"crm","#,
        r#""manager_user_id":504141,"company_id":null,"waiting_time_ms":3000,"waited_ms":41,"requests":[{"purpose":"contacts","#,
        r#""at_ms":0,"ms":40,"status":200,"outcome":"ok"}],"exchanges":[{"at_ms":0,"path":"/api/v4/contacts","turn_ms":7,"#,
        r#""sent":false,"shared":false,"refused":"budget","turn_foreseen_ms":900,"circuit":"open","circuit_cause":"blocked","#,
        r#""circuit_again_ms":60000}],"notes":[{"code":"n","text_ru":"ру","text_en":"en"}]},"run":{"component":"ab","#,
        r#""instructions":11751,"memory_bytes":1179648,"wall_us":41200}}"#,
    );
    const LINKED: &str = concat!(
        r#"{"version":1,"call":{"id":"1","caller":null,"called":"","at":"2026-11-22T09:00:00Z"},"#,
        r#""route":{"kind":"linked-operation","target":"queue:sales"},"reason":{"code":"caller-hidden","class":"caller","#,
        r#""status":"Переадресация не удалась","status_en":"Forwarding failed","text_ru":"ру","text_en":"en"},"#,
        r#""details":{"waiting_time_ms":3000,"waited_ms":0,"requests":[],"exchanges":[],"notes":[]},"#,
        r#""run":{"component":null,"instructions":null,"memory_bytes":null,"wall_us":0}}"#,
    );

    fn read(text: &str) -> CallDocument {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn o4_a_document_is_written_as_it_was_read() {
        for written in [FORWARD, LINKED] {
            assert_eq!(serde_json::to_string(&read(written)).unwrap(), written);
        }
        assert_eq!((read(FORWARD).outcome(), read(LINKED).outcome()), (FORWARDED, "caller-hidden"));
        assert_eq!((read(FORWARD).target(), read(LINKED).target()), ("queue:sales", "queue:sales"));
    }

    #[test]
    fn o4_members_of_later_versions_are_passed_over() {
        let later = FORWARD
            .replace(r#"{"version":1,"#, r#"{"version":1,"chain":[{"step":1}],"#)
            .replace(r#""called":"#, r#""name":{"given":"x"},"called":"#)
            .replace(r#""waiting_time_ms":"#, r#""legs":[1],"share":0.5,"isolated":true,"waiting_time_ms":"#);
        assert_ne!(later, FORWARD);
        assert_eq!(read(&later), read(FORWARD));
    }

    #[test]
    fn o4_a_fact_never_takes_the_place_of_a_field_of_every_operation() {
        let mut document = read(LINKED);
        let fact = |key: &str| crate::details::Fact { key: key.to_owned(), value: crate::details::FactValue::Unknown };
        document.details.facts = [fact("notes"), fact("waited_ms")].into_iter().collect();
        assert_eq!(serde_json::to_string(&document).unwrap(), LINKED);
    }

    #[test]
    fn d10_the_record_of_a_call_has_its_caller_masked_or_none() {
        let record = |caller: Option<&str>| {
            let caller = caller.map(WholeNumber::new);
            CallRecord::new(&IncomingCall { caller, ..IncomingCall::default() }, Timestamp::UNIX_EPOCH)
        };
        assert_eq!(record(Some("+79165550101")).caller.as_deref(), Some("+7916•••0101"));
        for withheld in [None, Some(""), Some(" "), Some("anonymous")] {
            assert_eq!(record(withheld).caller, None, "{withheld:?}");
        }
    }

    #[test]
    fn o4_the_text_has_titles_where_they_are_known_and_keys_elsewhere() {
        let mut document = read(FORWARD);
        let title = Localized::new("Источник сведений о менеджере", "Where the manager is known from");
        document.titles = [("manager_source".to_owned(), title)].into_iter().collect();
        let (ru, en) = (document.text(Language::Ru).to_string(), document.text(Language::En).to_string());
        for part in ["Источник сведений о менеджере: crm", "manager_user_id: 504141", "1. 101  звонит 20 с", "ру"]
        {
            assert!(ru.contains(part), "{part}: {ru}");
        }
        for part in ["Where the manager is known from: crm", "2. 102  rings for 12.5 s", "its turn would come too late"]
        {
            assert!(en.contains(part), "{part}: {en}");
        }
        let linked = read(LINKED).text(Language::Ru).to_string();
        assert!(linked.contains("Переадресация не удалась: ру"), "{linked}");
    }
}
