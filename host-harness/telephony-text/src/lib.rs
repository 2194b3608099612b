//! How telephony is written as text: calls as PBXs send them, numbers that are dialled, and numbers as they may be shown.
//!
//! The server of host-harness and the components that stand in for it on other wasm hosts read and show the same, so both do it with this
//! crate. It depends on nothing that either of them lacks.

pub mod call_request;
pub mod dialling;
pub mod masking;
