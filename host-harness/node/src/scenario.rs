//! The way of one call through a scenario: from placement to placement, up to the first forward or a place of the PBX's (rule E2).
//!
//! Each step is resolved in an instance of its own with its own waiting time, and is told of the steps before. The steps together wait no longer
//! than the scenario may, where that is bounded: the later ones have what is left, and the last ones are not asked any more.

use std::sync::Arc;
use std::time::Duration;

use super::{Node, Placement, ResolvedStep, noted};
use call::document::{CallRecord, OPERATION_FAILED, Route, StepRecord};
use call::host_reason::HostReason;
use call::scenario::{EarlierStep, StepExit, placement_of};
use call::{CallDocument, IncomingCall};
use runtime::engine::WAITING_TIME_BOUNDS;

impl Node {
    /// Resolves a call step by step.
    pub(super) async fn walk(&self, first: &Arc<Placement>, mut call: IncomingCall) -> CallDocument {
        let (mut way, mut left, mut resolved_steps) = (Way::default(), self.0.scenario_waiting_time, Vec::new());
        let mut placement = Arc::clone(first);
        loop {
            let resolved = if left.is_some_and(|left| left < WAITING_TIME_BOUNDS.0) {
                self.declined_step(&placement, &call, &HostReason::ScenarioTooSlow)
            } else {
                self.step(&placement, call.clone(), left, &mut resolved_steps).await
            };
            left = left.map(|left| left.saturating_sub(resolved.run.wall));
            match self.next(&resolved) {
                Some(next) => {
                    call.earlier_steps.extend(left_by(&placement, &resolved));
                    way.pass(&placement, resolved);
                    placement = next;
                }
                None => {
                    if let Some(recorder) = self.0.recorder.as_ref().filter(|_| !resolved_steps.is_empty()) {
                        recorder.finished(resolved_steps);
                    }
                    return way.end(&placement, resolved);
                }
            }
        }
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
        if place.is_none() && self.0.recorder.is_none() {
            return placed.resolve(call, clock).await;
        }
        let (resolved, noted) = noted(placed, call, clock).await;
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

    /// The document of a call that no operation is asked about: it follows the exits of this reason to a place of the PBX's.
    pub(super) fn declined(&self, first: &Placement, call: &IncomingCall, reason: &HostReason) -> CallDocument {
        let mut way = Way::default();
        let mut resolved = self.declined_step(first, call, reason);
        let mut placement: Option<Arc<Placement>> = None;
        while let Some(next) = self.next(&resolved) {
            way.pass(placement.as_deref().unwrap_or(first), resolved);
            resolved = self.declined_step(&next, call, reason);
            placement = Some(next);
        }
        way.end(placement.as_deref().unwrap_or(first), resolved)
    }

    /// The document of a call during which the host itself failed: in which step is not known.
    pub(super) fn failed(&self, first: &Placement, call: &IncomingCall) -> CallDocument {
        let mut resolved = first.active().placed.host_failed(call, &self.0.clock);
        while let Some(next) = self.next(&resolved) {
            let class = resolved.reason.as_ref().map(|reason| reason.class.clone()).unwrap_or_default();
            let target = next.exits().of_reason(OPERATION_FAILED, &class).to_owned();
            resolved.route = Route::LinkedOperation { target };
        }
        resolved
    }

    fn declined_step(&self, placement: &Placement, call: &IncomingCall, reason: &HostReason) -> CallDocument {
        let record = CallRecord::new(call, self.0.clock.now());
        let active = placement.active();
        CallDocument::declined(record, placement.exits(), reason, Some(active.placed.operation().digest()))
    }

    /// The placement that a call goes to, where it goes to one at once.
    fn next(&self, resolved: &CallDocument) -> Option<Arc<Placement>> {
        match &resolved.route {
            Route::Forward { .. } => None,
            Route::LinkedOperation { target } => self.placement(placement_of(target)?).map(Arc::clone),
        }
    }
}

/// The steps that a call has been through.
#[derive(Default)]
struct Way(Vec<StepRecord>);

impl Way {
    fn pass(&mut self, placement: &Placement, resolved: CallDocument) {
        self.0.push(StepRecord {
            placement: placement.id().to_owned(),
            target: resolved.target().to_owned(),
            reason: resolved.reason,
            details: resolved.details,
            run: resolved.run,
            titles: resolved.titles,
        });
    }

    /// The document of the last step, with those before it.
    fn end(self, placement: &Placement, last: CallDocument) -> CallDocument {
        let placement = (!self.0.is_empty()).then(|| placement.id().to_owned());
        CallDocument { steps: self.0, placement, ..last }
    }
}

/// What the next step is told of this one; nothing where it gave no reason.
fn left_by(placement: &Placement, resolved: &CallDocument) -> Option<EarlierStep> {
    let operation = placement.active().placed.configured().id().to_owned();
    let reason = resolved.reason.as_ref()?;
    Some(EarlierStep { placement: placement.id().to_owned(), operation, exit: StepExit::Reason(reason.code.clone()) })
}
