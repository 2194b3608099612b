//! The least of a plan that still fails in the same way: happenings are left out, many at first, then one by one.

use crate::plan::Plan;
use crate::summary::Violation;
use crate::world::run;

/// How often a plan is tried. Each try takes a fraction of a second.
const MOST_TRIES: usize = 150;

/// A smaller plan that breaks the same rule, and how it does.
pub(crate) fn shrunk(plan: &Plan, violation: &Violation) -> (Plan, Violation) {
    let mut least = plan.clone();
    let mut found = violation.clone();
    let mut tries = 0;
    // Nothing after the violation has a part in it.
    least.happenings.truncate(violation.happening + 1);
    let fails = |plan: &Plan| run(plan).err().filter(|other| other.rule == violation.rule);
    match fails(&least) {
        Some(other) => found = other,
        None => least = plan.clone(),
    }
    let mut chunk = least.happenings.len() / 2;
    while chunk > 0 && tries < MOST_TRIES {
        let mut at = 0;
        let mut less = false;
        while at < least.happenings.len() && tries < MOST_TRIES {
            tries += 1;
            let mut without = least.clone();
            let end = (at + chunk).min(without.happenings.len());
            // The time that they took stays.
            let gone: std::time::Duration = without.happenings.drain(at..end).map(|happening| happening.after).sum();
            if let Some(next) = without.happenings.get_mut(at) {
                next.after += gone;
            }
            match fails(&without) {
                Some(other) => (least, found, less) = (without, other, true),
                None => at = end,
            }
        }
        if !less || chunk > 1 {
            chunk /= 2;
        }
    }
    (least, found)
}
