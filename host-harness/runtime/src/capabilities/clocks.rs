//! The clocks that operations see, and the only place where this program reads the wall clock (rule D11).
//!
//! Grants: the wall clock, which a test or `--at` moves, the runtime's clock, by which waiting times are measured and which is zero when the call
//! begins, and timers by it. A runtime whose time is paused makes its own time, so hours of waiting pass at once there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{self, Datetime};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::journal::{Import, Journal, Script};

/// A wall clock. Clones are the same clock: moving one moves all.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Clone, Copy, Debug)]
enum Hands {
    /// The system's clock, moved by this much.
    Running(SignedDuration),
    /// Stands still until it is moved.
    Frozen(Timestamp),
    /// Goes as the runtime's time goes, which may be paused.
    Following(Timestamp, Instant),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::with(Hands::Running(SignedDuration::ZERO))
    }

    /// A clock that shows `at` until it is moved.
    pub fn frozen_at(at: Timestamp) -> Self {
        Self::with(Hands::Frozen(at))
    }

    /// A clock that shows `at` now and goes on as the runtime's time does.
    pub fn following(at: Timestamp) -> Self {
        Self::with(Hands::Following(at, Instant::now()))
    }

    fn with(hands: Hands) -> Self {
        Self(Arc::new(Mutex::new(hands)))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        match *self.hands() {
            Hands::Running(moved) => Timestamp::now().saturating_add(moved).unwrap_or(Timestamp::MAX),
            Hands::Frozen(at) => at,
            Hands::Following(at, since) => later(at, since.elapsed().try_into().unwrap_or_default()),
        }
    }

    /// Moves the clock, backwards if negative.
    pub fn advance(&self, by: SignedDuration) {
        let mut hands = self.hands();
        match &mut *hands {
            Hands::Running(moved) => *moved = moved.saturating_add(by),
            Hands::Frozen(at) | Hands::Following(at, _) => *at = later(*at, by),
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        // Hands are plain values: a panic elsewhere cannot leave them half-moved.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

/// The clocks of one call.
#[derive(Debug)]
pub(crate) struct CallClocks {
    clock: Clock,
    began: Instant,
    journal: Journal,
    script: Script,
}

impl CallClocks {
    /// Of a call that began then.
    pub(crate) fn new(clock: Clock, began: Instant, journal: Journal, script: Script) -> Self {
        Self { clock, began, journal, script }
    }
}

/// A call's clocks and the table of its handles.
pub(crate) struct ClocksView<'a> {
    pub(crate) clocks: &'a CallClocks,
    pub(crate) table: &'a mut ResourceTable,
}

struct HasClocks;

impl HasData for HasClocks {
    type Data<'a> = ClocksView<'a>;
}

/// Links both clocks; `view` finds them in a store's data.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> ClocksView<'_>,
) -> wasmtime::Result<()> {
    wall_clock::add_to_linker::<T, HasClocks>(linker, view)?;
    monotonic_clock::add_to_linker::<T, HasClocks>(linker, view)
}

impl wall_clock::Host for ClocksView<'_> {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        let answer = self.clocks.script.wall().unwrap_or_else(|| self.clocks.clock.now());
        self.clocks.journal.note(|| Import::WallClock { answer });
        Ok(datetime(answer))
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}

impl monotonic_clock::Host for ClocksView<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        let elapsed = || u64::try_from(self.clocks.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let answer_ns = self.clocks.script.monotonic().unwrap_or_else(elapsed);
        self.clocks.journal.note(|| Import::MonotonicClock { answer_ns });
        Ok(answer_ns)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.clocks.journal.note(|| Import::WaitUntil { when_ns: when });
        let timer = Timer::until(self.clocks.began.checked_add(Duration::from_nanos(when)));
        let timer = self.table.push(timer)?;
        subscribe(self.table, timer)
    }

    fn subscribe_duration(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.clocks.journal.note(|| Import::WaitFor { duration_ns: when });
        let timer = Timer::until(Instant::now().checked_add(Duration::from_nanos(when)));
        let timer = self.table.push(timer)?;
        subscribe(self.table, timer)
    }
}

/// Something to wait for.
struct Timer {
    /// None: it never comes.
    at: Option<Instant>,
    /// Set where it had come when the timer was made: a component that polls with such a timer in a loop must let others run.
    yields: bool,
}

impl Timer {
    fn until(at: Option<Instant>) -> Self {
        Self { at, yields: at.is_some_and(|at| at <= Instant::now()) }
    }
}

#[async_trait::async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        match self.at {
            None => std::future::pending().await,
            Some(_) if self.yields => {
                self.yields = false;
                tokio::task::yield_now().await;
            }
            Some(at) => sleep_until(at).await,
        }
    }
}

/// A point in time as the contract carries it; before 1970, when there were no components, it is the epoch.
pub(crate) fn datetime(at: Timestamp) -> Datetime {
    Datetime {
        seconds: u64::try_from(at.as_second()).unwrap_or(0),
        nanoseconds: u32::try_from(at.subsec_nanosecond()).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_a_frozen_clock_moves_only_when_told() {
        let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().unwrap());
        let same = clock.clone();
        same.advance(SignedDuration::from_hours(6));
        assert_eq!(clock.now().to_string(), "2026-11-22T15:00:00Z");
        clock.advance(SignedDuration::from_hours(-7));
        assert_eq!(datetime(same.now()).seconds, 1_795_334_400);
    }
}
