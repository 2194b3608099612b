//! The operation on other wasm hosts: composed for each, judged against each one's vendored world, and run where that is possible in a test:
//! as `wasmtime serve` does it, with wasmtime's own crates.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod answers;
mod configuration;
mod judged;
mod labels;
mod reproducible;
mod serving;
