//! Computes for ever: the computing time ends it.

#![cfg(target_family = "wasm")]

hostile_guests::operation!(|_| {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
});
