//! The clocks that operations see, and the only place where this program reads the wall clock (rule D11).
//!
//! Grants: the wall clock, which a test or `--at` moves, and the system's monotonic clock, by which waiting times are measured.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use wasmtime_wasi::HostWallClock;

/// A wall clock. Clones are the same clock: moving one moves all.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Clone, Copy, Debug)]
enum Hands {
    /// The system's clock, moved by this much.
    Running(SignedDuration),
    /// Stands still until it is moved.
    Frozen(Timestamp),
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

    fn with(hands: Hands) -> Self {
        Self(Arc::new(Mutex::new(hands)))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        match *self.hands() {
            Hands::Running(moved) => Timestamp::now().saturating_add(moved).unwrap_or(Timestamp::MAX),
            Hands::Frozen(at) => at,
        }
    }

    /// Moves the clock, backwards if negative.
    pub fn advance(&self, by: SignedDuration) {
        let mut hands = self.hands();
        match &mut *hands {
            Hands::Running(moved) => *moved = moved.saturating_add(by),
            Hands::Frozen(at) => *at = at.saturating_add(by).unwrap_or(*at),
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        // Hands are plain values: a panic elsewhere cannot leave them half-moved.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        // Before 1970 there were no components: such a moved clock shows the epoch.
        Duration::try_from(self.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap_or(Duration::ZERO)
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
        assert_eq!(HostWallClock::now(&same), Duration::from_secs(1_795_334_400));
    }
}
