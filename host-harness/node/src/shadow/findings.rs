//! What a shadow found: how often it came to the same as the version in force, and where it did not.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use utoipa::ToSchema;

use call::document::{CallRecord, Route};
use call::{CallDocument, Language};

/// How many differences are listed, the newest.
const MOST_LISTED: usize = 100;

/// What a shadow found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Findings {
    /// Calls that both resolved.
    pub compared: u64,
    /// Those that went the same way.
    pub same: u64,
    /// Those that did not.
    pub different: u64,
    /// In what they differed: `route`, `reason`, `employee`, `numbers`.
    pub kinds: BTreeMap<&'static str, u64>,
    /// What else differed, of calls that may have gone the same way: `manager-source`, `requests`.
    pub details: BTreeMap<&'static str, u64>,
    /// What the compared calls cost, where instructions are counted.
    pub instructions: Instructions,
    /// Calls that were not compared, and why.
    pub not_compared: NotCompared,
    /// Calls that are being followed.
    pub under_way: usize,
    /// The differences, the newest first.
    #[schema(value_type = Vec<Difference>)]
    pub differences: VecDeque<Difference>,
}

/// Instructions of all compared calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Instructions {
    /// How many calls are in the sums.
    pub calls: u64,
    /// Of the version in force.
    pub active: u64,
    /// Of the shadow.
    pub shadow: u64,
}

/// Why calls were not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotCompared {
    /// Too many were being followed.
    pub busy: u64,
    /// They read too much to be kept.
    pub too_large: u64,
    /// The shadow asked what the call had not asked, while requests were scarce.
    pub not_asked: u64,
}

/// A call that the shadow would have sent another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// The call's identifier.
    pub call: String,
    /// When it came in.
    pub at: String,
    /// The caller, masked.
    pub caller: Option<String>,
    /// In what they differ.
    pub kinds: Vec<&'static str>,
    /// What the version in force did.
    pub active: Outcome,
    /// What the shadow would have done.
    pub shadow: Outcome,
}

/// Where a version sends a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outcome {
    /// The component's SHA-256.
    pub component: String,
    /// The reason's code where the call goes to the linked operation.
    pub reason: Option<String>,
    /// Whose numbers are rung otherwise.
    pub employee: Option<String>,
    /// The numbers in order, each with its ring time in seconds.
    pub numbers: Vec<String>,
    /// In Russian.
    pub text_ru: String,
    /// In English.
    pub text_en: String,
    /// Where the manager is known from.
    #[serde(skip)]
    source: Option<String>,
    #[serde(skip)]
    requests: usize,
    #[serde(skip)]
    instructions: Option<u64>,
}

impl Findings {
    /// Counts a call that both resolved.
    pub(super) fn compare(&mut self, call: &CallRecord, active: Outcome, shadow: Outcome) {
        self.compared += 1;
        for (differs, kind) in
            [(active.source != shadow.source, "manager-source"), (active.requests != shadow.requests, "requests")]
        {
            if differs {
                *self.details.entry(kind).or_default() += 1;
            }
        }
        if let (Some(of_active), Some(of_shadow)) = (active.instructions, shadow.instructions) {
            let Instructions { calls, active, shadow } = &mut self.instructions;
            *calls += 1;
            *active = active.saturating_add(of_active);
            *shadow = shadow.saturating_add(of_shadow);
        }
        let kinds = differing(&active, &shadow);
        if kinds.is_empty() {
            self.same += 1;
            return;
        }
        self.different += 1;
        for kind in &kinds {
            *self.kinds.entry(kind).or_default() += 1;
        }
        self.differences.truncate(MOST_LISTED - 1);
        self.differences.push_front(Difference {
            call: call.id.clone(),
            at: format!("{:.3}", call.at),
            caller: call.caller.clone(),
            kinds,
            active,
            shadow,
        });
    }
}

/// In what two outcomes differ. Another route is one difference, whatever else follows from it.
fn differing(active: &Outcome, shadow: &Outcome) -> Vec<&'static str> {
    if active.reason.is_some() != shadow.reason.is_some() {
        return vec!["route"];
    }
    let kinds = [
        (active.reason != shadow.reason, "reason"),
        (active.employee != shadow.employee, "employee"),
        (active.numbers != shadow.numbers, "numbers"),
    ];
    kinds.into_iter().filter(|(differs, _)| *differs).map(|(_, kind)| kind).collect()
}

impl Outcome {
    /// Where this call goes.
    pub(super) fn of(call: &CallDocument) -> Self {
        let outcome = Self {
            component: call.component().to_owned(),
            reason: call.reason.as_ref().map(|reason| reason.code.clone()),
            employee: None,
            numbers: Vec::new(),
            text_ru: String::new(),
            text_en: String::new(),
            source: call.details.facts.manager_source().map(str::to_owned),
            requests: call.details.requests.len(),
            instructions: call.run.instructions,
        };
        match &call.route {
            Route::Forward { employee, destinations, .. } => {
                let number = |(number, seconds): (&str, f64)| format!("{number} ({seconds} s)");
                let numbers: Vec<_> = destinations
                    .iter()
                    .map(|destination| number((&destination.number, destination.ring_time.as_secs_f64())))
                    .collect();
                let (name, id, rung) = (&employee.name, &employee.id, numbers.join(", "));
                Self {
                    text_ru: format!("Переадресация: {name} ({id}): {rung}"),
                    text_en: format!("Forwarded to {name} ({id}): {rung}"),
                    employee: Some(employee.id.clone()),
                    numbers,
                    ..outcome
                }
            }
            Route::LinkedOperation { target } => {
                let why = |language| call.reason.as_ref().map_or("", |reason| reason.text(language));
                Self {
                    text_ru: format!("Связанная операция {target}: {}", why(Language::Ru)),
                    text_en: format!("Linked operation {target}: {}", why(Language::En)),
                    ..outcome
                }
            }
        }
    }
}
