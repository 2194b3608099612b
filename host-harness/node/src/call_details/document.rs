//! One kept call: as it is written, and as it is read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use call::document::{Route, Run};
use call::ended::{End, Ended};
use call::kept::KeptDocument;
use call::leg::{self, Leg};
use call::outcome::Outcome;
use call::step::StepRecord;
use call::titles::Titles;
use call::{CallDocument, WholeNumber};
use jiff::Timestamp;
use rusqlite::Row;

use super::Numbers;
use crate::FinishedCall;
use crate::shared_calls::Talk;

/// What a kept call is read from.
pub(super) const COLUMNS: &str = "seq, operation, integration, caller, document, legs";
/// How many of a number's last digits may be asked for.
const DIGITS: usize = 4;

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
    pub(super) caller_key: Option<Arc<str>>,
    pub(super) document: String,
    /// Who missed it before it came to where it is now.
    pub(super) missed: Option<String>,
    /// When it arrived.
    pub(super) arrived: Timestamp,
    /// What the facts are called of each component that resolved a step.
    pub(super) titles: Vec<(String, Titles)>,
    /// Whether the call was told of before.
    pub(super) is_continued: bool,
    /// The step that the PBX came back from, where nothing more is known of it.
    pub(super) back_from: Option<StepRecord>,
}

impl Record {
    pub(super) fn of(call: &FinishedCall, numbers: Numbers) -> Self {
        let resolved = &call.resolved;
        let employee = match &resolved.route {
            Route::Forward { employee, .. } => Some(employee.id.clone()),
            Route::LinkedOperation { .. } => None,
        };
        // What the mask shows of a short number is less than four digits; more must not be found out by asking.
        let shown = match numbers {
            Numbers::Whole => {
                let whole = call.caller.as_ref().map_or("", WholeNumber::whole);
                whole.chars().filter(char::is_ascii_digit).collect()
            }
            Numbers::Masked => resolved.call.caller.clone().unwrap_or_default(),
        };
        Self {
            at: resolved.call.at.as_millisecond(),
            call_id: resolved.call.id.clone(),
            operation: Arc::clone(&call.placement),
            integration: Arc::clone(&call.integration),
            outcome: resolved.outcome().to_owned(),
            employee,
            digits: last_digits(&shown),
            caller: call.caller.clone().filter(|_| numbers == Numbers::Whole),
            caller_key: call.caller_key.clone(),
            // A value of this program's does not fail to be written as JSON; if one did, the call would still be listed.
            document: serde_json::to_string(&**resolved).unwrap_or_default(),
            missed: missed(&End::of(resolved, &[])),
            arrived: resolved.call.at,
            titles: resolved
                .steps
                .iter()
                .map(|step| (step.run.component.clone().unwrap_or_default(), step.titles.clone()))
                .chain([(resolved.component().to_owned(), resolved.titles.clone())])
                .collect(),
            is_continued: call.is_continued,
            back_from: resolved.steps.first().filter(|step| step.is_unknown()).cloned(),
        }
    }

    /// Whether it may be a call that is kept already.
    pub(super) const fn may_be_kept(&self) -> bool {
        self.is_continued || self.back_from.is_some()
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
            titles: BTreeMap::new(),
        }
    }
}

/// The identifiers of those who missed a call, as JSON; none where nobody has.
pub(super) fn missed(end: &End) -> Option<String> {
    let ids: Vec<_> = end.missed_by.iter().map(|employee| employee.id.as_str()).collect();
    if ids.is_empty() { None } else { serde_json::to_string(&ids).ok() }
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
    /// What the facts of each component are called, where the call was looked up alone.
    pub(super) titles: BTreeMap<String, Titles>,
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
        let caller = caller.map(WholeNumber::new);
        Self { seq, operation, integration, caller, document, legs, titles: BTreeMap::new() }
    }

    /// A call of a row of [`COLUMNS`].
    pub(super) fn of_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (caller, legs): (Option<String>, Option<String>) = (row.get(3)?, row.get(5)?);
        Ok(Self::new(row.get(0)?, row.get(1)?, row.get(2)?, caller.as_deref(), row.get(4)?, legs.as_deref()))
    }

    /// Adds what a PBX reports; false where that was known already.
    pub(super) fn complete(&mut self, reported: &[Leg]) -> bool {
        let before = self.legs.clone();
        leg::merge(&mut self.legs, reported);
        before != self.legs
    }

    /// The legs as they are written.
    pub(super) fn legs_json(&self) -> String {
        serde_json::to_string(&self.legs).unwrap_or_default()
    }

    /// Whether the PBX has said more of it since it was answered first: what it saw, or that nobody answered.
    pub fn is_completed(&self) -> bool {
        let came_back = |document: CallDocument| document.steps.iter().any(StepRecord::is_unanswered);
        !self.legs.is_empty() || self.document().is_some_and(came_back)
    }

    /// What the PBX saw; none where it has reported nothing, or the record cannot be read.
    pub fn outcome(&self) -> Option<Outcome> {
        Outcome::of(&self.document()?, &self.legs)
    }

    /// How it ended, and who missed it; nothing of either where the record cannot be read.
    pub(super) fn end(&self) -> End {
        self.document().map(|document| End::of(&document, &self.legs)).unwrap_or_default()
    }

    /// The employee who answered it, where one did.
    pub(super) fn talk(&self) -> Option<Talk> {
        let document = self.document()?;
        let at = document.call.at;
        let is_answered = End::of(&document, &self.legs).ended == Ended::Answered;
        match document.route {
            Route::Forward { employee, .. } if is_answered => Some(Talk { employee: employee.id, at }),
            Route::Forward { .. } | Route::LinkedOperation { .. } => None,
        }
    }

    /// The call as JSON among others.
    pub fn shown(&self, numbers: Numbers) -> KeptDocument {
        let mut call = self.document();
        let end = call.as_ref().map(|document| End::of(document, &self.legs)).unwrap_or_default();
        if let (Numbers::Whole, Some(caller), Some(document)) = (numbers, &self.caller, &mut call) {
            document.call.caller = Some(caller.whole().to_owned());
        }
        KeptDocument {
            outcome: call.as_ref().and_then(|document| Outcome::of(document, &self.legs)),
            ended: end.ended,
            missed_by: end.missed_by,
            unreadable: call.is_none(),
            call,
            seq: self.seq,
            operation: self.operation.clone(),
            integration: self.integration.clone(),
            titles: Titles::default(),
        }
    }

    /// The call as JSON by itself: with what its facts are called.
    pub fn shown_alone(&self, numbers: Numbers) -> KeptDocument {
        KeptDocument { titles: Titles::together(self.titles.values()), ..self.shown(numbers) }
    }

    /// The call as it was resolved; none where the record cannot be read.
    pub fn document(&self) -> Option<CallDocument> {
        let mut document: CallDocument = serde_json::from_str(&self.document).ok()?;
        let titles = |run: &Run| {
            let titles = run.component.as_ref().and_then(|component| self.titles.get(component));
            titles.cloned().unwrap_or_default()
        };
        document.titles = titles(&document.run);
        document.steps.iter_mut().for_each(|step| step.titles = titles(&step.run));
        Some(document)
    }
}
