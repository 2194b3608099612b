//! The documents and the sources agree: whatever a comment, a document or a test's name cites exists, and every rule is tested. And the sources keep
//! to their architecture: crates use each other in one direction, modules in no circle, and a name means one type.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking, helpers of tests too")]

mod builds;
mod crates;
mod facts;
mod links;
mod modules;
mod public;
mod readme;
mod rules;
mod security;
mod tree;
mod types;
