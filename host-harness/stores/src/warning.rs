//! What is to be said about a store that was opened.

use std::fmt;

use runtime::store::StoreError;

/// What is to be said about a store that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreWarning {
    /// This user has no home directory to keep state in; values are in memory.
    NoHome,
    /// The store cannot be had; values are in memory.
    Unusable(StoreError),
    /// The server is away. It is used as soon as it is there.
    Away(StoreError),
    /// The server is there, and may lose what cannot be had again.
    Losable {
        /// The server's address.
        server: String,
        /// What may lose it, and the fix.
        why: String,
    },
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str("this user has no home directory to keep state in: name a state directory")?,
            Self::Unusable(error) => write!(f, "{error}")?,
            Self::Away(error) => {
                return write!(f, "{error}; until it answers, calls are resolved without a cache");
            }
            Self::Losable { server, why } => {
                return write!(f, "the store {server} may lose the access that accounts granted: {why}");
            }
        }
        f.write_str("; until then calls are resolved without a durable cache")
    }
}
