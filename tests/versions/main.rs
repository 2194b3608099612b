//! What a node does with versions of an operation: uploading, activating, rolling back, watching a file, and a shadow beside the live version.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod activation;
#[allow(dead_code, reason = "shared with the tests of the server, which use the rest")]
#[path = "../server/client.rs"]
mod client;
mod process;
mod routes;
mod scene;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "../support/serving.rs"]
mod serving;
mod shadow;
#[allow(dead_code, unused_imports, reason = "shared with the tests of the operation, which use the rest")]
#[path = "../support/mod.rs"]
mod support;
mod uploads;
mod watch;
