//! The call details while they are being recorded (rule O4): requests, facts and notes, timed by the host's monotonic clock.

use std::time::Duration;

use crate::contract::{CallDetails, FactValue, Note, RequestRecord, Text};
use crate::reason::Reason;
use crate::time::Timestamp;
use crate::world::Clock;

/// Records one call's details.
pub struct Recorder<'a> {
    clock: &'a dyn Clock,
    started: Duration,
    waiting_time: Duration,
    requests: Vec<RequestRecord>,
    notes: Vec<Note>,
    manager: Option<KnownManager>,
    status: Option<StatusFact>,
    /// Where a deputy is rung: in place of whom, and why.
    deputy: [Option<FactValue>; 2],
}

/// Whose responsible user a manager is: the contact or the company with the caller's number, and the contact's open lead where that decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "amoCRM's ids")]
pub struct Origin {
    pub contact_id: Option<u64>,
    pub company_id: Option<u64>,
    pub lead_id: Option<u64>,
}

struct KnownManager {
    source: &'static str,
    user_id: Option<u64>,
    origin: Origin,
    age: Duration,
}

struct StatusFact {
    status: &'static str,
    evidence: Option<String>,
    seen_at: Option<Timestamp>,
    reused: Option<Duration>,
}

impl<'a> Recorder<'a> {
    /// Begins with the call's first instruction.
    pub fn start(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            started: clock.monotonic(),
            waiting_time: Duration::ZERO,
            requests: Vec::new(),
            notes: Vec::new(),
            manager: None,
            status: None,
            deputy: [const { None }; 2],
        }
    }

    /// When the call began, on the monotonic clock.
    pub const fn started(&self) -> Duration {
        self.started
    }

    /// Notes the waiting time in force.
    pub const fn waiting_time(&mut self, waiting_time: Duration) {
        self.waiting_time = waiting_time;
    }

    /// Adds a remark.
    pub fn note(&mut self, code: &'static str, text: Text) {
        self.notes.push(Note { code, text });
    }

    /// Adds a request that was sent at `sent_at` (monotonic) and has just ended.
    pub fn request(&mut self, purpose: &'static str, sent_at: Duration, status: Option<u16>, outcome: &'static str) {
        self.requests.push(RequestRecord {
            purpose,
            at: sent_at.saturating_sub(self.started),
            took: self.clock.monotonic().saturating_sub(sent_at),
            status,
            outcome,
        });
    }

    /// Notes what is known of the manager: from `crm`, `cache` or `last-talk`, whose responsible user, how long ago it was received.
    pub const fn manager(&mut self, source: &'static str, user_id: Option<u64>, origin: Origin, age: Duration) {
        self.manager = Some(KnownManager { source, user_id, origin, age });
    }

    /// Notes the manager status (`at-work`, `absent`, `unknown`), its evidence, and how old it is where it was kept from an earlier call.
    pub fn status(
        &mut self,
        status: &'static str,
        evidence: Option<String>,
        seen_at: Option<Timestamp>,
        reused: Option<Duration>,
    ) {
        self.status = Some(StatusFact { status, evidence, seen_at, reused });
    }

    /// Whose status was noted is not rung: what is noted next is another's.
    pub(crate) fn forget_status(&mut self) {
        self.status = None;
    }

    /// Notes that a deputy is rung: in place of which employee, by the PBX's identifier, and why that one is not (rule E7).
    pub fn deputy(&mut self, instead_of: &str, reason: Reason) {
        self.deputy = [instead_of, reason.code()].map(|text| Some(FactValue::Text(text.to_owned())));
    }

    /// The finished details.
    pub fn finish(self) -> CallDetails {
        let manager = self.manager.as_ref();
        let origin = manager.map(|known| known.origin).unwrap_or_default();
        let status = self.status.as_ref();
        let [deputy_for, deputy_reason] = self.deputy;
        let text = |value: &str| FactValue::Text(value.to_owned());
        let facts = [
            manager.map(|known| text(known.source)),
            manager.and_then(|known| known.user_id).map(FactValue::Integer),
            origin.contact_id.map(FactValue::Integer),
            manager.map(|known| FactValue::Integer(known.age.as_secs())),
            status.map(|known| text(known.status)),
            status.and_then(|known| known.evidence.as_deref()).map(text),
            status.and_then(|known| known.seen_at).map(|at| FactValue::Text(at.rfc3339())),
            origin.company_id.map(FactValue::Integer),
            origin.lead_id.map(FactValue::Integer),
            status.and_then(|known| known.reused).map(|age| FactValue::Integer(age.as_secs())),
            deputy_for,
            deputy_reason,
        ];
        CallDetails {
            waiting_time: self.waiting_time,
            waited: self.clock.monotonic().saturating_sub(self.started),
            requests: self.requests,
            facts,
            notes: self.notes,
        }
    }
}
