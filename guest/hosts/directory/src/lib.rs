//! The employees of an operation from one configuration key, `employees`: for hosts that have no telephony directory of their own.
//!
//! The key holds a JSON list with the fields of `[[integration.employee]]`: `id`, `name`, `amocrm_user`, `enabled`, `numbers`, `presence`, `deputy`.
//! A host that cannot be told a value with commas (`wasmtime -Sconfig-var`) has the same list in Base64 in `employees_base64`.
//!
//! Configuration that cannot be read is said to the operation as the directory's error, and the call goes to the linked operation.

#[cfg(target_family = "wasm")]
mod edge;
pub mod employees;
