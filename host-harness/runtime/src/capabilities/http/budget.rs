//! The rate budget of one integration: how many requests may begin in any second, and whose turn it is.
//!
//! A server that limits requests refuses more than so many in a second, and may block an account that goes on. The bound is kept here in any
//! *sliding* window, not per second of the clock, and the window is [`MARGIN`] longer than a second: requests that leave in
//! order and well spaced do not arrive so exactly.
//!
//! Turns are given strictly in order of arrival. A request's turn is foreseen when it arrives, from the starts inside the window and from
//! those who wait before it; a turn that would come too late is refused at once and takes nobody's place. Who goes away gives the place up,
//! and those behind move up. Only the first who waits is ever woken.
//!
//! A turn given counts from that moment until a window after its request really went out ([`Permit::started`]): opening a connection takes time,
//! and the bound is on what leaves.
//!
//! Nodes with a common store share the bound: the first in the queue of each node asks the [`SharedWindow`] for a permit before it gets its
//! turn. A node whose store no other node can have asks nobody.

mod shared;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::store::SharedWindow;
use shared::{SharedPermit, Sharing, WindowAnswer};

/// By how much the window is longer than a second.
pub(crate) const MARGIN: Duration = Duration::from_millis(50);

/// No window of this length sees more starts than the budget has.
pub(crate) const WINDOW: Duration = Duration::from_secs(1).saturating_add(MARGIN);

/// The budget; a clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<BudgetInner>);

#[derive(Debug)]
struct BudgetInner {
    most: usize,
    /// What is shared with other nodes.
    window: Option<Arc<dyn SharedWindow>>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// When requests began inside the last window, oldest first.
    starts: VecDeque<Instant>,
    /// Turns given whose requests have not gone out yet.
    going_out: usize,
    /// Those who wait, by the number of their arrival.
    waiting: BTreeMap<u64, Arc<Notify>>,
    arrivals: u64,
    sharing: Sharing,
}

/// A turn would come too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLate {
    /// When it would come.
    pub(crate) foreseen: Instant,
}

/// A permit that is taken along to the connection, and is spent when the request is written to it. Its clones are the same one. A request that
/// is never written gives its permit back.
#[derive(Clone, Debug)]
pub(crate) struct SendPermit(Arc<Mutex<Option<Permit>>>);

/// How a request got into the budget.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may go out at once.
    Now(Permit),
    /// It has to wait.
    Queued(QueueSlot),
}

/// A place in the queue. Dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct QueueSlot {
    budget: Budget,
    arrival: u64,
    woken: Arc<Notify>,
}

/// The permission to send one request. Dropping it without [`started`](Self::started) gives it back unspent.
#[derive(Debug)]
pub(crate) struct Permit {
    budget: Budget,
    permit: Option<SharedPermit>,
}

impl Budget {
    /// At most `per_second` requests in any second, zero counts as one; together with all nodes that have this window.
    pub(crate) fn new(per_second: u16, window: Option<Arc<dyn SharedWindow>>) -> Self {
        Self(Arc::new(BudgetInner { most: usize::from(per_second.max(1)), window, queue: Mutex::default() }))
    }

    /// Takes a turn that is free, or joins the queue, unless the turn would come after `latest`. A free turn is never too late.
    pub(crate) fn join(&self, latest: Instant) -> Result<Admission, TooLate> {
        let now = Instant::now();
        let mut queue = self.queue();
        let ahead = queue.waiting.len();
        let foreseen = queue.foreseen(now, self.0.most, ahead);
        if foreseen > now && foreseen > latest {
            return Err(TooLate { foreseen });
        }
        // Whether a turn is free that is shared, only asking tells.
        if foreseen <= now && ahead == 0 && self.0.window.is_none() {
            queue.going_out += 1;
            return Ok(Admission::Now(Permit { budget: self.clone(), permit: None }));
        }
        let (arrival, woken) = (queue.arrivals, Arc::new(Notify::new()));
        queue.arrivals += 1;
        queue.waiting.insert(arrival, Arc::clone(&woken));
        drop(queue);
        Ok(Admission::Queued(QueueSlot { budget: self.clone(), arrival, woken }))
    }

    /// How many requests wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.queue().waiting.len()
    }

    /// Whether the budget is counted together with other nodes now; none where it never is.
    pub(crate) fn is_shared(&self) -> Option<bool> {
        self.0.window.as_ref().map(|_| self.queue().sharing.answered())
    }

    /// Whether the greater part of the last window's turns was not taken, and nobody waits for one. Never while it is shared: what other nodes
    /// took is not known here.
    pub(crate) fn is_idle(&self) -> bool {
        if self.is_shared() == Some(true) {
            return false;
        }
        self.is_idle_here()
    }

    /// The same together with the nodes that share it: where it is shared, the window is asked what they took.
    pub(crate) async fn leaves_room(&self) -> bool {
        if !self.is_idle_here() {
            return false;
        }
        let Some(window) = &self.0.window else { return true };
        match shared::ask(window, 0).await {
            // The permit is only for looking, and goes back here.
            Some((_looking, state)) => {
                2 * state.leaving.len() < self.0.most && state.waiting_elsewhere.iter().all(|waiting| *waiting == 0)
            }
            // Nodes that cannot reach it go on with their part of the budget each.
            None => true,
        }
    }

    fn is_idle_here(&self) -> bool {
        let now = Instant::now();
        let queue = self.queue();
        let recent = queue.starts.iter().filter(|start| **start + WINDOW > now).count();
        queue.waiting.is_empty() && 2 * (recent + queue.going_out) < self.0.most
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// When the turn comes of one who has `ahead` others before it, if none of them goes away.
    fn foreseen(&mut self, now: Instant, most: usize, ahead: usize) -> Instant {
        let here = self.foreseen_here(now, most, ahead);
        self.sharing.foreseen(now, most, ahead).map_or(here, |shared| shared.max(here))
    }

    /// The same for this node by itself.
    ///
    /// Each start frees a turn one window later. So the first turns come as the starts of the last window leave it, and every further round
    /// of turns comes one window after the round before.
    fn foreseen_here(&mut self, now: Instant, most: usize, ahead: usize) -> Instant {
        let most = self.sharing.share(now, most);
        while self.starts.front().is_some_and(|start| *start + WINDOW <= now) {
            self.starts.pop_front();
        }
        let free = most.saturating_sub(self.starts.len() + self.going_out);
        let (round, slot) = (ahead / most, ahead % most);
        // In the order in which turns come free: the free ones, the starts, and those going out, which count as if they began now.
        let first = match slot.checked_sub(free).map(|taken| self.starts.get(taken)) {
            None => now,
            Some(Some(start)) => (*start + WINDOW).max(now),
            Some(None) => now + WINDOW,
        };
        first + WINDOW * u32::try_from(round).unwrap_or(u32::MAX)
    }

    fn wake_first(&self) {
        if let Some((_, first)) = self.waiting.first_key_value() {
            first.notify_one();
        }
    }
}

impl QueueSlot {
    /// When the turn comes, as things stand.
    pub(crate) fn foreseen(&self) -> Instant {
        let mut queue = self.budget.queue();
        let ahead = queue.waiting.range(..self.arrival).count();
        queue.foreseen(Instant::now(), self.budget.0.most, ahead)
    }

    /// Waits for the turn.
    pub(crate) async fn permit(&self) -> Permit {
        loop {
            let until = match self.next() {
                Next::Free => return self.take(self.budget.0.window.as_ref().map(SharedPermit::unasked)),
                Next::Ask(window) => {
                    let told = shared::ask(&window, self.budget.waiting()).await;
                    let answer = self.budget.queue().sharing.learn(told, self.budget.0.most);
                    match answer {
                        WindowAnswer::Permitted(permit) => return self.take(Some(permit)),
                        WindowAnswer::Later(again) => Some(again),
                        WindowAnswer::Alone => continue,
                    }
                }
                Next::At(free) => Some(free),
                Next::Unknown => None,
            };
            match until {
                Some(until) => tokio::select! {
                    () = sleep_until(until) => {}
                    () = self.woken.notified() => {}
                },
                None => self.woken.notified().await,
            }
        }
    }

    fn next(&self) -> Next {
        let (now, most) = (Instant::now(), self.budget.0.most);
        let mut queue = self.budget.queue();
        if queue.waiting.first_key_value().is_none_or(|(first, _)| *first != self.arrival) {
            return Next::Unknown;
        }
        let foreseen = queue.foreseen_here(now, most, 0);
        if foreseen <= now {
            return match &self.budget.0.window {
                Some(window) if !queue.sharing.alone(now) => Next::Ask(Arc::clone(window)),
                _ => Next::Free,
            };
        }
        // Where every turn is with a request that is going out, only its start tells.
        if queue.starts.is_empty() { Next::Unknown } else { Next::At(foreseen) }
    }

    /// Leaves the queue with a turn. Only the first one does, and nobody else takes turns.
    fn take(&self, permit: Option<SharedPermit>) -> Permit {
        let mut queue = self.budget.queue();
        queue.waiting.remove(&self.arrival);
        queue.going_out += 1;
        queue.wake_first();
        drop(queue);
        Permit { budget: self.budget.clone(), permit }
    }
}

/// What one who waits knows of its turn.
enum Next {
    /// It is free.
    Free,
    /// It is free here; whether it is free elsewhere, the window tells.
    Ask(Arc<dyn SharedWindow>),
    /// The first in the queue, until this moment.
    At(Instant),
    /// Whatever changes that wakes it.
    Unknown,
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        let mut queue = self.budget.queue();
        if queue.waiting.remove(&self.arrival).is_some() {
            queue.wake_first();
        }
    }
}

impl Permit {
    /// The request has gone out, now.
    pub(crate) fn started(mut self) {
        if let Some(permit) = self.permit.take() {
            permit.started();
        }
        self.budget.queue().starts.push_back(Instant::now());
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut queue = self.budget.queue();
        queue.going_out = queue.going_out.saturating_sub(1);
        queue.wake_first();
    }
}

impl SendPermit {
    /// A request that no budget counts has no permit.
    pub(crate) fn new(permit: Option<Permit>) -> Self {
        Self(Arc::new(Mutex::new(permit)))
    }

    /// The request is being written, now.
    pub(crate) fn spend(&self) {
        let permit = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(permit) = permit {
            permit.started();
        }
    }
}
