//! A call as data: as PBXs write it, its numbers, and what of them may be shown.
//!
//! The server of host-harness, the operation and the components that stand in for the server on other wasm hosts read and show the same,
//! so all do it with this crate. It builds for WebAssembly; without the feature `document` it depends on nothing.

#[cfg(feature = "document")]
pub mod call_request;
pub mod caller;
#[cfg(feature = "document")]
pub mod dialling;
pub mod masking;
pub mod numbers;
mod withheld;
pub mod zones;
