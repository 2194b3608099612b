//! Stores that last: a file of SQLite for one host, a server of Redis or Valkey for several.
//!
//! [`open`] never fails. Where the durable store cannot be opened, the calls go on with one in memory, and a [`StoreWarning`] says why and
//! what to do about it. A server that several nodes share may be away and come back: meanwhile every read is a miss.

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
