//! Hands the host more bytes in one call than it takes.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::wasi::keyvalue::store;

hostile_guests::operation!(|_| {
    let value = vec![0_u8; 8 * 1024 * 1024];
    let outcome = store::open("default").and_then(|bucket| bucket.set("key", &value));
    hostile_guests::tell(&format!("{outcome:?}"))
});
