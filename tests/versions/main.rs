//! What a node does with versions of an operation: uploading, activating, rolling back, watching a file, and a shadow beside the live version.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod activation;
mod compiling;
mod inspection;
mod process;
mod remade;
mod revisions;
mod routes;
mod scene;
mod shadow;
mod uploads;
mod watch;
