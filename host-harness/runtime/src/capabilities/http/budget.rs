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
//! A turn given counts from that moment until a window after its request really went out ([`Departure`]): opening a connection takes time,
//! and the bound is on what leaves.
//!
//! Nodes with a common store share the bound: the first in the line of each node asks the [`SharedWindow`] for a permit before it gets its
//! turn. A node whose store no other node can have asks nobody.

mod shared;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::store::SharedWindow;
use shared::{Answer, Permit, Sharing};

/// By how much the window is longer than a second.
pub(crate) const MARGIN: Duration = Duration::from_millis(50);

/// No window of this length sees more starts than the budget has.
pub(crate) const WINDOW: Duration = Duration::from_secs(1).saturating_add(MARGIN);

/// The budget; a clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    /// What is shared with other nodes.
    window: Option<Arc<dyn SharedWindow>>,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
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

/// A turn that is taken along to the connection, and is spent when the request is written to it. Its clones are the same one. A request that
/// is never written gives its turn back.
#[derive(Clone, Debug)]
pub(crate) struct Departure(Arc<Mutex<Option<Turn>>>);

/// How a request got into the budget.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may go out at once.
    Turn(Turn),
    /// It has to wait.
    Place(Place),
}

/// A place in the line. Dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct Place {
    budget: Budget,
    arrival: u64,
    woken: Arc<Notify>,
}

/// The permission to send one request. Dropping it without [`started`](Self::started) gives it back unspent.
#[derive(Debug)]
pub(crate) struct Turn {
    budget: Budget,
    permit: Option<Permit>,
}

impl Budget {
    /// At most `per_second` requests in any second, zero counts as one; together with all nodes that have this window.
    pub(crate) fn new(per_second: u16, window: Option<Arc<dyn SharedWindow>>) -> Self {
        Self(Arc::new(Inner { most: usize::from(per_second.max(1)), window, line: Mutex::default() }))
    }

    /// Takes a turn that is free, or joins the line, unless the turn would come after `latest`. A free turn is never too late.
    pub(crate) fn join(&self, latest: Instant) -> Result<Admission, TooLate> {
        let now = Instant::now();
        let mut line = self.line();
        let ahead = line.waiting.len();
        let foreseen = line.foreseen(now, self.0.most, ahead);
        if foreseen > now && foreseen > latest {
            return Err(TooLate { foreseen });
        }
        // Whether a turn is free that is shared, only asking tells.
        if foreseen <= now && ahead == 0 && self.0.window.is_none() {
            line.going_out += 1;
            return Ok(Admission::Turn(Turn { budget: self.clone(), permit: None }));
        }
        let (arrival, woken) = (line.arrivals, Arc::new(Notify::new()));
        line.arrivals += 1;
        line.waiting.insert(arrival, Arc::clone(&woken));
        drop(line);
        Ok(Admission::Place(Place { budget: self.clone(), arrival, woken }))
    }

    /// How many requests wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    /// Whether the budget is counted together with other nodes now; none where it never is.
    pub(crate) fn is_shared(&self) -> Option<bool> {
        self.0.window.as_ref().map(|_| self.line().sharing.answered())
    }

    /// Whether the greater part of the last window's turns was not taken, and nobody waits for one. Never while it is shared: what other nodes
    /// took is not known here.
    pub(crate) fn is_idle(&self) -> bool {
        if self.is_shared() == Some(true) {
            return false;
        }
        let now = Instant::now();
        let line = self.line();
        let recent = line.starts.iter().filter(|start| **start + WINDOW > now).count();
        line.waiting.is_empty() && 2 * (recent + line.going_out) < self.0.most
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
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

impl Place {
    /// When the turn comes, as things stand.
    pub(crate) fn foreseen(&self) -> Instant {
        let mut line = self.budget.line();
        let ahead = line.waiting.range(..self.arrival).count();
        line.foreseen(Instant::now(), self.budget.0.most, ahead)
    }

    /// Waits for the turn.
    pub(crate) async fn turn(&self) -> Turn {
        loop {
            let until = match self.next() {
                Next::Given => return self.take(self.budget.0.window.as_ref().map(Permit::unasked)),
                Next::Ask(window) => {
                    let told = shared::ask(&window, self.budget.waiting()).await;
                    let answer = self.budget.line().sharing.learn(told, self.budget.0.most);
                    match answer {
                        Answer::Permitted(permit) => return self.take(Some(permit)),
                        Answer::Later(again) => Some(again),
                        Answer::Alone => continue,
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
        let mut line = self.budget.line();
        if line.waiting.first_key_value().is_none_or(|(first, _)| *first != self.arrival) {
            return Next::Unknown;
        }
        let foreseen = line.foreseen_here(now, most, 0);
        if foreseen <= now {
            return match &self.budget.0.window {
                Some(window) if !line.sharing.alone(now) => Next::Ask(Arc::clone(window)),
                _ => Next::Given,
            };
        }
        // Where every turn is with a request that is going out, only its start tells.
        if line.starts.is_empty() { Next::Unknown } else { Next::At(foreseen) }
    }

    /// Leaves the line with a turn. Only the first one does, and nobody else takes turns.
    fn take(&self, permit: Option<Permit>) -> Turn {
        let mut line = self.budget.line();
        line.waiting.remove(&self.arrival);
        line.going_out += 1;
        line.wake_first();
        drop(line);
        Turn { budget: self.budget.clone(), permit }
    }
}

/// What one who waits knows of its turn.
enum Next {
    /// It is free.
    Given,
    /// It is free here; whether it is free elsewhere, the window tells.
    Ask(Arc<dyn SharedWindow>),
    /// The first in the line, until this moment.
    At(Instant),
    /// Whatever changes that wakes it.
    Unknown,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut line = self.budget.line();
        if line.waiting.remove(&self.arrival).is_some() {
            line.wake_first();
        }
    }
}

impl Turn {
    /// The request has gone out, now.
    pub(crate) fn started(mut self) {
        if let Some(permit) = self.permit.take() {
            permit.started();
        }
        self.budget.line().starts.push_back(Instant::now());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut line = self.budget.line();
        line.going_out = line.going_out.saturating_sub(1);
        line.wake_first();
    }
}

impl Departure {
    /// A request that no budget counts has no turn.
    pub(crate) fn new(turn: Option<Turn>) -> Self {
        Self(Arc::new(Mutex::new(turn)))
    }

    /// The request is being written, now.
    pub(crate) fn gone(&self) {
        let turn = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(turn) = turn {
            turn.started();
        }
    }
}
