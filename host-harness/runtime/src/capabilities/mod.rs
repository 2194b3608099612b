//! What a component may reach, one capability a file: each says what it grants, implements the standard traits, and has its limits
//! and tests beside it. A capability never reaches for another one's state, and knows of no journal: [`journal`](crate::journal) stands before it.

pub mod clocks;
pub mod config;
pub(crate) mod diagnostics;
pub mod directory;
pub mod http;
pub mod key_value;
