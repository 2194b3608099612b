//! The operation «Рабочее время» (working hours, rule E3): calls inside the hours leave by one exit, calls outside them by the other.
//!
//! The hours are those that a clock on the wall shows in the time zone of the people who work there. [`decide`] reads the settings of the
//! placement and says which exit it is and by which line; it asks nobody and has no clock, since the time of a call comes with the call. A
//! setting that cannot be read is a reason of its own, never a guess.
//!
//! `edge`, compiled for WebAssembly only, is the one place that names generated bindings.

mod date;
mod days;
mod decision;
#[cfg(target_family = "wasm")]
mod edge;
mod fault;
mod hours;
mod schedule;
mod settings;

pub use decision::{Decision, decide};
pub use fault::Fault;
pub use schedule::Rule;
pub use settings::Settings;
