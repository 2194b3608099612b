//! Stores that last: a file of SQLite for one host, a server of Redis or Valkey for several.
//!
//! [`open`] never fails. Where a durable store cannot be opened, the calls go on with one in memory, and a [`StoreWarning`] says why and
//! what to do about it. Files keep cached answers and the host's own records apart, and the records have a copy. A server that several nodes share may be away and come back: meanwhile every read is a miss.
//!
//! The crate knows the runtime's trait of a store, and nothing of what is kept.
//!
//! ```
//! use stores::StoreLocation;
//!
//! // `memory`, a directory, or `redis://…`, as a person writes it.
//! let location: StoreLocation = "memory".parse()?;
//! let (stores, warnings) = stores::open(&location);
//! assert!(warnings.is_empty());
//! assert_eq!(stores.records.location(), "memory");
//! # Ok::<_, stores::LocationError>(())
//! ```

mod location;
mod read_cache;
mod redis;
mod sqlite;
mod state_files;
#[cfg(test)]
mod tests;
mod warning;

pub use location::{StoreLocation, open, user_state_directory};
pub use redis::{LocationError, RedisLocation, RedisStore};
pub use sqlite::{SqliteStore, copy_database};
pub use warning::StoreWarning;
