//! Kept call details as people and programs meet them: `host-harness serve` as a process, a simulated amoCRM behind it, and beside it the file,
//! `host-harness calls` and the routes.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

#[allow(dead_code, reason = "shared with the tests of the server, which use the rest")]
#[path = "../server/client.rs"]
mod client;
mod crash;
mod following;
mod listing;
mod outcomes;
mod recordings;
mod retention;
mod routes;
mod scene;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "../support/serving.rs"]
mod serving;
mod stream;
mod trouble;
