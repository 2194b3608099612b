//! The part of a budget that nodes share: permits from a [`SharedWindow`], and what it said of the others.
//!
//! Where the window does not answer, a node goes on [alone](Sharing::alone) with its part of the budget: as many turns as the budget has,
//! divided by the nodes that were there lately. While the change lasts, one window may see the starts of both ways of counting.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::WINDOW;
use crate::store::{Asked, SharedWindow, WindowState};

/// How long there is no answer before a node goes on alone: a connection that was lost is usually back sooner, and who goes on alone while the
/// others do not can exceed the budget.
const PATIENCE: Duration = Duration::from_millis(500);
/// The pause between two questions meanwhile.
const RETRY: Duration = Duration::from_millis(50);
/// How many nodes there are taken to be where the window never answered.
const UNKNOWN: usize = 2;
/// How long a node goes on alone before it asks again.
const ALONE: Duration = Duration::from_millis(250);
/// The longest pause between two questions of one who waits: what other nodes give back is not told here.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What a queue knows of the other nodes.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    /// What the window last said, and when.
    state: Option<(Instant, WindowState)>,
    /// Since when there was no answer, and when that was last found.
    failing: Option<(Instant, Instant)>,
    /// Until when nobody asks, since there was no answer.
    alone_until: Option<Instant>,
}

/// What came of asking.
pub(super) enum WindowAnswer {
    Permitted(SharedPermit),
    /// Not before this moment.
    Later(Instant),
    /// The window does not answer.
    Alone,
}

/// The right to start, or, where the window did not answer, what a start is counted under once it answers again. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct SharedPermit {
    window: Arc<dyn SharedWindow>,
    name: String,
    /// Whether the window may count it.
    asked: bool,
}

impl Sharing {
    /// Whether this node goes on alone.
    pub(super) fn alone(&self, now: Instant) -> bool {
        self.alone_until.is_some_and(|until| now < until)
    }

    /// Whether the last question was answered.
    pub(super) fn answered(&self) -> bool {
        self.failing.is_none()
    }

    /// How many turns this node may give, out of `most`.
    pub(super) fn share(&self, now: Instant, most: usize) -> usize {
        if !self.alone(now) {
            return most;
        }
        let nodes = self.state.as_ref().map_or(UNKNOWN, |(_, state)| state.nodes.max(1));
        (most / nodes).max(1)
    }

    /// When one with `ahead` others before it gets a permit, as the window stood when it last said so; none where that is too long ago.
    ///
    /// The nodes are taken to get permits in rotation.
    pub(super) fn foreseen(&self, now: Instant, most: usize, ahead: usize) -> Option<Instant> {
        let (told, state) = self.state.as_ref().filter(|(told, _)| *told + WINDOW > now && !self.alone(now))?;
        let before: usize = state.waiting_elsewhere.iter().map(|waiting| (*waiting).min(ahead + 1)).sum();
        let (round, slot) = ((ahead + before) / most, (ahead + before) % most);
        let free = most.saturating_sub(state.leaving.len());
        let first =
            slot.checked_sub(free).and_then(|taken| state.leaving.get(taken)).map_or(now, |after| *told + *after);
        Some(first.max(now) + WINDOW * u32::try_from(round).unwrap_or(u32::MAX))
    }

    /// Takes in what the window said to the first of the queue.
    pub(super) fn learn(&mut self, told: Option<(SharedPermit, WindowState)>, most: usize) -> WindowAnswer {
        let now = Instant::now();
        let Some((permit, mut state)) = told else {
            let recent = self.failing.filter(|(_, last)| *last + 4 * WINDOW > now);
            let since = recent.map_or(now, |(since, _)| since);
            self.failing = Some((since, now));
            if now < since + PATIENCE {
                return WindowAnswer::Later(now + RETRY);
            }
            self.alone_until = Some(now + ALONE);
            return WindowAnswer::Alone;
        };
        (self.failing, self.alone_until) = (None, None);
        let free = state.leaving.len().checked_sub(most).and_then(|index| state.leaving.get(index)).copied();
        if permit.asked {
            state.leaving.push(WINDOW);
        }
        self.state = Some((now, state));
        if permit.asked {
            return WindowAnswer::Permitted(permit);
        }
        // The server counts in whole milliseconds.
        WindowAnswer::Later(now + free.unwrap_or_default().clamp(Duration::from_millis(1), ASK_AGAIN))
    }
}

/// Asks for a permit while so many wait; none where there is no answer. Where it is dropped meanwhile, a permit that comes is given back.
pub(super) async fn ask(window: &Arc<dyn SharedWindow>, waiting: usize) -> Option<(SharedPermit, WindowState)> {
    let (sender, receiver) = oneshot::channel();
    let (window, permit) = (Arc::clone(window), SharedPermit::new(window, true));
    tokio::spawn(async move {
        let answer = window.ask(&permit.name, waiting).await;
        // Where nobody takes it, the permit is dropped here.
        let _ = sender.send((answer, permit));
    });
    // The window's own bound is the only one: a node that is busy must not take itself for cut off.
    let (answer, mut permit) = receiver.await.ok()?;
    let Asked { permitted, state } = answer.ok()?;
    permit.asked = permitted;
    Some((permit, state))
}

impl SharedPermit {
    fn new(window: &Arc<dyn SharedWindow>, asked: bool) -> Self {
        Self { window: Arc::clone(window), name: window.new_permit(), asked }
    }

    /// For a start that nobody was asked about.
    pub(super) fn unasked(window: &Arc<dyn SharedWindow>) -> Self {
        Self::new(window, false)
    }

    /// The start happened, now. The window is told by a task of its own.
    pub(super) fn started(mut self) {
        self.asked = false;
        let (window, name) = (Arc::clone(&self.window), std::mem::take(&mut self.name));
        tell(async move { window.started(&name).await.is_ok() });
    }
}

impl Drop for SharedPermit {
    fn drop(&mut self) {
        if self.asked {
            let (window, name) = (Arc::clone(&self.window), std::mem::take(&mut self.name));
            tell(async move { window.give_back(&name).await.is_ok() });
        }
    }
}

/// What fails here counts until the window forgets it.
fn tell(telling: impl Future<Output = bool> + Send + 'static) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(telling);
    }
}
