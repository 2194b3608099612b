//! The operation «Переадресация на персонального менеджера из CRM» (forward to the personal manager from the CRM).
//!
//! An incoming call arrives; [`decision::resolve`] finds the caller's contact in amoCRM, takes the responsible user, checks if asked that
//! this person is at work today, and answers: ring these numbers, or go to the linked operation, and why. The rules that
//! the comments name (rules O1–O7, D1–D12, B1–B5, E4) are in `guest/docs/operation.md`, the amoCRM facts in `guest/docs/amocrm.md`.
//!
//! The decision sees the outside world only through the traits of [`world`]. The `edge` module, compiled for WebAssembly only, implements
//! them with the component's imports and is the one place that names generated bindings; natively the same decision runs with fakes,
//! which is how it is property-tested.

pub mod amocrm;
pub mod cache;
pub mod caller;
pub mod contract;
pub mod decision;
pub mod deputy;
pub mod description;
pub mod details;
#[cfg(target_family = "wasm")]
mod edge;
pub mod employee;
mod facts;
mod last_talk;
pub mod notices;
pub mod reason;
pub mod settings;
pub mod status;
pub mod text;
pub mod time;
pub mod world;
