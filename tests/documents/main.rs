//! The documents and the sources agree: whatever a comment, a document or a test's name cites exists, and every rule is tested.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking, helpers of tests too")]

mod facts;
mod links;
mod readme;
mod rules;
mod tree;
