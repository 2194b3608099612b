//! Where values are kept, and how the stores there are opened.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use super::read_cache::ReadCache;
use super::redis::{LocationError, RedisLocation, RedisStore};
use super::sqlite::OPERATION;
use super::{StoreWarning, state_files};
use runtime::store::{KeyValueStore, Stores};

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

/// Opens the stores, in memory where they cannot be used, together with the reasons. Blocks for as long as the disk takes, or a server up to a
/// second: call it at start, not in a call.
///
/// In a directory, what the host itself keeps has a file of its own beside the cached answers. At a server, which several nodes share, all is in
/// one store.
pub fn open(location: &StoreLocation) -> (Stores, Vec<StoreWarning>) {
    let directory = match location {
        StoreLocation::Memory => return (Stores::in_memory(), Vec::new()),
        StoreLocation::Directory(directory) => Some(directory.clone()),
        StoreLocation::UserState => user_state_directory(),
        StoreLocation::Redis(location) => {
            return match RedisStore::open(location) {
                Ok((store, warning)) => {
                    let records: Arc<dyn KeyValueStore> = Arc::new(store);
                    let cache = Arc::new(ReadCache::new(Arc::clone(&records)));
                    (Stores { cache, records }, warning.into_iter().collect())
                }
                Err(error) => (Stores::in_memory(), vec![StoreWarning::Unusable(error)]),
            };
        }
    };
    match directory {
        Some(directory) => state_files::open(&directory, OPERATION),
        None => (Stores::in_memory(), vec![StoreWarning::NoHome]),
    }
}
