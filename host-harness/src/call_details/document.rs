//! One kept call: as it is written, and as it is read again.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Numbers;
use super::leg::{self, Leg};
use super::outcome::Outcome;
use crate::node::{FinishedCall, WholeNumber};
use crate::report::Route;
use call::masking::mask;

/// How many of a number's last digits may be asked for.
const DIGITS: usize = 4;
/// The outcome of a call that was forwarded.
pub(super) const FORWARDED: &str = "forwarded";

/// A call, ready to be written.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) at: i64,
    pub(super) call_id: String,
    pub(super) operation: Arc<str>,
    pub(super) integration: Arc<str>,
    pub(super) outcome: String,
    pub(super) employee: Option<String>,
    pub(super) digits: String,
    pub(super) caller: Option<WholeNumber>,
    pub(super) document: String,
}

impl Record {
    pub(super) fn of(call: &FinishedCall, numbers: Numbers) -> Self {
        let resolved = &call.resolved;
        let (outcome, employee) = match &resolved.route {
            Route::Forward { employee, .. } => (FORWARDED.to_owned(), Some(employee.id.clone())),
            Route::LinkedOperation { reason, .. } => (reason.code.clone(), None),
        };
        let whole = call.caller.as_ref().map_or("", |caller| caller.whole());
        // What the mask shows of a short number is less than four digits; more must not be found out by asking.
        let shown = match numbers {
            Numbers::Whole => whole.chars().filter(char::is_ascii_digit).collect(),
            Numbers::Masked => mask(whole),
        };
        Self {
            at: resolved.call.at.as_millisecond(),
            call_id: resolved.call.id.clone(),
            operation: Arc::clone(&call.step),
            integration: Arc::clone(&call.integration),
            outcome,
            employee,
            digits: last_digits(&shown),
            caller: call.caller.clone().filter(|_| numbers == Numbers::Whole),
            // A value of this program's does not fail to be written as JSON; if one did, the call would still be listed.
            document: serde_json::to_string(&**resolved).unwrap_or_default(),
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.document.len() + self.call_id.len() + 256
    }

    /// As it is read again.
    pub(super) fn kept(&self, seq: i64) -> KeptCall {
        KeptCall {
            seq,
            operation: self.operation.to_string(),
            integration: self.integration.to_string(),
            caller: self.caller.clone(),
            document: self.document.clone(),
            legs: Vec::new(),
        }
    }
}

/// The last digits of a number, as far as they may be asked for.
pub(super) fn last_digits(number: &str) -> String {
    let tail: Vec<char> = number.chars().rev().take_while(char::is_ascii_digit).take(DIGITS).collect();
    tail.into_iter().rev().collect()
}

/// One kept call.
#[derive(Clone, Debug)]
pub struct KeptCall {
    /// Its number among the kept calls: later ones have greater numbers.
    pub seq: i64,
    /// The placed operation.
    pub operation: String,
    /// The integration.
    pub integration: String,
    /// The caller's whole number, where it is kept.
    pub caller: Option<WholeNumber>,
    /// The call as JSON, as it was written.
    document: String,
    /// What the PBX reported of its legs, in order.
    legs: Vec<Leg>,
}

impl KeptCall {
    /// A call as it stands in the file: its number, what it came to, the caller's whole number where it is kept, its JSON, and what a PBX reported of
    /// its legs, whatever those are.
    pub fn new(
        seq: i64,
        operation: String,
        integration: String,
        caller: Option<&str>,
        document: String,
        legs: Option<&str>,
    ) -> Self {
        // Legs that cannot be read are as if they had not been reported.
        let legs = legs.and_then(|legs| serde_json::from_str(legs).ok()).unwrap_or_default();
        Self { seq, operation, integration, caller: caller.map(WholeNumber::new), document, legs }
    }

    /// Adds what a PBX reports.
    pub(super) fn complete(&mut self, reported: &[Leg]) {
        leg::merge(&mut self.legs, reported);
    }

    /// The legs as they are written.
    pub(super) fn legs_json(&self) -> String {
        serde_json::to_string(&self.legs).unwrap_or_default()
    }

    /// Whether the PBX has reported what it saw.
    pub fn is_completed(&self) -> bool {
        !self.legs.is_empty()
    }

    /// What the PBX saw; none where it has reported nothing, or the record cannot be read.
    pub fn outcome(&self) -> Option<Outcome> {
        Outcome::of(&self.document()?, &self.legs)
    }

    /// The call as JSON: the format of `host-harness call --json`, with `seq`, `operation`, `integration` and `outcome` (null until the PBX has
    /// reported one) beside it. A record that cannot be read says so.
    pub fn json(&self, numbers: Numbers) -> Value {
        let mut document = serde_json::from_str::<Map<String, Value>>(&self.document)
            .unwrap_or_else(|_| Map::from_iter([("unreadable".to_owned(), json!(true))]));
        document.insert("seq".to_owned(), json!(self.seq));
        document.insert("operation".to_owned(), json!(self.operation));
        document.insert("integration".to_owned(), json!(self.integration));
        document.insert("outcome".to_owned(), json!(self.outcome()));
        if let (Numbers::Whole, Some(caller), Some(Value::Object(call))) =
            (numbers, &self.caller, document.get_mut("call"))
        {
            call.insert("caller".to_owned(), json!(caller.whole()));
        }
        Value::Object(document)
    }

    /// What people are shown of it; none where the record cannot be read.
    pub fn document(&self) -> Option<Document> {
        serde_json::from_str(&self.document).ok()
    }
}

/// A call's JSON, as far as people are shown it. Fields may be added to the format, so unknown ones are passed over.
#[derive(Clone, Debug, Deserialize)]
pub struct Document {
    /// The call.
    pub call: CallPart,
    /// Where it went.
    pub route: RoutePart,
    /// Why it went to the linked operation.
    pub reason: Option<ReasonPart>,
    /// How it came to that.
    pub details: DetailsPart,
    /// What it cost.
    pub run: RunPart,
}

/// The call itself.
#[derive(Clone, Debug, Deserialize)]
pub struct CallPart {
    /// The PBX's identifier.
    pub id: String,
    /// The masked number; none when withheld.
    pub caller: Option<String>,
    /// The number that was called.
    pub called: String,
    /// When it arrived.
    pub at: jiff::Timestamp,
}

/// Where a call went.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RoutePart {
    /// To an employee's numbers.
    Forward {
        /// Who.
        employee: EmployeePart,
        /// Which numbers.
        numbers: Vec<NumberPart>,
        /// The linked operation after them.
        #[serde(default)]
        then: String,
    },
    /// To the linked operation.
    LinkedOperation {
        /// Its name.
        target: String,
    },
}

/// An employee.
#[derive(Clone, Debug, Deserialize)]
pub struct EmployeePart {
    /// The PBX's identifier.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A number that was rung.
#[derive(Clone, Debug, Deserialize)]
pub struct NumberPart {
    /// The number.
    pub number: String,
    /// For how long, in seconds.
    pub ring_seconds: f64,
}

/// Why a call went to the linked operation.
#[derive(Clone, Debug, Deserialize)]
pub struct ReasonPart {
    /// The stable code.
    pub code: String,
    /// In Russian.
    pub text_ru: String,
    /// In English.
    pub text_en: String,
}

/// How a call came to its route. All times are milliseconds.
#[derive(Clone, Debug, Deserialize)]
pub struct DetailsPart {
    /// The waiting time in force.
    pub waiting_time_ms: u64,
    /// How long the call waited.
    pub waited_ms: u64,
    /// The operation's requests.
    #[serde(default)]
    pub requests: Vec<RequestPart>,
    /// What the host saw of them.
    #[serde(default)]
    pub exchanges: Vec<ExchangePart>,
    /// Remarks.
    #[serde(default)]
    pub notes: Vec<NotePart>,
    /// What the operation found out, by key.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// A request.
#[derive(Clone, Debug, Deserialize)]
pub struct RequestPart {
    /// What was asked for.
    pub purpose: String,
    /// When, from the start of the call.
    pub at_ms: u64,
    /// How long it took.
    pub ms: u64,
    /// The HTTP status, where one came.
    pub status: Option<u16>,
    /// `ok`, or what went wrong.
    pub outcome: String,
}

/// What the host saw of a request.
#[derive(Clone, Debug, Deserialize)]
pub struct ExchangePart {
    /// How long it waited for its turn in the budget.
    #[serde(default)]
    pub turn_ms: u64,
    /// Whether it shared another call's answer.
    #[serde(default)]
    pub shared: bool,
    /// What refused it: `budget` or `circuit`.
    pub refused: Option<String>,
}

/// A remark.
#[derive(Clone, Debug, Deserialize)]
pub struct NotePart {
    /// In Russian.
    pub text_ru: String,
    /// In English.
    pub text_en: String,
}

/// What a call cost.
#[derive(Clone, Debug, Deserialize)]
pub struct RunPart {
    /// The component's SHA-256.
    #[serde(default)]
    pub component: String,
    /// How long it took, in microseconds.
    #[serde(default)]
    pub wall_us: u64,
}
