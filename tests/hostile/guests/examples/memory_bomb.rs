//! Asks for more and more memory: the memory limit ends it.

#![cfg(target_family = "wasm")]

hostile_guests::operation!(|_| {
    let mut hoard = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![1_u8; 1024 * 1024]));
    }
});
