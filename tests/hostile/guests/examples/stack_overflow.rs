//! Recurses without end, and holds nothing in memory meanwhile: the call stack ends before the component's own.

#![cfg(target_family = "wasm")]

use std::sync::atomic::{AtomicU64, Ordering};

/// Never reached: set by each call to what the compiler does not know.
static END: AtomicU64 = AtomicU64::new(0);

/// What comes back is turned and mixed, so that no loop can take the place of the recursion.
#[inline(never)]
fn descend(depth: u64) -> u64 {
    if depth == END.load(Ordering::Relaxed) { 0 } else { descend(depth + 1).rotate_left(7) ^ depth }
}

hostile_guests::operation!(|call: hostile_guests::bindings::exports::telephony::operation::operation::Call| {
    END.store(u64::MAX - call.id.len() as u64, Ordering::Relaxed);
    hostile_guests::tell(&descend(0).to_string())
});
