//! Traps.

#![cfg(target_family = "wasm")]

#[expect(clippy::panic, reason = "this is what it is for")]
fn fall() -> ! {
    panic!("a bug")
}

hostile_guests::operation!(|_| fall());
