//! Waits in an import for a time that never comes: the wall-clock bound ends it.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::wasi::clocks::monotonic_clock;

hostile_guests::operation!(|_| {
    monotonic_clock::subscribe_duration(u64::MAX).block();
    hostile_guests::tell("came back")
});
