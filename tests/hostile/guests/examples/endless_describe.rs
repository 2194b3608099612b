//! Computes for ever when it should describe itself.

#![cfg(target_family = "wasm")]

hostile_guests::operation!(|_| hostile_guests::tell("never asked"), || {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
});
