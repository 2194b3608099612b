//! A log line for every call: what a person greps for after a caller complained.
//!
//! The line has the call's identifier, its masked number, where it went and why, and how long it took. Everything else is in the call
//! details. A call whose operation failed is a warning.

use call::one_line::on_one_line;
use tracing::{info, warn};

use crate::{FinishedCall, Observer};
use call::document::{OPERATION_FAILED, Route};

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
        let (id, operation) = (on_one_line(&resolved.call.id, LONGEST), &*call.placement);
        let caller = resolved.call.caller.as_deref().unwrap_or("withheld");
        let waited_ms = resolved.run.wall.as_secs_f64() * 1_000.0;
        let requests = resolved.details.requests.len();
        let component = resolved.component();
        let component = component.get(..12).unwrap_or(component);
        match (&resolved.route, &resolved.reason) {
            (Route::Forward { employee, .. }, _) => {
                let employee = on_one_line(&employee.id, LONGEST);
                info!(target: TARGET, id, operation, caller, employee, waited_ms, requests, component, "forwarded");
            }
            (Route::LinkedOperation { target }, Some(reason)) if reason.code == OPERATION_FAILED => {
                let why = on_one_line(&reason.text_en, LONGEST);
                warn!(target: TARGET, id, operation, caller, target, why, waited_ms, requests, component, "operation failed");
            }
            (Route::LinkedOperation { target }, _) => {
                let reason = on_one_line(resolved.outcome(), LONGEST);
                info!(target: TARGET, id, operation, caller, target, reason, waited_ms, requests, component, "linked operation");
            }
        }
    }
}
