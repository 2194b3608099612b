//! A log line for every call: what a person greps for after a caller complained.
//!
//! The line has the call's identifier, its masked number, where it went and why, and how long it took; where it went through several operations,
//! how it left those before. Everything else is in the call
//! details. A call whose operation failed is a warning.

use call::one_line::on_one_line;
use tracing::{info, warn};

use crate::{FinishedCall, Observer};
use call::CallDocument;
use call::document::{OPERATION_FAILED, Route};
use call::masking::mask_identifier;
use call::scenario::NOT_ANSWERED;
use call::step::StepRecord;

/// The target of these lines, for filters: `host_harness::calls=info`.
const TARGET: &str = "host_harness::calls";
/// How much of an identifier from outside is worth a line.
const LONGEST: usize = 128;

/// Writes the lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallLog;

impl Observer for CallLog {
    fn finished(&self, call: &FinishedCall) {
        let resolved = &call.resolved;
        let (id, operation) = (on_one_line(&mask_identifier(&resolved.call.id), LONGEST), &*call.placement);
        let caller = resolved.call.caller.as_deref().unwrap_or("withheld");
        let waited_ms = resolved.wall().as_secs_f64() * 1_000.0;
        let before = resolved.steps.iter().map(|step| step.details.requests.len()).sum::<usize>();
        let requests = before + resolved.details.requests.len();
        let steps = (!resolved.steps.is_empty()).then(|| steps(resolved));
        let component = resolved.component();
        let component = component.get(..12).unwrap_or(component);
        match (&resolved.route, &resolved.reason) {
            (Route::Forward { employee, .. }, _) => {
                let employee = on_one_line(&employee.id, LONGEST);
                info!(target: TARGET, id, operation, caller, employee, waited_ms, requests, steps, component, "forwarded");
            }
            (Route::LinkedOperation { target }, Some(reason)) if reason.code == OPERATION_FAILED => {
                let why = on_one_line(&reason.text_en, LONGEST);
                warn!(target: TARGET, id, operation, caller, target, why, waited_ms, requests, steps, component, "operation failed");
            }
            (Route::LinkedOperation { target }, _) => {
                let reason = on_one_line(resolved.outcome(), LONGEST);
                info!(target: TARGET, id, operation, caller, target, reason, waited_ms, requests, steps, component, "linked operation");
            }
        }
    }
}

/// The steps before the last one, each with why the call left it: `hours: in-hours, manager: not-answered`.
fn steps(resolved: &CallDocument) -> String {
    let step = |step: &StepRecord| {
        let why = step.reason.as_ref().map_or(NOT_ANSWERED, |reason| &reason.code);
        format!("{}: {}", on_one_line(&step.placement, LONGEST), on_one_line(why, LONGEST))
    };
    resolved.steps.iter().map(step).collect::<Vec<_>>().join(", ")
}
