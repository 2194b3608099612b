//! Forwards the call to an empty list of numbers.

#![cfg(target_family = "wasm")]

hostile_guests::operation!(|_| hostile_guests::forward_to_nobody());
