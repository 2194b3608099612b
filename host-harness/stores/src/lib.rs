//! Stores that last: a file of SQLite for one host, a server of Redis or Valkey for several.
//!
//! [`open`] never fails. Where the durable store cannot be opened, the calls go on with one in memory, and a [`StoreWarning`] says why and
//! what to do about it. A server that several nodes share may be away and come back: meanwhile every read is a miss.
//!
//! The crate knows the runtime's trait of a store, and nothing of what is kept.
//!
//! ```
//! use stores::StoreLocation;
//!
//! // `memory`, a directory, or `redis://…`, as a person writes it.
//! let location: StoreLocation = "memory".parse()?;
//! let (store, warning) = stores::open(&location);
//! assert!(warning.is_none());
//! assert_eq!(store.location(), "memory");
//! # Ok::<_, stores::LocationError>(())
//! ```

mod location;
mod redis;
mod sqlite;
#[cfg(test)]
mod tests;
mod warning;

pub use location::{StoreLocation, file_in, open, user_state_directory};
pub use redis::{LocationError, RedisLocation, RedisStore};
pub use sqlite::SqliteStore;
pub use warning::StoreWarning;
