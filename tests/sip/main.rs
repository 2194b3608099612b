//! Real SIP: callers and telephones of sipp, Kamailio with the configuration that ships, `host-harness serve` as a process, and a simulated
//! amoCRM. Each test has all of them to itself, on a loopback address of its own.
//!
//! The cases are those of Kamailio with a routing document in the project's facts: who answers, who does not, what breaks, who leaves. Two of
//! them are of other configurations than the shipped one, and are tried as variants of it.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod callers;
mod demo;
mod dispatcher;
mod encrypted;
mod faults;
mod leaving;
mod legs;
mod load;
mod scene;
mod together;
mod two_servers;
mod variants;
