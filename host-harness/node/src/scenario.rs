//! The way of one call through a scenario: from placement to placement, up to the first forward or a place of the PBX's (rule E2).
//!
//! Each step is resolved in an instance of its own with its own waiting time, and is told of the steps before. The steps together wait no longer
//! than the scenario may, where that is bounded: the later ones have what is left, and the last ones are not asked any more.
//!
//! Where a call was forwarded and nobody answered, the PBX comes back for the operation that the exit `not-answered` leads to. The way then goes
//! on from there, with the steps before as far as they are remembered. Numbers whose exit was taken are not given again, however often and
//! late the PBX asks.
//!
//! All steps of a request are looked up in one revision. A PBX that comes back is another request, of the revision in force then: where the
//! placement is gone whose numbers rang, the call goes on where it was to go on, if that is still there.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::noted::noted_in;
use super::remembered::{RememberedCall, may_come_back};
use super::talks::KeptTalks;
use super::{EntryPoint, FinishedCall, Node, Placement, ReadyOperation, ResolvedStep, Revision, Walked};
use call::document::{CallRecord, OPERATION_FAILED, Route};
use call::host_reason::HostReason;
use call::scenario::{EarlierStep, RungNumber, StepExit, Unanswered, placement_of};
use call::step::StepRecord;
use call::{CallDocument, IncomingCall, Localized, WholeNumber};
use runtime::engine::{WAITING_TIME_BOUNDS, World};

/// A call that no operation is asked about.
enum Unasked {
    /// It leaves this placement for this reason.
    Declined(Way, Arc<Placement>, HostReason),
    /// It leaves this placement by the exit `not-answered`, and those after it for this reason.
    NotAnswered(Way, Arc<Placement>, HostReason),
    /// It is answered as before.
    Answered(RememberedCall),
}

impl Node {
    /// Resolves a call step by step, and tells of it.
    pub(super) async fn walk(&self, entry: &EntryPoint, mut call: IncomingCall) -> FinishedCall {
        let revision = &**entry.revision();
        let known = self.known(&call).await;
        let (mut way, mut placement) = match self.begin(entry, &mut call, known) {
            Ok(begin) => begin,
            Err(unasked) => return self.unasked(revision, *unasked, &call),
        };
        let caller = call.presented().cloned();
        let (mut left, mut resolved_steps) = (revision.scenario_waiting_time(), Vec::new());
        // Those that an embedder tells of come before the node's own.
        let told = std::mem::take(&mut call.earlier_steps);
        loop {
            let own = way.steps.iter().filter_map(|step| earlier(revision, step));
            call.earlier_steps = told.iter().cloned().chain(own).collect();
            let resolved = if left.is_some_and(|left| left < WAITING_TIME_BOUNDS.0) {
                self.declined_step(&placement, &call, &HostReason::ScenarioTooSlow)
            } else {
                self.step(&placement, call.clone(), left, &mut resolved_steps).await
            };
            left = left.map(|left| left.saturating_sub(resolved.run.wall));
            match next(revision, &resolved) {
                Some(next) => {
                    way.pass(&placement, resolved);
                    placement = next;
                }
                None => {
                    if let Some(recorder) = self.0.recorder.as_ref().filter(|_| !resolved_steps.is_empty()) {
                        recorder.finished(resolved_steps);
                    }
                    return self.settled(entry, way.end(&placement, resolved, caller));
                }
            }
        }
    }

    /// The call as it was answered before, here or, where the PBX comes back with it, at another node.
    async fn known(&self, call: &IncomingCall) -> Option<RememberedCall> {
        let own = self.known_here(call);
        let Some(shared) = self.0.shared_calls.as_ref().filter(|_| call.unanswered.is_some()) else { return own };
        let elsewhere = shared.remembered(call).await;
        let elsewhere = elsewhere.and_then(|answer| RememberedCall::elsewhere(answer, call, self.0.clock.now()));
        RememberedCall::later(own, elsewhere)
    }

    fn known_here(&self, call: &IncomingCall) -> Option<RememberedCall> {
        self.0.remembered.get(call, self.0.clock.now())
    }

    /// The placement that is asked first, and the way there; or where the call goes without.
    fn begin(
        &self,
        entry: &EntryPoint,
        call: &mut IncomingCall,
        known: Option<RememberedCall>,
    ) -> Result<(Way, Arc<Placement>), Box<Unasked>> {
        let (revision, first) = (entry.revision(), entry.placement());
        let now = self.0.clock.now();
        let Some(unanswered) = call.unanswered.take() else {
            return match known.filter(RememberedCall::has_come_back) {
                Some(known) => Err(self.once_more(entry, known).into()),
                None => Ok((Way::new(first, now), Arc::clone(first))),
            };
        };
        let placement = &unanswered.placement;
        let after = revision.placement(placement);
        let (mut way, mut promised) = (Way::new(first, now), None);
        match known {
            Some(known) if known.has_left(placement) => return Err(self.once_more(entry, known).into()),
            Some(known) => {
                // A PBX that comes back need not say it all again.
                call.caller = call.caller.take().or_else(|| known.caller.clone());
                call.called.clone_from(&known.document.call.called);
                let rings = known.rings(placement);
                promised = known.goes_on_at().filter(|_| rings).and_then(|next| revision.placement(next));
                way = Way::of(known, &unanswered, now);
                if let Some(after) = after.filter(|_| !rings) {
                    return Err(Unasked::NotAnswered(way, Arc::clone(after), not_rung(placement)).into());
                }
                self.0.remembered.leave(&call.id);
            }
            None => way.steps.extend(after.map(|after| StepRecord::unknown(after.id(), after.exits().not_answered()))),
        }
        let Some(after) = after else {
            return match promised {
                Some(next) => Ok((way, Arc::clone(next))),
                None => Err(Unasked::Declined(way, Arc::clone(first), unknown()).into()),
            };
        };
        // The placements make no circle and no way is too long: that was judged when they were put together.
        match placement_of(after.exits().not_answered()).and_then(|next| revision.placement(next)) {
            Some(next) => Ok((way, Arc::clone(next))),
            None => Err(Unasked::NotAnswered(way, Arc::clone(after), no_operation(placement)).into()),
        }
    }

    /// The answer to a call that was answered already and asks again: the same, or, where its numbers are just being left, none of them.
    fn once_more(&self, entry: &EntryPoint, known: RememberedCall) -> Unasked {
        if !known.is_leaving {
            return Unasked::Answered(known);
        }
        let placement = Arc::clone(entry.revision().placement(known.placement()).unwrap_or(entry.placement()));
        Unasked::NotAnswered(
            Way::of(known, &Unanswered::default(), self.0.clock.now()),
            placement,
            HostReason::StepLeft,
        )
    }

    /// One step, for at most the time that is left.
    async fn step(
        &self,
        placement: &Placement,
        call: IncomingCall,
        left: Option<Duration>,
        steps: &mut Vec<ResolvedStep>,
    ) -> CallDocument {
        let (active, clock) = (placement.active(), &self.0.clock);
        let shortened =
            left.filter(|left| *left < active.placed.waiting_time()).map(|left| active.placed.waiting_at_most(left));
        let placed = shortened.as_ref().unwrap_or(&active.placed);
        let shadow = placement.shadow();
        let place = shadow.as_ref().and_then(|shadow| shadow.place());
        let world = self.with_talks(placed.world(clock.clone()), placed);
        if place.is_none() && self.0.recorder.is_none() {
            return placed.resolve_in(world, call, clock.now()).await;
        }
        let (resolved, noted) = noted_in(placed, world, call, clock.now()).await;
        if let (Some(shadow), Some(place)) = (&shadow, place) {
            shadow.follow(place, &resolved, noted.clone());
        }
        if self.0.recorder.is_some() {
            // A recording names the placement of every step, of the first one too.
            let resolved = CallDocument { placement: Some(placement.id().to_owned()), ..resolved.clone() };
            steps.push(ResolvedStep { placed: placed.clone(), resolved, noted });
        }
        resolved
    }

    /// The same world where it is known who talked to whom, if calls are kept.
    fn with_talks(&self, world: World, placed: &ReadyOperation) -> World {
        let Some(calls) = self.0.calls_kept.clone() else { return world };
        let (shared, integration) = (self.0.shared_calls.clone(), Arc::clone(placed.integration()));
        let talks = KeptTalks { calls, shared, integration };
        World { directory: world.directory.with_talks(Arc::new(talks)), ..world }
    }

    /// Sends a call on without asking any operation, along the exits of this reason.
    pub(super) fn declined(&self, entry: &EntryPoint, mut call: IncomingCall, reason: &HostReason) -> FinishedCall {
        let known = self.known_here(&call);
        let unasked = match self.begin(entry, &mut call, known) {
            Ok((way, placement)) => Unasked::Declined(way, placement, reason.clone()),
            Err(unasked) => *unasked,
        };
        self.unasked(entry.revision(), unasked, &call)
    }

    /// The end of a call during which the host itself failed: in which step is not known.
    pub(super) fn failed(&self, entry: &EntryPoint, mut call: IncomingCall) -> FinishedCall {
        let known = self.known_here(&call);
        let (way, placement) = match self.begin(entry, &mut call, known) {
            Ok(begin) => begin,
            Err(unasked) => return self.unasked(entry.revision(), *unasked, &call),
        };
        let resolved = self.failed_at(entry.revision(), &placement, &call);
        self.settled(entry, way.end(&placement, resolved, call.presented().cloned()))
    }

    /// The document of a call during which the host itself failed: it goes to a place of the PBX's.
    pub fn host_failed(&self, entry: &EntryPoint, call: &IncomingCall) -> CallDocument {
        self.failed_at(entry.revision(), entry.placement(), call)
    }

    fn failed_at(&self, revision: &Revision, placement: &Placement, call: &IncomingCall) -> CallDocument {
        let mut resolved = placement.active().placed.host_failed(call, &self.0.clock);
        while let Some(next) = next(revision, &resolved) {
            let class = resolved.reason.as_ref().map(|reason| reason.class.clone()).unwrap_or_default();
            let target = next.exits().of_reason(OPERATION_FAILED, &class).to_owned();
            resolved.route = Route::LinkedOperation { target };
        }
        resolved
    }

    /// The end of a call that no operation is asked about.
    fn unasked(&self, revision: &Revision, unasked: Unasked, call: &IncomingCall) -> FinishedCall {
        let (mut way, mut placement, reason, mut target) = match unasked {
            Unasked::Answered(known) => return known.into_finished(),
            Unasked::Declined(way, placement, reason) => (way, placement, reason, None),
            Unasked::NotAnswered(way, placement, reason) => {
                let target = placement.exits().not_answered().to_owned();
                match placement_of(&target).and_then(|next| revision.placement(next)) {
                    Some(next) => (way, Arc::clone(next), reason, None),
                    None => (way, placement, reason, Some(target)),
                }
            }
        };
        let resolved = loop {
            let mut resolved = self.declined_step(&placement, call, &reason);
            if let Some(target) = target.take() {
                resolved.route = Route::LinkedOperation { target };
            }
            let Some(next) = next(revision, &resolved) else { break resolved };
            way.pass(&placement, resolved);
            placement = next;
        };
        let finished = way.end(&placement, resolved, call.presented().cloned());
        // Of a request that comes once more nothing is told: it is no further call.
        if reason != HostReason::StepLeft {
            self.remember(&finished);
            self.tell(&finished);
        }
        finished
    }

    /// Remembers an answer and tells of it. Where the PBX has come back from its numbers meanwhile, the call is answered as it stands then.
    fn settled(&self, entry: &EntryPoint, finished: FinishedCall) -> FinishedCall {
        let Some(known) = self.remember(&finished) else {
            self.tell(&finished);
            return finished;
        };
        let record = &known.document.call;
        let (id, called) = (record.id.clone(), record.called.clone());
        let call = IncomingCall { id, called, caller: known.caller.clone(), ..IncomingCall::default() };
        self.unasked(entry.revision(), self.once_more(entry, known), &call)
    }

    fn remember(&self, finished: &FinishedCall) -> Option<RememberedCall> {
        let now = self.0.clock.now();
        let known = self.0.remembered.settle(finished, now);
        let is_remembered = known.is_none() && may_come_back(finished);
        if let Some(shared) = self.0.shared_calls.as_ref().filter(|_| is_remembered) {
            shared.remember(finished, now);
        }
        known
    }

    fn declined_step(&self, placement: &Placement, call: &IncomingCall, reason: &HostReason) -> CallDocument {
        let record = CallRecord::new(call, self.0.clock.now());
        let active = placement.active();
        CallDocument::declined(record, placement.exits(), reason, Some(active.placed.operation().digest()))
    }
}

/// The placement that a call goes to, where it goes to one at once.
fn next(revision: &Revision, resolved: &CallDocument) -> Option<Arc<Placement>> {
    match &resolved.route {
        Route::Forward { .. } => None,
        Route::LinkedOperation { target } => revision.placement(placement_of(target)?).map(Arc::clone),
    }
}

/// What the next step is told of this one.
fn earlier(revision: &Revision, step: &StepRecord) -> Option<EarlierStep> {
    let operation = revision.placement(&step.placement)?.active().placed.configured().id().to_owned();
    let exit = match &step.reason {
        Some(reason) => StepExit::Reason(reason.code.clone()),
        None => {
            let rung =
                step.legs.iter().filter_map(|leg| Some(RungNumber { number: leg.number.clone(), ending: leg.result? }));
            StepExit::NotAnswered(rung.collect())
        }
    };
    Some(EarlierStep { placement: step.placement.clone(), operation, exit })
}

/// The way of one call.
struct Way {
    /// The placement that it was asked for, with its integration.
    first: Walked,
    /// When it arrived.
    at: Timestamp,
    /// When this answer was asked for.
    asked_at: Timestamp,
    /// Whether it was told of before.
    is_continued: bool,
    /// The node that keeps it, where that is another one.
    kept_by: Option<Arc<str>>,
    /// The caller as it was shown before, masked.
    shown: Option<String>,
    /// The steps that it has been through.
    steps: Vec<StepRecord>,
    /// Those of them that are of this request.
    walked: Vec<Walked>,
}

impl Way {
    fn new(first: &Placement, at: Timestamp) -> Self {
        Self {
            first: Walked::of(first),
            at,
            asked_at: at,
            is_continued: false,
            kept_by: None,
            shown: None,
            steps: Vec::new(),
            walked: Vec::new(),
        }
    }

    /// The way of a call whose numbers rang in vain.
    fn of(known: RememberedCall, unanswered: &Unanswered, asked_at: Timestamp) -> Self {
        let placement = known.placement().to_owned();
        let endings = if placement == unanswered.placement { unanswered.endings.as_slice() } else { &[] };
        let document = Arc::unwrap_or_clone(known.document);
        let (at, mut steps) = (document.call.at, document.steps.clone());
        let (kept_by, shown) = (known.kept_by, document.call.caller.clone());
        steps.push(document.into_step(&placement, endings));
        Self { first: known.first, at, asked_at, is_continued: true, kept_by, shown, steps, walked: Vec::new() }
    }

    fn pass(&mut self, placement: &Placement, resolved: CallDocument) {
        self.walked.push(Walked::of(placement));
        self.steps.push(resolved.into_step(placement.id(), &[]));
    }

    /// The call with the document of the last step and those before it.
    fn end(mut self, at: &Placement, last: CallDocument, caller: Option<WholeNumber>) -> FinishedCall {
        self.walked.push(Walked::of(at));
        let placement = (!self.steps.is_empty()).then(|| at.id().to_owned());
        let call = CallRecord { at: self.at, caller: last.call.caller.or(self.shown), ..last.call };
        let resolved = CallDocument { call, steps: self.steps, placement, ..last };
        let caller_key = caller.as_ref().and_then(|caller| at.active().placed.integration().caller_key(caller.whole()));
        FinishedCall {
            caller_key: caller_key.map(Arc::from),
            placement: self.first.placement,
            integration: self.first.integration,
            caller,
            resolved: Arc::new(resolved),
            walked: self.walked.into(),
            asked_at: self.asked_at,
            is_continued: self.is_continued,
            kept_by: self.kept_by,
        }
    }
}

/// What stands there is not repeated: a PBX may have put a number into it.
fn unknown() -> HostReason {
    HostReason::NotUnderstood(Localized::new(
        "поле `after` называет операцию, которой у этого хоста нет",
        "`after` names an operation that this host does not have",
    ))
}

fn not_rung(after: &str) -> HostReason {
    HostReason::NotUnderstood(Localized::new(
        format!("в поле `after` стоит `{after}`, а номера этой операции по этому звонку не вызывались"),
        format!("`after` is `{after}`, and this call has not rung the numbers of that operation"),
    ))
}

fn no_operation(after: &str) -> HostReason {
    HostReason::NotUnderstood(Localized::new(
        format!("в поле `after` стоит `{after}`, а её выход `not-answered` не ведёт к операции"),
        format!("`after` is `{after}`, and its exit `not-answered` leads to no operation"),
    ))
}
