//! Looking at a host from outside, with the tools that people already have: log lines ([`logs`]), Prometheus ([`metrics`]), OpenTelemetry
//! ([`traces`]).
//!
//! All of it is off the calls' path: what cannot be written or sent is dropped, and no call waits for it. Callers' numbers are masked
//! everywhere.

pub mod logs;
pub mod metrics;
pub mod traces;
