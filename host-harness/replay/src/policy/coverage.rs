//! Which of the operation's reasons the cases reach.

use std::collections::BTreeMap;

use call::{CallDocument, Localized};
use runtime::bindings::exports::telephony::operation::operation::Description;

/// The reasons that the operation describes, and how many calls came to each.
#[derive(Debug)]
pub struct Coverage {
    /// How many calls were forwarded.
    pub forwarded: usize,
    /// How many calls came to each described reason, in the order of the description.
    pub reasons: Vec<ReasonCoverage>,
}

/// How many calls came to a reason.
#[derive(Debug)]
pub struct ReasonCoverage {
    /// The stable code.
    pub code: String,
    /// What it says.
    pub text: Localized,
    /// How many calls came to it.
    pub calls: usize,
}

impl Coverage {
    pub(super) fn of(description: &Description) -> Self {
        let reasons = description.reasons.iter();
        let reasons = reasons.map(|reason| ReasonCoverage {
            code: reason.code.clone(),
            text: reason.text.clone().into(),
            calls: 0,
        });
        Self { forwarded: 0, reasons: reasons.collect() }
    }

    pub(super) fn reached(&mut self, answers: &[CallDocument]) {
        let mut calls = BTreeMap::<&str, usize>::new();
        for answer in answers {
            match &answer.reason {
                None => self.forwarded += 1,
                Some(reason) => *calls.entry(&reason.code).or_default() += 1,
            }
        }
        for reason in &mut self.reasons {
            reason.calls += calls.get(reason.code.as_str()).copied().unwrap_or_default();
        }
    }

    /// The reasons that no call came to.
    pub fn unreached(&self) -> impl Iterator<Item = &ReasonCoverage> {
        self.reasons.iter().filter(|reason| reason.calls == 0)
    }
}
