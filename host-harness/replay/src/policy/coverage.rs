//! Which of the operation's reasons the cases reach.

use std::collections::BTreeMap;

use call::{CallDocument, Localized};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::engine::Operation;

/// The reasons that the operation describes, and how many calls came to each.
#[derive(Debug)]
pub struct Coverage {
    /// How many calls were forwarded.
    pub forwarded: usize,
    /// How many calls came to each described reason, in the order of the description.
    pub reasons: Vec<ReasonCoverage>,
    /// The digest of the component whose reasons these are.
    component: String,
}

/// How many calls came to a reason, in one step or another.
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
    pub(super) fn of(operation: &Operation, description: &Description) -> Self {
        let reasons = description.reasons.iter();
        let reasons = reasons.map(|reason| ReasonCoverage {
            code: reason.code.clone(),
            text: reason.text.clone().into(),
            calls: 0,
        });
        Self { forwarded: 0, reasons: reasons.collect(), component: operation.digest().to_string() }
    }

    /// Counts the reasons of each step. Those of another component are another operation's.
    pub(super) fn reached(&mut self, answers: &[CallDocument]) {
        let mut calls = BTreeMap::<&str, usize>::new();
        for answer in answers {
            self.forwarded += usize::from(answer.reason.is_none());
            let steps = answer.steps.iter().map(|step| (&step.run, &step.reason));
            for (run, reason) in steps.chain([(&answer.run, &answer.reason)]) {
                if let Some(reason) = reason.as_ref().filter(|_| run.component.as_ref() == Some(&self.component)) {
                    *calls.entry(&reason.code).or_default() += 1;
                }
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
