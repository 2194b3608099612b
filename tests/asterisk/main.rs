//! Asterisk 22 with the dialplan that ships, telephones and callers of sipp, `host-harness serve` as a process, and a simulated amoCRM. Each test
//! has all of them to itself, on a loopback address of its own.
//!
//! Asterisk is what [`get`](../get) unpacks. Nothing of it is installed, and it needs no rights of an administrator.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod asterisk;
mod dispatcher;
mod encrypted;
mod guide;
mod handed_on;
mod legs;
mod linked;
mod load;
mod named;
mod phone;
mod reports;
mod scene;
mod spelled;
mod steps;
mod together;
