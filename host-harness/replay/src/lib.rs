//! Calls resolved again: [`recording`]s of live calls, [`policy`] tests from files, the [`rehearsal`] of a whole history, and the [`demo`] account.

pub mod demo;
mod difference;
pub mod policy;
pub mod recording;
pub mod rehearsal;
