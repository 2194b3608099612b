//! One amoCRM account: its connection, its tokens and limits, who is at work in it, and what is wrong with its contacts.
//!
//! An account is optional: an [`integration::Integration`] without one serves operations that ask amoCRM nothing.
//!
//! An [`integration::Integration`] grants the operations placed on it their world. The crate knows amoCRM and the runtime, and nothing of nodes, calls
//! in progress or servers.
//!
//! ```
//! use amocrm::access::Hosts;
//!
//! // Tokens go to amoCRM and Kommo alone, and to hosts that are granted by name.
//! let hosts = Hosts::new(Vec::new());
//! assert!(hosts.judge("example.amocrm.ru").is_ok());
//! assert!(hosts.judge("amocrm.ru.example.com").is_err());
//! ```

pub mod access;
pub mod audit;
pub mod employees;
pub mod integration;
pub mod limits;
pub mod presence;
pub mod widget_token;
