//! What the tests of the whole have in common. A [`Scene`] resolves calls in the test's process; a [`Home`] starts the program as its
//! users do; a [`ConnectedHome`] is one whose server has a simulated account behind it. Nothing here knows which test uses it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

pub mod account;
pub mod binary;
pub mod client;
mod compiled;
mod connected_home;
mod faulty_store;
mod home;
mod line;
mod outcome;
mod process;
mod replayable;
pub mod russian;
mod scene;
pub mod sip_over_tls;
mod skip;

use std::path::Path;

pub use connected_home::{ConnectedHome, OPERATIONS};
pub use faulty_store::FaultyStore;
pub use home::{ACCOUNT_TOKEN, Ended, Home};
pub use line::Line;
pub use outcome::Outcome;
pub use process::Process;
pub use scene::{
    ANNA, BORIS, CALLER, LINKED_OPERATION, MARGIN, START, Scene, TOKEN, employee, engine, operation, variant,
};
pub use skip::skip;

/// The workspace's folder.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/support is two levels down")
}
