//! Where values are kept, and how the store there is opened.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::redis::{LocationError, RedisLocation, RedisStore};
use super::{SqliteStore, StoreWarning};
use runtime::store::{KeyValueStore, MemoryStore};

/// The file in the state directory.
const FILE_NAME: &str = "key-value.sqlite3";

/// Where values are to be kept. Written as `memory`, as `redis://…` or `rediss://…` (see [`RedisLocation`]), or as the path of a directory.
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
    /// A server of Redis or Valkey, which several nodes may share.
    Redis(RedisLocation),
}

impl StoreLocation {
    /// This machine's own directory beside the store, for what is kept in files; none where nothing is to outlast the process. A store that
    /// several nodes share holds values alone: each node keeps files of its own.
    pub fn own_directory(&self) -> Option<PathBuf> {
        match self {
            Self::Directory(directory) => Some(directory.clone()),
            Self::UserState | Self::Redis(_) => user_state_directory(),
            Self::Memory => None,
        }
    }
}

impl FromStr for StoreLocation {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if RedisLocation::is_meant(text) {
            return text.parse().map(Self::Redis);
        }
        Ok(Self::Directory(PathBuf::from(text)))
    }
}

/// The user's state directory for this program, or none where the user has no home directory.
pub fn user_state_directory() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "host-harness")?;
    Some(directories.state_dir().unwrap_or(directories.data_local_dir()).to_owned())
}

/// Opens the store, or one in memory together with the reason. Blocks for as long as the disk takes, or a server up to a second: call it at
/// start, not in a call.
pub fn open(location: &StoreLocation) -> (Arc<dyn KeyValueStore>, Option<StoreWarning>) {
    let in_memory = |warning| -> (Arc<dyn KeyValueStore>, _) { (Arc::new(MemoryStore::new()), warning) };
    let directory = match location {
        StoreLocation::Memory => return in_memory(None),
        StoreLocation::Directory(directory) => Some(directory.clone()),
        StoreLocation::UserState => user_state_directory(),
        StoreLocation::Redis(location) => {
            return match RedisStore::open(location) {
                Ok((store, warning)) => (Arc::new(store), warning),
                Err(error) => in_memory(Some(StoreWarning::Unusable(error))),
            };
        }
    };
    let Some(directory) = directory else {
        return in_memory(Some(StoreWarning::NoHome));
    };
    match SqliteStore::open(file_in(&directory)) {
        Ok(store) => (Arc::new(store), None),
        Err(error) => in_memory(Some(StoreWarning::Unusable(error))),
    }
}

/// The store's file in a state directory.
pub fn file_in(directory: &Path) -> PathBuf {
    directory.join(FILE_NAME)
}
