//! A step of a scenario that a call has left, as the call document has it.

use serde::{Deserialize, Serialize};

use crate::answer::{EmployeeRecord, Reason, Run};
use crate::details::Details;
use crate::leg::Ending;
use crate::titles::Titles;

/// A step before the last one of a call, as the call document has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepRecord {
    /// The placement's identifier.
    pub placement: String,
    /// Where the call went from there.
    pub target: String,
    /// Why; null where its numbers were rung and nobody answered.
    pub reason: Option<Reason>,
    /// Whose numbers were rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee: Option<EmployeeRecord>,
    /// The numbers that were rung, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<StepLeg>,
    /// What was asked, what came back, how long it took.
    pub details: Details,
    /// What it cost.
    pub run: Run,
    /// What its facts are called. Not part of the document.
    #[serde(skip)]
    pub titles: Titles,
}

/// A number that a step gave to ring and that nobody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepLeg {
    /// The number, as the step gave it.
    pub number: String,
    /// How it ended; null where the PBX did not say.
    pub result: Option<Ending>,
}

impl StepRecord {
    /// A step whose numbers rang in vain and of which nothing more is known.
    pub fn unknown(placement: &str, target: &str) -> Self {
        Self {
            placement: placement.to_owned(),
            target: target.to_owned(),
            reason: None,
            employee: None,
            legs: Vec::new(),
            details: Details::default(),
            run: Run::default(),
            titles: Titles::default(),
        }
    }

    /// Whether its numbers were rung, and nobody answered.
    pub const fn is_unanswered(&self) -> bool {
        self.reason.is_none()
    }

    /// Whether nothing more is known of it than that nobody answered.
    pub const fn is_unknown(&self) -> bool {
        self.reason.is_none() && self.run.component.is_none() && self.employee.is_none()
    }
}
