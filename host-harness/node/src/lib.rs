//! A node: several integrations and the placements of several scenarios in one process, and those who look on at its calls.
//!
//! What a node serves is one [`Revision`], which can be replaced while calls come in. The server looks a placement up there and hands its calls to
//! [`Node::resolve`]: a call ends with the revision that it began with. It comes to its end, and into the call details, even where the PBX that asked has gone away, and a fault of the host ends it alone. Whoever wants to know of calls (call
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
//! assert!(node.revision().placements().is_empty());
//! # Ok::<_, call::scenario::ScenarioFault>(())
//! ```

mod builder;
pub mod call_details;
pub mod library;
mod misfit;
mod noted;
pub mod observe;
mod origin;
mod placement;
mod ready;
mod remembered;
pub mod requirements;
mod revision;
mod scenario;
pub mod shadow;
mod shared_calls;
mod talks;
mod unstoppable;
mod version;
pub mod versions;
pub mod watch;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::watch::{Receiver, Sender};
use tokio_util::task::TaskTracker;

use call::details::Details;
use call::document::{FORWARDED, Run};
use call::host_reason::HostReason;
use call::{CallDocument, IncomingCall, WholeNumber};
use runtime::capabilities::clocks::Clock;
use runtime::engine::{Engine, GuestMemoryState, SlotState};

pub use builder::NodeBuilder;
use call_details::Reader;
pub use library::LibraryError;
pub use misfit::{Misfit, MisfitKind, Misfits};
pub use noted::{Noted, noted};
pub use origin::Origin;
pub use placement::{Placement, Surroundings, ToPlace, misfits};
pub use ready::ReadyOperation;
use remembered::RememberedCalls;
pub use revision::{EntryPoint, NotPlaced, Revision, RevisionBuilder};
pub use shared_calls::SharedCalls;
use unstoppable::Unstoppable;
pub use version::Version;

/// A node. Cheap to clone; a clone is the same one.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    clock: Clock,
    revision: ArcSwap<Revision>,
    replaced: Sender<()>,
    observers: Vec<Arc<dyn Observer>>,
    recorder: Option<Arc<dyn Recorder>>,
    /// Out of which operations are told who talked to a caller last.
    calls_kept: Option<Reader>,
    /// The calls that may come back.
    remembered: RememberedCalls,
    /// What nodes with one store share of calls.
    shared_calls: Option<SharedCalls>,
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
    /// The caller as it is looked up who talked to it last ([`Integration::caller_key`](amocrm::integration::Integration::caller_key)).
    pub caller_key: Option<Arc<str>>,
    /// The call, its caller masked.
    pub resolved: Arc<CallDocument>,
    /// Where the steps of this answer are placed, in their order: the last ones of the document, and the one that the answer is of.
    pub walked: Arc<[Walked]>,
    /// When this answer was asked for: later than the call's arrival, where the PBX came back with it.
    pub asked_at: Timestamp,
    /// Whether the call was told of before: nobody answered, and the PBX came back with it.
    pub is_continued: bool,
    /// The node that keeps the call, where that is another one with the same store.
    pub kept_by: Option<Arc<str>>,
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
        let walked = [walked].into();
        Self {
            placement,
            integration,
            caller,
            caller_key: None,
            resolved,
            walked,
            asked_at,
            is_continued: false,
            kept_by: None,
        }
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

    fn new(
        clock: Clock,
        revision: Revision,
        observers: Vec<Arc<dyn Observer>>,
        recorder: Option<Arc<dyn Recorder>>,
        (calls_kept, shared_calls): (Option<Reader>, Option<SharedCalls>),
    ) -> Self {
        Self(Arc::new(Inner {
            calls_kept,
            clock,
            revision: ArcSwap::from_pointee(revision),
            replaced: Sender::new(()),
            observers,
            recorder,
            remembered: RememberedCalls::default(),
            shared_calls,
            calls: TaskTracker::new(),
            in_flight: AtomicUsize::new(0),
        }))
    }

    /// The clock that calls are dated by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What is served at this moment. Whoever looks twice looks into one of these, or the second look may find something else.
    pub fn revision(&self) -> Arc<Revision> {
        self.0.revision.load_full()
    }

    /// From now on calls begin with this revision; those that have begun end with the one that they began with. Gives the one before.
    ///
    /// Where versions are kept ([`versions`]), they see to it ([`versions::Versions::prepare`]): a version may be in force that the configuration
    /// does not name.
    pub fn replace(&self, next: Revision) -> Arc<Revision> {
        let before = self.0.revision.swap(Arc::new(next));
        self.0.replaced.send_replace(());
        before
    }

    /// Is told of each revision that takes another one's place.
    pub fn replacements(&self) -> Receiver<()> {
        self.0.replaced.subscribe()
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
        let revision = self.revision();
        let placement = revision.placements().first()?;
        Some(placement.active().placed.operation().engine().clone())
    }

    /// Resolves a call. There is always a route; and the call is resolved and told of even where nobody waits for the answer any more.
    pub async fn resolve(&self, entry: &EntryPoint, call: IncomingCall) -> FinishedCall {
        self.resolve_holding(entry, call, ()).await
    }

    /// The same, holding something until the call has come to its end: the room that it takes.
    pub async fn resolve_holding(
        &self,
        entry: &EntryPoint,
        call: IncomingCall,
        held: impl Send + 'static,
    ) -> FinishedCall {
        let (node, from) = (self.clone(), entry.clone());
        let lost = call.clone();
        let resolving = async move {
            let _held = held;
            node.resolve_here(&from, call).await
        };
        // Counted for as long as it runs, wherever that is.
        let resolving = self.0.calls.track_future(resolving);
        match Unstoppable::new(AssertUnwindSafe(resolving).catch_unwind()).await {
            Ok(finished) => finished,
            // Only a fault of the host itself ends a call so.
            Err(_) => self.failed(entry, lost),
        }
    }

    /// Sends a call on without asking any operation, along the exits of this reason. It is told of like any other.
    pub fn decline(&self, entry: &EntryPoint, call: IncomingCall, reason: &HostReason) -> FinishedCall {
        self.declined(entry, call, reason)
    }

    async fn resolve_here(&self, entry: &EntryPoint, call: IncomingCall) -> FinishedCall {
        let _counted = InFlight::count(&self.0.in_flight);
        for observer in &self.0.observers {
            observer.began(entry.placement());
        }
        self.walk(entry, call).await
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
