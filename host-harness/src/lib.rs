//! A wasmtime host for telephony operations: components of the contract in `wit/` that say where a call goes.
//!
//! The command line (`host-harness`) is made of this library, and so are the tests. A call goes like this: a face takes it in and hands it to
//! a [`node::ReadyOperation`]; the [`runtime::engine`] runs the component in a sandbox of its own with the [`runtime::capabilities`] of the placement's
//! [`amocrm::integration::Integration`]; what comes out becomes a [`call::CallDocument`], which every face shows.

pub mod assemble;
pub(crate) mod backup;
pub(crate) mod cache_key;
pub(crate) mod causes;
pub(crate) mod change;
pub mod cli;
pub mod component_source;
pub mod config;
#[cfg(unix)]
pub mod demo_pbx;
pub mod descriptors;
pub(crate) mod first_start;
pub(crate) mod live;
pub(crate) mod oci_reference;
pub mod other_hosts;
pub(crate) mod private_files;
pub(crate) mod registry;
pub(crate) mod server_token;
pub(crate) mod service_manager;
pub(crate) mod shared;
pub(crate) mod state_lock;
pub(crate) mod text_file;

/// The operation «Переадресация на персонального менеджера из CRM» as a component.
pub const OPERATION: &[u8] = include_bytes!(env!("OPERATION_COMPONENT"));
/// The operation «Рабочее время» as a component.
pub const WORKING_HOURS: &[u8] = include_bytes!(env!("WORKING_HOURS_COMPONENT"));
/// The contract of these components as an encoded WIT package, documentation included.
pub const CONTRACT: &[u8] = include_bytes!(env!("CONTRACT_WIT"));
