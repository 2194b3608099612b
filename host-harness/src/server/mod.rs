//! The server.
pub mod calls;
pub mod problem;
