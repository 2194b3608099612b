//! What the whole must do: the component inside wasmtime, over real HTTP to a simulated amoCRM, with a clock that the tests move.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod access;
mod golden;
mod hooks;
mod hostile;
mod observe;
mod rules;
