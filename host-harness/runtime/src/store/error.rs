//! Why a store did not do what it was asked, for people.

use std::path::PathBuf;
use std::time::Duration;

/// What a file holds, and so what is lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Cached answers alone.
    Cache,
    /// What the host itself keeps, with a copy beside it.
    Records,
    /// Both: a file of a version that did not keep them apart.
    All,
}

impl Contents {
    /// What to do about a damaged file.
    const fn remedy(self) -> &'static str {
        match self {
            Self::Cache => "move it away or delete it, only cached answers are lost",
            Self::Records => "restart the program, and the copy beside it takes its place",
            Self::All => {
                "it may hold the access to accounts, which is lost with it: move it away and run `host-harness connect`"
            }
        }
    }
}

/// Why a store did not do what it was asked. Each text names the store at fault and, where there is one, the fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process is writing for too long.
    #[error("the store {} is locked by another process: close the program that holds it open", file.display())]
    Locked {
        /// The store's file.
        file: PathBuf,
    },
    /// The time for one operation ran out.
    #[error("the store {} did not answer within {} ms: check the disk that it is on", file.display(), after.as_millis())]
    TimedOut {
        /// The store's file.
        file: PathBuf,
        /// The time that was allowed.
        after: Duration,
    },
    /// The file is damaged.
    #[error("the store {} is damaged ({cause}): {}", file.display(), contents.remedy())]
    Corrupt {
        /// The store's file.
        file: PathBuf,
        /// What it holds.
        contents: Contents,
        /// What is damaged.
        cause: String,
    },
    /// The file is a healthy database of another program, or no database at all.
    #[error("{} is not a store of this program: move it away, or choose another state directory", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file was written by a newer version of this software.
    #[error(
        "the store {} was written by a newer version (format {found}, this version knows {known}): use that version, or move the \
         file away", file.display()
    )]
    Newer {
        /// The store's file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version reads.
        known: i64,
    },
    /// The file or its directory cannot be created, read or written.
    #[error(
        "the store {} cannot be opened for writing ({cause}): check that this user may write there, or choose another state \
         directory", file.display()
    )]
    Unwritable {
        /// The store's file.
        file: PathBuf,
        /// What the operating system said.
        cause: String,
    },
    /// The disk is full.
    #[error("the store {} cannot grow, the disk is full: free some space", file.display())]
    Full {
        /// The store's file.
        file: PathBuf,
    },
    /// Something else went wrong inside the store.
    #[error("the store {} failed ({cause})", file.display())]
    Fault {
        /// The store's file.
        file: PathBuf,
        /// What the database said.
        cause: String,
    },
    /// No connection to the server.
    #[error(
        "the store {server} cannot be reached ({cause}): check that the server runs and that this machine may connect to it"
    )]
    Unreachable {
        /// The server's address.
        server: String,
        /// What went wrong.
        cause: String,
    },
    /// The server took too long.
    #[error("the store {server} did not answer within {} ms: check the server's load and the network", after.as_millis())]
    NoAnswer {
        /// The server's address.
        server: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// The server does not know this user or password.
    #[error("the store {server} refuses this user or password: check `password`, and the user in the address")]
    Denied {
        /// The server's address.
        server: String,
    },
    /// The server answered that it will not.
    #[error("the store {server} refused ({cause}): check the server's state and what this user may do there")]
    Refused {
        /// The server's address.
        server: String,
        /// What the server said.
        cause: String,
    },
    /// What the connection needs cannot be had on this machine.
    #[error("the store {server} cannot be used: {cause}")]
    Unprepared {
        /// The server's address.
        server: String,
        /// What is missing, and the fix.
        cause: String,
    },
    /// What a store said to a call that is resolved again.
    #[error("{0}")]
    Recorded(String),
}
