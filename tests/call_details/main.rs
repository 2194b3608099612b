//! Kept call details as people and programs meet them: `host-harness serve` as a process, a simulated amoCRM behind it, and beside it the file,
//! `host-harness calls` and the routes.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod crash;
mod following;
mod forgetting;
mod listing;
mod outcomes;
mod recordings;
mod retention;
mod routes;
mod scenarios;
mod scene;
mod stream;
mod trouble;
