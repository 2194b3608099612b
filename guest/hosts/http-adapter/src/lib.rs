//! An operation behind HTTP: `POST /v1/resolve-call` as `host-harness serve` answers it, on hosts that run `wasi:http` components.
//!
//! What the PBX would give an operation comes from configuration here: the linked operation (`linked_operation`), the settings of the
//! placement (`setting_waiting_time` and so on, a key each), and, where the adapter is not alone on its network, a token that requests must
//! show (`adapter_token`).

#[cfg(target_family = "wasm")]
mod edge;
