//! What the fuzz targets share: an outside world in which one endpoint of amoCRM answers with the fuzzer's bytes and all else is well; the host
//! with its engine; its server.
//! [`targets`] says what each target does; `cargo test` does it with the seeds.

pub mod asterisk;
pub mod call;
pub mod config;
pub mod face;
pub mod host;
pub mod hostile_server;
pub mod inspection;
pub mod oauth;
pub mod targets;
