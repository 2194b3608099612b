//! The scenario of some worlds: operations one after another, and what must be so of a call's way through them (rules E1 and E2).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::CallDocument;
use call::document::{Reason, Route};
use call::scenario::{Exits, MOST_STEPS};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::Offset;

/// How long a call may wait in all steps together: less than two of them may.
pub(crate) const MOST_WAITED: Duration = Duration::from_secs(5);

/// The reason of calls outside of the hours.
pub(crate) const OUT_OF_HOURS: &str = "out-of-hours";

/// A placed operation.
pub(crate) struct Step {
    pub(crate) id: &'static str,
    linked_operation: &'static str,
    others: &'static [(&'static str, &'static str)],
    /// Settings as text.
    pub(crate) settings: &'static [(&'static str, &'static str)],
}

/// Working hours, to which calls come first in some worlds.
pub(crate) const HOURS: Step = Step {
    id: "hours",
    linked_operation: "operation:manager",
    others: &[(OUT_OF_HOURS, "voicemail:night")],
    settings: &[("week", "mon-fri 08:00-20:00"), ("holidays", "2026-11-25"), ("time_zone", "Europe/Moscow")],
};

/// Calls come to the first.
pub(crate) const STEPS: [Step; 3] = [
    Step {
        id: "manager",
        linked_operation: "queue:sales",
        others: &[
            ("contact-not-found", "operation:companies"),
            ("empty-answer", "queue:customers"),
            ("no-answer", "operation:again"),
            ("absent", "voicemail:absent"),
            ("not-answered", "operation:again"),
        ],
        settings: &[],
    },
    Step {
        id: "companies",
        linked_operation: "operation:again",
        others: &[("not-answered", "queue:night")],
        settings: &[("search_companies", "true")],
    },
    Step { id: "again", linked_operation: "queue:any", others: &[("caller", "voicemail:withheld")], settings: &[] },
];

impl Step {
    pub(crate) fn exits(&self) -> Exits {
        let others = self.others.iter().map(|(exit, target)| ((*exit).to_owned(), (*target).to_owned()));
        Exits::new(self.linked_operation.to_owned(), others.collect::<BTreeMap<_, _>>())
    }

    /// Where its calls go that nobody answers, or for this reason.
    fn target(&self, reason: Option<&Reason>) -> &'static str {
        let exit = |name: &str| self.others.iter().find(|(exit, _)| *exit == name).map(|(_, target)| *target);
        let exit = match reason {
            None => exit("not-answered"),
            Some(reason) => exit(&reason.code).or_else(|| exit(&reason.class)),
        };
        exit.unwrap_or(self.linked_operation)
    }
}

/// The placement that calls come to.
pub(crate) fn first(with_hours: bool) -> &'static str {
    if with_hours { HOURS.id } else { STEPS[0].id }
}

/// The step that a PBX comes back from when nobody answered: the one that rang, where another operation comes after it.
pub(crate) fn comes_back_from(resolved: &CallDocument) -> Option<String> {
    let then = matches!(resolved.route, Route::Forward { .. }) && resolved.target().starts_with("operation:");
    then.then(|| resolved.placement.clone().unwrap_or_else(|| STEPS[0].id.to_owned()))
}

/// The first rule that a call's way breaks, and how. `left` is the step whose numbers rang in vain before.
pub(crate) fn judge(
    resolved: &CallDocument,
    took: Duration,
    first: &str,
    left: Option<&str>,
) -> Option<(&'static str, String)> {
    if took > MOST_WAITED {
        return Some(("E2, never later than the scenario may wait", format!("it took {took:?}")));
    }
    let last = (resolved.placement.as_deref().unwrap_or(first), resolved.reason.as_ref(), resolved.target());
    let before =
        resolved.steps.iter().map(|step| (step.placement.as_str(), step.reason.as_ref(), step.target.as_str()));
    let way: Vec<_> = before.chain([last]).collect();
    let told = format!("{:?}", way.iter().map(|(placement, _, target)| (placement, target)).collect::<Vec<_>>());
    let placements: BTreeSet<_> = way.iter().map(|(placement, ..)| placement).collect();
    if way.len() > MOST_STEPS || placements.len() < way.len() {
        return Some(("E2, at most 8 steps and no placement twice", told));
    }
    if way.iter().rev().skip(1).any(|(placement, reason, _)| reason.is_none() && left != Some(*placement)) {
        return Some(("E2, nothing is asked after a forward", told));
    }
    if left.is_some_and(|left| !way.iter().rev().skip(1).any(|(placement, ..)| *placement == left)) {
        return Some(("E2, what a step gave to ring is not rung again", told));
    }
    let mut next = Some(first);
    for (placement, reason, target) in way {
        let step = STEPS.iter().chain([&HOURS]).find(|step| Some(step.id) == next && step.id == placement);
        let right = step.map(|step| step.target(reason));
        if right != Some(target) {
            return Some(("E1, the most specific exit is taken", format!("{placement} to {target}: {told}")));
        }
        next = target.strip_prefix("operation:");
    }
    let ends = matches!(resolved.route, Route::Forward { .. }) || next.is_none();
    (!ends).then_some(("E2, a call ends at a forward or a place of the PBX", told))
}

/// E3: inside the hours a call goes on, outside of them it does not. `at` is the time of the call, where it is known.
pub(crate) fn judge_hours(resolved: &CallDocument, at: Option<Timestamp>) -> Option<(&'static str, String)> {
    let own = resolved.placement.as_deref() == Some(HOURS.id);
    let judged = resolved.steps.iter().find(|step| step.placement == HOURS.id).map(|step| step.reason.as_ref());
    let reason = judged.or(own.then_some(resolved.reason.as_ref()))??;
    let local = Offset::constant(3).to_datetime(at?);
    let is_off = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) || local.date().day() == 25;
    let is_in = !is_off && (8..20).contains(&local.hour());
    let right = reason.code == if is_in { "in-hours" } else { OUT_OF_HOURS };
    (!right)
        .then(|| ("E3, working hours are those of the week and its holidays", format!("{} at {local}", reason.code)))
}
