//! A node: several integrations and the placements of several scenarios in one process, and those who look on at its calls.
//!
//! The server looks a [`Placement`] up and hands its calls to [`Node::resolve`]. A call comes to its end, and into the call details, even
//! where the PBX that asked has gone away, and a fault of the host ends it alone. Whoever wants to know of calls (call
//! details, metrics, a live page) is an [`Observer`] and never holds one up. Components are uploaded into a [`library`], put in force as
//! [`versions`] of a placement, tried beside the one in force as a [`shadow`], or taken from a file that is [`watch`]ed.
//!
//! The crate knows accounts and the runtime, and nothing of how calls come in.
//!
//! ```
//! use node::Node;
//! use runtime::capabilities::clocks::Clock;
//!
//! let node = Node::builder(Clock::system()).build()?;
//! assert!(node.placements().is_empty());
//! # Ok::<_, call::scenario::ScenarioFault>(())
//! ```

mod builder;
pub mod call_details;
pub mod library;
mod misfit;
mod noted;
pub mod observe;
mod placement;
mod ready;
mod remembered;
pub mod requirements;
mod scenario;
pub mod shadow;
mod unstoppable;
mod version;
pub mod versions;
pub mod watch;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use amocrm::integration::Integration;
use call::details::Details;
use call::document::{FORWARDED, Run};
use call::host_reason::HostReason;
use call::scenario::placement_of;
use call::{CallDocument, IncomingCall, WholeNumber};
use runtime::capabilities::clocks::Clock;
use runtime::engine::{Engine, GuestMemoryState, SlotState};

pub use builder::{NodeBuilder, NotPlaced, ToPlace};
pub use library::LibraryError;
pub use misfit::{Misfit, MisfitKind, Misfits};
pub use noted::{Noted, noted};
pub use placement::{Placement, Surroundings};
pub use ready::ReadyOperation;
use remembered::RememberedCalls;
use unstoppable::Unstoppable;
pub use version::Version;

/// A node. Cheap to clone; a clone is the same one.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    clock: Clock,
    integrations: BTreeMap<Arc<str>, Arc<Integration>>,
    placements: Vec<Arc<Placement>>,
    observers: Vec<Arc<dyn Observer>>,
    recorder: Option<Arc<dyn Recorder>>,
    /// How long a call may wait in all its steps together, where that is bounded.
    scenario_waiting_time: Option<Duration>,
    /// The calls that may come back, where any may.
    remembered: Option<RememberedCalls>,
    calls: TaskTracker,
    in_flight: AtomicUsize,
}

/// Somebody who is told of every call.
///
/// Told on the call's own path: an implementation returns at once, and leaves whatever takes time to a task of its own.
pub trait Observer: Send + Sync {
    /// A call has come in for this placement.
    fn began(&self, _step: &Placement) {}

    /// A call was resolved.
    fn finished(&self, call: &FinishedCall);
}

/// Who records calls. Told on the call's own path, so it returns at once too.
pub trait Recorder: Send + Sync {
    /// A call was resolved in these steps, at least one.
    fn finished(&self, steps: Vec<ResolvedStep>);
}

/// One step of a call, resolved.
#[derive(Clone)]
pub struct ResolvedStep {
    /// Who resolved it.
    pub placed: ReadyOperation,
    /// What came of it, without the steps before.
    pub resolved: CallDocument,
    /// What it was resolved from.
    pub noted: Noted,
}

/// A resolved call, as observers are told of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FinishedCall {
    /// The identifier of the placed operation that it was asked for.
    pub placement: Arc<str>,
    /// The integration's identifier.
    pub integration: Arc<str>,
    /// The caller's whole number; none when withheld.
    pub caller: Option<WholeNumber>,
    /// The call, its caller masked.
    pub resolved: Arc<CallDocument>,
    /// Where the steps of this answer are placed, in their order: the last ones of the document, and the one that the answer is of.
    pub walked: Arc<[Walked]>,
    /// When this answer was asked for: later than the call's arrival, where the PBX came back with it.
    pub asked_at: Timestamp,
    /// Whether the call was told of before: nobody answered, and the PBX came back with it.
    pub is_continued: bool,
}

/// Where a step is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The placed operation's identifier.
    pub placement: Arc<str>,
    /// The integration's identifier.
    pub integration: Arc<str>,
}

/// One step of a finished call.
#[derive(Clone, Copy, Debug)]
pub struct FinishedStep<'a> {
    /// Where it is placed.
    pub walked: &'a Walked,
    /// What it came to: [`FORWARDED`], or its reason's code.
    pub outcome: &'a str,
    /// What was asked, what came back, how long it took.
    pub details: &'a Details,
    /// What it cost.
    pub run: &'a Run,
}

impl Walked {
    fn of(placement: &Placement) -> Self {
        Self { placement: placement.id_shared(), integration: placement.integration_id_shared() }
    }
}

impl FinishedCall {
    /// A call that was resolved in one step.
    pub fn of_one_step(
        placement: Arc<str>,
        integration: Arc<str>,
        caller: Option<WholeNumber>,
        resolved: Arc<CallDocument>,
    ) -> Self {
        let walked = Walked { placement: Arc::clone(&placement), integration: Arc::clone(&integration) };
        let asked_at = resolved.call.at;
        Self { placement, integration, caller, resolved, walked: [walked].into(), asked_at, is_continued: false }
    }

    /// The placement that the PBX is to name when it comes back after the last number, where it is to come back.
    pub fn asked_again_after(&self) -> Option<&str> {
        self.resolved.asked_again_after(&self.placement)
    }

    /// The steps of this answer, in their order. Those of the answers before were told of with them.
    pub fn steps(&self) -> impl Iterator<Item = FinishedStep<'_>> {
        let CallDocument { steps, details, run, .. } = &*self.resolved;
        let told_before = (steps.len() + 1).saturating_sub(self.walked.len());
        let before = steps.iter().skip(told_before).map(|step| {
            let outcome = step.reason.as_ref().map_or(FORWARDED, |reason| &reason.code);
            (outcome, &step.details, &step.run)
        });
        let all = before.chain(std::iter::once((self.resolved.outcome(), details, run)));
        let step = |(walked, (outcome, details, run))| FinishedStep { walked, outcome, details, run };
        self.walked.iter().zip(all).map(step)
    }
}

impl Node {
    /// A node that has nothing yet, whose calls are dated by this clock.
    pub fn builder(clock: Clock) -> NodeBuilder {
        NodeBuilder::new(clock)
    }

    fn new(parts: NodeBuilder) -> Self {
        let NodeBuilder { clock, integrations, placements, observers, recorder, scenario_waiting_time } = parts;
        let (calls, in_flight) = (TaskTracker::new(), AtomicUsize::new(0));
        let may_come_back = |placement: &Arc<Placement>| placement_of(placement.exits().not_answered()).is_some();
        let remembered = placements.iter().any(may_come_back).then(RememberedCalls::default);
        Self(Arc::new(Inner {
            clock,
            integrations,
            placements,
            observers,
            recorder,
            scenario_waiting_time,
            remembered,
            calls,
            in_flight,
        }))
    }

    /// The clock that calls are dated by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The integrations by their identifiers.
    pub fn integrations(&self) -> &BTreeMap<Arc<str>, Arc<Integration>> {
        &self.0.integrations
    }

    /// The placed operations, in the order of the configuration.
    pub fn placements(&self) -> &[Arc<Placement>] {
        &self.0.placements
    }

    /// The placed operation of that identifier.
    pub fn placement(&self, id: &str) -> Option<&Arc<Placement>> {
        self.0.placements.iter().find(|placement| placement.id() == id)
    }

    /// The placed operation that a face was asked for; where none is named, the only one.
    pub fn asked_for(&self, named: Option<&str>) -> Option<&Arc<Placement>> {
        match (named, self.placements()) {
            (Some(id), _) => self.placement(id),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// How many calls are being resolved.
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.load(Ordering::Relaxed)
    }

    /// How much memory the components of all calls use; none where it has no limit, or nothing is placed.
    pub fn guest_memory(&self) -> Option<GuestMemoryState> {
        self.engine()?.guest_memory()
    }

    /// How the memory of calls is set back, and whether that is safe now; none where nothing is placed, or calls have no slots.
    pub fn slots(&self) -> Option<SlotState> {
        self.engine()?.slots()
    }

    /// The engine of its calls: one for all placements.
    fn engine(&self) -> Option<Engine> {
        let placement = self.0.placements.first()?;
        Some(placement.active().placed.operation().engine().clone())
    }

    /// Resolves a call. There is always a route; and the call is resolved and told of even where nobody waits for the answer any more.
    pub async fn resolve(&self, placement: &Arc<Placement>, call: IncomingCall) -> FinishedCall {
        self.resolve_holding(placement, call, ()).await
    }

    /// The same, holding something until the call has come to its end: the room that it takes.
    pub async fn resolve_holding(
        &self,
        placement: &Arc<Placement>,
        call: IncomingCall,
        held: impl Send + 'static,
    ) -> FinishedCall {
        let (node, placed) = (self.clone(), Arc::clone(placement));
        let lost = call.clone();
        let resolving = async move {
            let _held = held;
            node.resolve_here(&placed, call).await
        };
        // Counted for as long as it runs, wherever that is.
        let resolving = self.0.calls.track_future(resolving);
        match Unstoppable::new(AssertUnwindSafe(resolving).catch_unwind()).await {
            Ok(finished) => finished,
            // Only a fault of the host itself ends a call so.
            Err(_) => self.failed(placement, lost),
        }
    }

    /// Sends a call on without asking any operation, along the exits of this reason. It is told of like any other.
    pub fn decline(&self, placement: &Arc<Placement>, call: IncomingCall, reason: &HostReason) -> FinishedCall {
        self.declined(placement, call, reason)
    }

    /// How long a call may wait at most that begins at this placement: on the longest way of steps that follow each other at once, or for as
    /// long as all steps together may take, where that is less.
    pub fn longest_wait(&self, placement: &Placement) -> Duration {
        let exits = placement.exits();
        let ways = exits.targets_of_reasons().filter_map(|target| self.placement(placement_of(target)?));
        let further = ways.map(|next| self.longest_wait(next)).max().unwrap_or_default();
        let longest = placement.active().placed.waiting_time() + further;
        self.0.scenario_waiting_time.map_or(longest, |most| longest.min(most))
    }

    /// The placement that is asked when a PBX comes back after the numbers of this one, if any is.
    pub fn after(&self, placement: &str) -> Option<&Arc<Placement>> {
        self.placement(placement_of(self.placement(placement)?.exits().not_answered())?)
    }

    async fn resolve_here(&self, placement: &Arc<Placement>, call: IncomingCall) -> FinishedCall {
        let _counted = InFlight::count(&self.0.in_flight);
        for observer in &self.0.observers {
            observer.began(placement);
        }
        self.walk(placement, call).await
    }

    fn tell(&self, finished: &FinishedCall) {
        for observer in &self.0.observers {
            observer.finished(finished);
        }
    }

    /// Waits until no call is being resolved; calls may go on coming in meanwhile, and are waited for too.
    pub async fn idle(&self) {
        self.0.calls.close();
        self.0.calls.wait().await;
    }
}

/// Counts a call for as long as it is being resolved, however that ends.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn count(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
