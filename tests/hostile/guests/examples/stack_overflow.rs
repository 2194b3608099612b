//! Recurses without end, and holds nothing in memory meanwhile: the call stack ends before the component's own.

#![cfg(target_family = "wasm")]

use std::sync::atomic::{AtomicU64, Ordering};

/// Never reached, which the compiler does not know.
static END: AtomicU64 = AtomicU64::new(u64::MAX);

#[inline(never)]
fn descend(depth: u64) -> u64 {
    if depth == END.load(Ordering::Relaxed) { 0 } else { descend(depth + 1) + 1 }
}

hostile_guests::operation!(|_| hostile_guests::tell(&descend(0).to_string()));
