//! The outcome of a call: its legs, named by what was rung, and how it ended on the whole.

use serde::{Deserialize, Serialize};

use crate::dialling::is_dialable;
use crate::document::{CallDocument, Route};
use crate::leg::{Ending, Leg};

/// What the PBX saw of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outcome {
    /// How the call ended: answered where any leg was, else as its last leg did.
    pub result: Ending,
    /// Who answered.
    pub answered_by: Option<Rung>,
    /// The legs, in order. One that was not reported is left out.
    pub legs: Vec<RungLeg>,
}

/// A leg, and what was rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RungLeg {
    /// What was rung.
    #[serde(flatten)]
    pub rung: Rung,
    /// How that went.
    #[serde(flatten)]
    pub leg: Leg,
}

/// What a leg rang.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// One of the manager's numbers.
    Number(String),
    /// The linked operation.
    LinkedOperation(String),
}

impl Rung {
    /// The number, or the linked operation's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Number(name) | Self::LinkedOperation(name) => name,
        }
    }
}

impl Outcome {
    /// The outcome of a call with these legs; none where none was reported.
    pub fn of(call: &CallDocument, legs: &[Leg]) -> Option<Self> {
        let last = legs.last()?;
        let legs: Vec<_> = legs.iter().map(|leg| RungLeg { rung: rung(call, leg.leg), leg: leg.clone() }).collect();
        let answered = legs.iter().find(|rung| rung.leg.result == Ending::Answered);
        let result = answered.map_or(last.result, |rung| rung.leg.result);
        Some(Self { result, answered_by: answered.map(|rung| rung.rung.clone()), legs })
    }
}

/// What a leg rang: those numbers that PBXs are given, of the steps before and of the last one, then the linked operation.
fn rung(call: &CallDocument, leg: u8) -> Rung {
    let before = call.steps.iter().flat_map(|step| &step.legs).map(|leg| &leg.number);
    let destinations = match &call.route {
        Route::Forward { destinations, .. } => destinations.as_slice(),
        Route::LinkedOperation { .. } => &[],
    };
    let given = before.chain(destinations.iter().map(|destination| &destination.number));
    let nth = usize::from(leg).saturating_sub(1);
    match given.filter(|number| is_dialable(number)).nth(nth) {
        Some(number) => Rung::Number(number.clone()),
        None => Rung::LinkedOperation(call.target().to_owned()),
    }
}
