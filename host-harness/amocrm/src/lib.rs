//! One amoCRM account: its connection, its tokens and limits, who is at work in it, and what is wrong with its contacts.
//!
//! An account is optional: an [`integration::Integration`] without one serves operations that ask amoCRM nothing.
//!
//! An [`integration::Integration`] grants the operations placed on it their world. The crate knows amoCRM and the runtime, and nothing of nodes, calls
//! in progress or servers.

pub mod access;
pub mod audit;
pub mod employees;
pub mod integration;
pub mod limits;
pub mod presence;
pub mod widget_token;
