//! A wasmtime host for telephony operations: components of the contract in `wit/` that say where a call goes.
//!
//! The command line (`host-harness`) is made of this library, and so are the tests. A call goes like this: a face takes it in and hands it to
//! a [`placement::PlacedOperation`]; the [`engine`] runs the component in a sandbox of its own with the [`capabilities`] of the placement's
//! [`integration::Integration`]; what comes out becomes a [`call::CallDocument`], which every face shows.

pub mod access;
pub mod assemble;
mod atomic_file;
pub mod audit;
pub mod bindings;
pub mod cache_key;
pub mod call_details;
pub mod capabilities;
pub mod cli;
pub mod config;
pub mod demo;
#[cfg(unix)]
pub mod demo_pbx;
pub mod employees;
pub mod engine;
pub mod fastagi;
pub mod hooks;
pub mod integration;
pub mod node;
pub mod observe;
pub mod other_hosts;
pub mod pbx;
pub mod placement;
pub mod policy;
pub mod presence;
pub mod recording;
pub mod rehearsal;
pub mod report;
pub mod secret;
pub mod server;
pub mod settings;
pub mod store;
pub mod stores;
pub mod toml_file;
pub mod widget_token;

/// The operation of this repository as a component: «Переадресация на персонального менеджера из CRM».
pub const OPERATION: &[u8] = include_bytes!(env!("OPERATION_COMPONENT"));
/// The contract of that component as an encoded WIT package, documentation included.
pub const CONTRACT: &[u8] = include_bytes!(env!("CONTRACT_WIT"));
