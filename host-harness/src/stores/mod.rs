//! Stores behind the key-value capability: where a component's cache lives.
//!
//! A caller is waiting while a store works, so a store answers quickly or fails quickly, and a failure is never the end of a call: what
//! cannot be read counts as unknown, and what cannot be written is noted and the call goes on (rule D9).
//!
//! [`open`] never fails. Where the durable store cannot be had, the calls go on with one in memory, and a [`StoreWarning`] says why and
//! what to do about it.

mod memory;
mod sqlite;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub use memory::MemoryStore;
pub use sqlite::SqliteStore;

/// The file in the state directory.
const FILE_NAME: &str = "key-value.sqlite3";

/// One bucket of one integration.
///
/// The parts are kept apart all the way down, never joined into one text, so whatever characters they contain no two integrations
/// (and no two buckets) can ever mean the same entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shelf<'a> {
    /// The integration.
    pub namespace: &'a str,
    /// The bucket's name inside it.
    pub bucket: &'a str,
}

/// One entry of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot<'a> {
    /// The bucket.
    pub shelf: Shelf<'a>,
    /// The key inside it.
    pub key: &'a str,
}

impl<'a> Shelf<'a> {
    /// The entry of this bucket under this key.
    pub fn slot(self, key: &'a str) -> Slot<'a> {
        Slot { shelf: self, key }
    }
}

/// Some keys of a bucket, in the order of their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<String>,
    /// Where to go on, or none where these were the last. Entries that come and go meanwhile may be missed or seen twice.
    pub next: Option<u64>,
}

impl KeyPage {
    /// From up to one key more than the limit: the one too many only says that there is a next page.
    fn cut(mut keys: Vec<String>, position: u64, limit: u32) -> Self {
        let more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        Self { keys, next: more.then(|| position.saturating_add(u64::from(limit))) }
    }
}

/// Keeps values under keys. Every operation ends within a bounded time, which the implementation names.
#[async_trait::async_trait]
pub trait KeyValueStore: Send + Sync + fmt::Debug {
    /// The value, or none where there is none.
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps the value in place of the one before it. When this returns, the value survives the death of the process, in a durable store.
    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError>;

    /// Keeps the value only where what is there now equals `expected` (none: where there is nothing), in one step that no other process can
    /// come between, and says whether it did. What was kept survives a power cut too, in a durable store.
    async fn compare_and_swap(&self, slot: Slot<'_>, expected: Option<&[u8]>, value: &[u8])
    -> Result<bool, StoreError>;

    /// Forgets the value; not an error where there is none.
    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError>;

    /// Whether there is a value.
    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError>;

    /// At most `limit` keys, from the position that the page before gave, or 0.
    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError>;

    /// Where the values are, for people: `memory`, or the path of a file.
    fn location(&self) -> String;
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
    #[error("the store {} is damaged ({cause}): move it away or delete it, only cached answers are lost", file.display())]
    Corrupt {
        /// The store's file.
        file: PathBuf,
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
}

/// Where values are to be kept. Written as `memory`, or as the path of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreLocation {
    /// The user's state directory: `$XDG_STATE_HOME/host-harness` or `~/.local/state/host-harness` on Linux, the user's local data
    /// directory where the system knows no state directory.
    #[default]
    UserState,
    /// A directory, created where it is missing, for this user alone.
    Directory(PathBuf),
    /// Nowhere: forgotten when the process ends.
    Memory,
}

impl FromStr for StoreLocation {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "memory" { Self::Memory } else { Self::Directory(PathBuf::from(text)) })
    }
}

/// Why the values are not kept where they were to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreWarning {
    /// What is wrong with the durable store; none where this user has no home directory to keep it in.
    pub error: Option<StoreError>,
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Some(error) => write!(f, "{error}")?,
            None => f.write_str("this user has no home directory to keep state in: name a state directory")?,
        }
        f.write_str("; until then calls are resolved without a durable cache")
    }
}

/// The user's state directory for this program, or none where the user has no home directory.
pub fn user_state_directory() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "host-harness")?;
    Some(directories.state_dir().unwrap_or(directories.data_local_dir()).to_owned())
}

/// Opens the store, or one in memory together with the reason. Blocks for as long as the disk takes: call it at start, not in a call.
pub fn open(location: &StoreLocation) -> (Arc<dyn KeyValueStore>, Option<StoreWarning>) {
    let in_memory = |warning| -> (Arc<dyn KeyValueStore>, _) { (Arc::new(MemoryStore::new()), warning) };
    let directory = match location {
        StoreLocation::Memory => return in_memory(None),
        StoreLocation::Directory(directory) => Some(directory.clone()),
        StoreLocation::UserState => user_state_directory(),
    };
    let Some(directory) = directory else {
        return in_memory(Some(StoreWarning { error: None }));
    };
    match SqliteStore::open(file_in(&directory)) {
        Ok(store) => (Arc::new(store), None),
        Err(error) => in_memory(Some(StoreWarning { error: Some(error) })),
    }
}

/// The store's file in a state directory.
pub fn file_in(directory: &Path) -> PathBuf {
    directory.join(FILE_NAME)
}
