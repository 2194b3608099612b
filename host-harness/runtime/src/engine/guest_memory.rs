//! The memory of all calls together: each may take its share, and no number of them can take the machine's.
//!
//! What counts is the linear memory that components have asked for. The last quarter of the budget is kept for small calls: a call that has
//! more than [`SMALL`] already does not get it, so that calls of an operation that leaks end, and those beside them go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a call may take of the whole budget, in bytes. The built-in operation needs less than half of it.
const SMALL: usize = 1024 * 1024;

/// A budget in bytes. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct GuestMemory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    in_use: AtomicUsize,
    refused: AtomicU64,
}

/// How the budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestMemoryState {
    /// How many bytes all calls together may use.
    pub limit: usize,
    /// How many they use.
    pub in_use: usize,
    /// How often a call was refused memory since the start.
    pub refused: u64,
}

/// What one call has of the budget. Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    memory: GuestMemory,
    bytes: usize,
}

impl GuestMemory {
    pub(super) fn new(limit: usize) -> Self {
        Self(Arc::new(Inner { limit, in_use: AtomicUsize::new(0), refused: AtomicU64::new(0) }))
    }

    pub(super) fn limit(&self) -> usize {
        self.0.limit
    }

    pub(super) fn state(&self) -> GuestMemoryState {
        let Inner { limit, in_use, refused } = &*self.0;
        GuestMemoryState {
            limit: *limit,
            in_use: in_use.load(Ordering::Relaxed),
            refused: refused.load(Ordering::Relaxed),
        }
    }

    /// The share of a call that has nothing yet.
    pub(super) fn share(&self) -> Share {
        Share { memory: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// Takes more. False where there is no more for a call of its size.
    pub(super) fn grow(&mut self, by: usize) -> bool {
        let Inner { limit, in_use, refused } = &*self.memory.0;
        let bytes = self.bytes.saturating_add(by);
        let most = if bytes <= SMALL { *limit } else { limit - limit / 4 };
        let more = |in_use: usize| in_use.checked_add(by).filter(|sum| *sum <= most);
        let grown = in_use.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if grown {
            self.bytes = bytes;
        } else {
            refused.fetch_add(1, Ordering::Relaxed);
        }
        grown
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.0.in_use.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn o3_calls_that_take_much_leave_a_quarter_to_small_ones() {
        let memory = GuestMemory::new(40 * MIB);
        let mut large = memory.share();
        assert!(large.grow(29 * MIB), "inside three quarters");
        assert!(!large.grow(2 * MIB), "beyond");
        let mut small: Vec<_> = (0..11).map(|_| memory.share()).collect();
        assert!(small.iter_mut().all(|share| share.grow(MIB)), "small calls have all of it");
        assert!(!memory.share().grow(1), "and no more than that");
        assert_eq!(memory.state(), GuestMemoryState { limit: 40 * MIB, in_use: 40 * MIB, refused: 2 });
        assert!(!small[0].grow(1), "a call is small for as long as it is");
        drop(large);
        assert!(small[0].grow(1));
        drop(small);
        assert_eq!(memory.state().in_use, 0, "all was given back");
    }
}
