//! The clocks that operations see, and the only place where this program reads the wall clock (rule D11).
//!
//! Grants: the wall clock, which a test or `--at` moves, the runtime's clock, by which waiting times are measured and which is zero when the call
//! begins, and timers by it. A runtime whose time is paused makes its own time, so hours of waiting pass at once there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until};
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{self, Datetime};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

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
}

impl CallClocks {
    /// Of a call that began then.
    pub(crate) fn new(clock: Clock, began: Instant) -> Self {
        Self { clock, began }
    }
}

/// A call's clocks and the table of its handles.
pub(crate) struct ClocksView<'a> {
    pub(crate) clocks: &'a CallClocks,
    pub(crate) table: &'a mut ResourceTable,
}

/// The view, as a linker knows it.
pub(crate) struct HasClocks;

impl HasData for HasClocks {
    type Data<'a> = ClocksView<'a>;
}

impl wall_clock::Host for ClocksView<'_> {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        Ok(datetime(self.clocks.clock.now()))
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}

impl monotonic_clock::Host for ClocksView<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(self.clocks.began.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let timer = Timer::until(self.clocks.began.checked_add(Duration::from_nanos(when)));
        let timer = self.table.push(timer)?;
        subscribe(self.table, timer)
    }

    fn subscribe_duration(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
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

/// The same back. A time that is too late to be written as one is the last that can be.
pub(crate) fn timestamp(at: Datetime) -> Timestamp {
    let parts = i64::try_from(at.seconds).ok().zip(i32::try_from(at.nanoseconds).ok());
    parts.and_then(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds).ok()).unwrap_or(Timestamp::MAX)
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

    #[test]
    fn a_time_comes_back_from_the_contract_to_the_nanosecond() {
        let at: Timestamp = "2026-11-22T09:00:00.123456789Z".parse().unwrap();
        assert_eq!(timestamp(datetime(at)), at);
        assert_eq!(timestamp(Datetime { seconds: u64::MAX, nanoseconds: u32::MAX }), Timestamp::MAX);
    }
}
