//! Keeps every handle that it gets: the limit on handles ends it.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::wasi::clocks::monotonic_clock;

hostile_guests::operation!(|_| {
    let mut hoard = Vec::new();
    loop {
        hoard.push(monotonic_clock::subscribe_duration(1));
    }
});
