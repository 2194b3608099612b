//! What FastAGI is asked for, and how it is answered.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tracing::warn;

use super::dialogue::{Broken, Dialogue};
use super::recent::{RECENT, RecentCalls};
use super::request::Request;
use crate::pbx::{PbxSettings, dialplan};
use crate::rate_limited::RateLimited;
use call::host_reason::HostReason;
use call::leg;
use call::masking::mask_identifier;
use call::one_line::on_one_line;
use call::{IncomingCall, Localized};
use node::call_details::{CallDetails, CallKey, Unreported};
use node::{EntryPoint, FinishedCall, Node, Revision};

/// How long a report may take, where no waiting time is shorter: the caller hears nothing meanwhile.
const REPORT: Duration = Duration::from_secs(2);

/// The variable that a report sets which needs not be sent again: `kept`, or `refused` where it never will be; else it is empty.
const TAKEN: &str = "TAKEN";

/// How much of a text from outside is worth a line of the log.
const LONGEST_REASON: usize = 128;

/// Where requests are answered.
pub(super) struct DialogueContext {
    node: Node,
    details: CallDetails,
    /// How many more calls may be resolved at once.
    room: Arc<Semaphore>,
    recent: RecentCalls,
    started: Timestamp,
    garbage: RateLimited,
    unkept: RateLimited,
}

impl DialogueContext {
    pub(super) fn new(node: Node, details: CallDetails, most: usize) -> Self {
        Self {
            started: node.clock().now(),
            node,
            details,
            room: Arc::new(Semaphore::new(most)),
            recent: RecentCalls::default(),
            garbage: RateLimited::new(),
            unkept: RateLimited::new(),
        }
    }

    /// What a request is answered by that comes at this moment.
    pub(super) fn revision(&self) -> Arc<Revision> {
        self.node.revision()
    }

    /// How long a request may take.
    pub(super) fn waiting_time(revision: &Arc<Revision>, request: &Request) -> Duration {
        match (request.path(), asked_for(revision, request)) {
            ("resolve-call", Some(entry)) => {
                let next = request.after().and_then(|after| revision.after(&after).map(Arc::clone));
                revision.longest_wait(next.as_ref().unwrap_or(entry.placement()))
            }
            _ => shortest_waiting_time(revision).min(REPORT),
        }
    }

    pub(super) async fn answer(
        &self,
        revision: &Arc<Revision>,
        request: &Request,
        dialogue: &mut Dialogue<impl AsyncRead + AsyncWrite + Unpin>,
    ) -> Result<(), Broken> {
        match request.path() {
            "resolve-call" => self.resolve(revision, request, dialogue).await,
            "outcome" => self.report(request, dialogue).await,
            _ => {
                self.complain("it asked for what is not there");
                dialogue.verbose("host-harness: there is only agi://…/resolve-call and agi://…/outcome").await
            }
        }
    }

    /// Says what is wrong with a dialogue. FastAGI has no proof of who asks, so it is said once a second at most.
    pub(super) fn complain(&self, why: &str) {
        if let Some(left_out) = self.garbage.count(self.node.clock().now()) {
            let why = on_one_line(why, LONGEST_REASON);
            warn!(why, left_out, "a dialogue of FastAGI ended early; the dialplan goes to its linked operation");
        }
    }

    async fn resolve(
        &self,
        revision: &Arc<Revision>,
        request: &Request,
        dialogue: &mut Dialogue<impl AsyncRead + AsyncWrite + Unpin>,
    ) -> Result<(), Broken> {
        let Some(finished) = self.route(revision, request).await else { return Ok(()) };
        self.recent.add(&finished.resolved.call);
        let variables = match &PbxSettings::with(revision).asterisk {
            Some(asterisk) => asterisk.variables(&finished.resolved, finished.asked_again_after()),
            None => dialplan::unconfigured(),
        };
        // In their order: the dialplan believes the rest when it finds the last.
        for (name, value) in variables {
            dialogue.set_variable(&name, &value).await?;
        }
        Ok(())
    }

    /// The call's route. None where the node has no operation at all.
    async fn route(&self, revision: &Arc<Revision>, request: &Request) -> Option<FinishedCall> {
        let (node, call) = (&self.node, request.call());
        let is_own = || self.recent.get(&call.id, node.clock().now()).is_some();
        if call.unanswered.is_some() && !is_own() {
            // Nothing proves who asks here, so calls that came by another way are left alone.
            let entry = asked_for(revision, request).or_else(|| revision.first())?;
            let reason = HostReason::NotUnderstood(Localized::new(
                "за последние сутки звонка с этим идентификатором по FastAGI не было",
                "no call with this identifier came over FastAGI in the last day",
            ));
            return Some(node.decline(&entry, IncomingCall { unanswered: None, ..call }, &reason));
        }
        // A call that comes back goes on even where what it names is gone meanwhile.
        let known = asked_for(revision, request);
        let Some(entry) = known.or_else(|| call.unanswered.is_some().then(|| revision.first()).flatten()) else {
            return Some(node.decline(&revision.first()?, call, &HostReason::OperationUnknown));
        };
        match Arc::clone(&self.room).try_acquire_owned() {
            // The place is the call's, not the connection's: a call goes on when Asterisk has gone away.
            Ok(place) => Some(node.resolve_holding(&entry, call, place).await),
            Err(_) => Some(node.decline(&entry, call, &HostReason::Overloaded)),
        }
    }

    /// What became of a call's legs: `legs` as [`leg::list`] reads them, the call's identifier (that of the channel which asks, where it is left
    /// out), and how many reports were lost before. A report that is taken, or never will be, sets `TAKEN`; without it the dialplan tries again.
    /// What is wrong with a report is said on Asterisk's console, to whoever writes the dialplan.
    async fn report(
        &self,
        request: &Request,
        dialogue: &mut Dialogue<impl AsyncRead + AsyncWrite + Unpin>,
    ) -> Result<(), Broken> {
        let argument = |position: usize| request.arguments.get(position).filter(|argument| !argument.is_empty());
        let now = self.node.clock().now();
        let id = argument(1).unwrap_or(&request.id);
        let call = self.recent.get(id, now).unwrap_or_else(|| {
            // A server that was started again does not remember which of the calls before came over FastAGI.
            let from = now.saturating_sub(RECENT).unwrap_or(Timestamp::MIN);
            CallKey::ArrivedWithin(id.clone(), from, self.started)
        });
        let (taken, why) = match leg::list(argument(0).map_or("", String::as_str)) {
            Err(why) => ("refused", why),
            Ok(legs) => {
                let completed = self.details.complete(call, legs).await;
                // One that is to be sent again says the same then.
                if !matches!(completed, Err(Unreported::Unavailable(_))) {
                    self.details.reports_were_lost(argument(2).and_then(|lost| lost.parse().ok()).unwrap_or_default());
                }
                match completed {
                    Ok(_) => return dialogue.set_variable(TAKEN, "kept").await,
                    Err(Unreported::Unknown) => {
                        ("refused", "no call with this identifier came over FastAGI in the last day".to_owned())
                    }
                    Err(unavailable) => ("", unavailable.to_string()),
                }
            }
        };
        if let Some(left_out) = self.unkept.count(now) {
            let (call, why) = (on_one_line(&mask_identifier(id), LONGEST_REASON), on_one_line(&why, LONGEST_REASON));
            warn!(call, why, left_out, "a report of Asterisk's is not kept");
        }
        dialogue.verbose(&format!("host-harness: {why}")).await?;
        dialogue.set_variable(TAKEN, taken).await
    }
}

/// The shortest waiting time that a call here may have.
pub(super) fn shortest_waiting_time(revision: &Revision) -> Duration {
    revision.placements().iter().map(|placement| placement.active().placed.waiting_time()).min().unwrap_or(REPORT)
}

/// The operation that the dialplan names; where it comes back and names none, the one whose numbers rang.
fn asked_for(revision: &Arc<Revision>, request: &Request) -> Option<EntryPoint> {
    revision.asked_for(request.operation().or_else(|| request.after()).as_deref())
}
