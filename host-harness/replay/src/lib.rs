//! Calls resolved again: [`recording`]s of live calls, [`policy`] tests from files, the [`rehearsal`] of a whole history, and the [`demo`] account.
//!
//! Nothing here answers a PBX. The crate may use everything below the server, and the simulated amoCRM.
//!
//! ```
//! use replay::recording::Numbers;
//!
//! // Of a number in a recording the last seven digits are others; equal numbers stay equal.
//! let numbers = Numbers::kept_in(None)?;
//! let hidden = numbers.number("+79161234567");
//! assert_eq!(hidden.len(), "+79161234567".len());
//! assert_eq!(hidden, numbers.number("+79161234567"));
//! assert_ne!(hidden, "+79161234567");
//! # Ok::<_, anyhow::Error>(())
//! ```

pub mod demo;
pub mod difference;
pub mod policy;
pub mod recording;
pub mod rehearsal;
