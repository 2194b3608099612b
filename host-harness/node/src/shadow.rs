//! A shadow: a second version of a placement that resolves the same calls without acting, so that it can be trusted before it is put in force.
//!
//! It resolves a call after the call was answered, on a thread of its own, and so can neither delay nor change anything: it gets the values that
//! the call read from the store and the answers that the call got from amoCRM, keeps what it writes to itself, and reads the same clock. Observers
//! are not told of it. Where the call did not ask what the shadow asks, see [`runtime::capabilities::http`]'s replay.
//!
//! Bounded: [`MOST_AT_ONCE`] calls are recorded, wait or are resolved again; any more are counted as not compared.

mod findings;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use jiff::Timestamp;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

pub use findings::{Difference, Findings, Outcome};

use super::{Noted, ReadyOperation, Version};
use call::CallDocument;
use runtime::capabilities::clocks::Clock;
use runtime::engine::World;
use runtime::journal::{NotedTalks, Overlay, Replay, Script};

/// How many calls are followed at once.
pub const MOST_AT_ONCE: usize = 64;
/// How many calls are resolved again at once: each may use as much memory as a live one.
const MOST_RUNNING: usize = 8;

/// A version that resolves a placement's calls without acting. It ends when it is dropped.
pub struct Shadow {
    version: Arc<Version>,
    since: Timestamp,
    slots: Arc<Semaphore>,
    jobs: mpsc::UnboundedSender<Job>,
    findings: Arc<Mutex<Findings>>,
}

/// A call that was answered, and everything that it was resolved from.
struct Job {
    noted: Noted,
    active: Outcome,
    live: Handle,
    _place: ShadowPermit,
}

/// Room for one call that is followed, from its beginning on.
pub(super) struct ShadowPermit(
    #[expect(dead_code, reason = "it is given back when it is dropped")] OwnedSemaphorePermit,
);

impl Shadow {
    /// Starts the thread of a shadow.
    pub(super) fn start(version: Version, since: Timestamp) -> io::Result<Self> {
        Self::begin(version, since, Arc::default())
    }

    /// The same component as the shadow of the same placement, which was set up anew: it goes on with what was found so far.
    pub(super) fn go_on(&self, version: Version) -> io::Result<Self> {
        Self::begin(version, self.since, Arc::clone(&self.findings))
    }

    fn begin(version: Version, since: Timestamp, findings: Arc<Mutex<Findings>>) -> io::Result<Self> {
        let version = Arc::new(version);
        let (jobs, queue) = mpsc::unbounded_channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (following, found) = (Arc::clone(&version), Arc::clone(&findings));
        thread::Builder::new().name("shadow".to_owned()).spawn(move || {
            runtime.block_on(follow_all(queue, &following, &found));
            // What is still being resolved is of no use to anybody.
            runtime.shutdown_background();
        })?;
        Ok(Self { version, since, slots: Arc::new(Semaphore::new(MOST_AT_ONCE)), jobs, findings })
    }

    /// The component's digest.
    pub fn digest(&self) -> &str {
        self.version.placed.operation().digest()
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// When it began.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// What it found so far.
    pub fn findings(&self) -> Findings {
        let under_way = MOST_AT_ONCE - self.slots.available_permits();
        Findings { under_way, ..lock(&self.findings).clone() }
    }

    /// Room for one more call to follow; where there is none, the call is counted as not compared.
    pub(super) fn place(&self) -> Option<ShadowPermit> {
        let place = Arc::clone(&self.slots).try_acquire_owned().ok().map(ShadowPermit);
        if place.is_none() {
            lock(&self.findings).not_compared.busy += 1;
        }
        place
    }

    /// Has a call that was resolved by the version in force resolved by the shadow once more.
    pub(super) fn follow(&self, place: ShadowPermit, resolved: &CallDocument, noted: Noted) {
        let job = Job { noted, active: Outcome::of(resolved), live: Handle::current(), _place: place };
        // Refused only where the thread is gone; then there is nothing to follow with.
        let _ = self.jobs.send(job);
    }
}

async fn follow_all(mut queue: mpsc::UnboundedReceiver<Job>, version: &Arc<Version>, found: &Arc<Mutex<Findings>>) {
    let running = Arc::new(Semaphore::new(MOST_RUNNING));
    while let Some(job) = queue.recv().await {
        let Ok(permit) = Arc::clone(&running).acquire_owned().await else { return };
        let (version, found) = (Arc::clone(version), Arc::clone(found));
        tokio::spawn(async move {
            follow_one(job, &version.placed, &found).await;
            drop(permit);
        });
    }
}

async fn follow_one(job: Job, placed: &ReadyOperation, found: &Mutex<Findings>) {
    let Job { noted: Noted { call, at, imports }, active, live, _place } = job;
    let Ok(imports) = imports else {
        lock(found).not_compared.too_large += 1;
        return;
    };
    let replay = Replay::beside(&imports, live);
    let world = placed.world(Clock::frozen_at(at));
    let world = World {
        key_value: world.key_value.over(|store| Overlay::new(store, &imports)),
        directory: world.directory.with_talks(Arc::new(NotedTalks::of(&imports))),
        script: Script::default().with_replay(&replay),
        ..world
    };
    let resolved = placed.resolve_in(world, call, at).await;
    let mut found = lock(found);
    if !replay.left_unanswered().is_empty() {
        found.not_compared.not_asked += 1;
    } else {
        found.compare(&resolved.call, active, Outcome::of(&resolved));
    }
}

fn lock(findings: &Mutex<Findings>) -> MutexGuard<'_, Findings> {
    findings.lock().unwrap_or_else(PoisonError::into_inner)
}
