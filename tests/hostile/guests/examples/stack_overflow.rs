//! Recurses without end.

#![cfg(target_family = "wasm")]

/// Has no end for any number that a call brings, which the compiler does not know.
fn descend(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX { 0 } else { descend(depth + 1) + 1 }
}

hostile_guests::operation!(|_| hostile_guests::tell(&descend(0).to_string()));
