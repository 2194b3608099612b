//! The operation on other wasm hosts: composed for each, judged against each one's vendored world, run with wasmtime's own crates as `wasmtime serve`
//! does it, on the hosts themselves by the golden cases; and in registries.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod answers;
mod configuration;
mod golden;
mod judged;
mod labels;
mod program;
mod registries;
mod reproducible;
mod serving;
