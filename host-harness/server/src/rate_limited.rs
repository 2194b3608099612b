//! Warnings that strangers can cause: each kind is written at most once a second, with how many more there were. What is counted is shown in
//! `GET /v1/state` where that helps.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;

/// One kind of warning.
#[derive(Debug)]
pub(crate) struct RateLimited {
    total: AtomicU64,
    left_out: AtomicU64,
    /// The second of the last line.
    written: AtomicI64,
}

impl RateLimited {
    /// A kind of which there was none yet.
    pub(crate) const fn new() -> Self {
        Self { total: AtomicU64::new(0), left_out: AtomicU64::new(0), written: AtomicI64::new(i64::MIN) }
    }

    /// Counts one more. Where a line may be written for it, gives how many were left out since the last line.
    pub(crate) fn count(&self, now: Timestamp) -> Option<u64> {
        self.total.fetch_add(1, Ordering::Relaxed);
        let second = now.as_second();
        if self.written.swap(second, Ordering::Relaxed) == second {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.left_out.swap(0, Ordering::Relaxed))
    }

    /// How many there were since the start.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_line_a_second_with_the_number_left_out() {
        let limited = RateLimited::new();
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let lines: Vec<_> = (0..3_000).filter_map(|index| limited.count(at(index))).collect();
        assert_eq!(lines, [0, 999, 999]);
        assert_eq!(limited.total(), 3_000);
        assert_eq!(limited.count(at(9_000)), Some(999), "what came after the last line is told with the next");
    }
}
