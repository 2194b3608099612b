//! Runs any operation of the contract in `wit/` in a sandbox of its own, one instance per call.
//!
//! An [`engine::Engine`] loads a component once; [`engine::Operation::resolve`] runs one call with what a [`engine::World`] grants it: a clock,
//! HTTP to the granted hosts, a part of a key-value [`store`], configuration, and the PBX's [`directory`](capabilities::directory::Directory).
//! Whatever the component does, an answer comes inside the waiting time. The crate knows the contract and nothing of any CRM.
//!
//! For embedding, [`host::Host`] puts all this together:
//!
//! ```
//! use runtime::host::Host;
//!
//! let host = Host::builder().configuration([("kv_bucket", "default")]).build()?;
//! assert!(host.engine().load(b"no component").is_err());
//! # Ok::<_, anyhow::Error>(())
//! ```

pub mod atomic_file;
pub mod bindings;
pub mod capabilities;
pub mod configuration;
pub mod configured;
pub mod engine;
pub mod host;
pub mod identifier;
pub mod journal;
pub mod presented;
pub mod regular_file;
pub mod report;
pub mod secret;
pub mod settings;
pub mod store;
pub mod toml_file;
