//! The store behind the key-value capability, where a component's cache lives: what it must do, and one in memory.
//!
//! A caller is waiting while a store works, so a store answers quickly or fails quickly, and a failure is never the end of a call: what
//! cannot be read counts as unknown, and what cannot be written is noted and the call goes on (rule D9).
//!
//! What is kept is of two kinds. A component's bucket is a cache, written with [`KeyValueStore::cache`]: it is forgotten after [`CACHED_FOR`],
//! and holds at most [`BUCKET_QUOTA`]. Everything else (grants, presence, used identifiers), written with [`KeyValueStore::set`] and
//! [`KeyValueStore::compare_and_swap`], stays until it is deleted. Where both are files, each kind has its own: see [`Stores`].

mod error;
mod memory;
mod quota;
mod shared_record;
mod shared_window;
mod used_once;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use error::{Contents, StoreError};
pub use memory::MemoryStore;
pub use quota::{BUCKET_QUOTA, ENTRY_OVERHEAD, FullBuckets, entry_bytes};
pub use shared_record::{Look, RecordError, Recorded, Seen, SharedRecord};
pub use shared_window::{Asked, SharedWindow, WindowBounds, WindowState};
pub use used_once::UsedOnce;

/// How long a store keeps what can be had again ([`KeyValueStore::cache`]), counted from when it was written. Longer than anything in a cache
/// is believed, so that it is only forgotten once nobody would use it.
pub const CACHED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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
    pub fn cut(mut keys: Vec<String>, position: u64, limit: u32) -> Self {
        let more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        Self { keys, next: more.then(|| position.saturating_add(u64::from(limit))) }
    }
}

/// Where a host keeps its values: what may be lost, and what may not.
#[derive(Clone, Debug)]
pub struct Stores {
    /// The buckets of components: answers that can be fetched again.
    pub cache: Arc<dyn KeyValueStore>,
    /// What the host itself keeps: grants, presence, used tokens.
    pub records: Arc<dyn KeyValueStore>,
}

impl Stores {
    /// Both in one store: in memory, or at a server.
    pub fn in_one(store: Arc<dyn KeyValueStore>) -> Self {
        Self { cache: Arc::clone(&store), records: store }
    }

    /// Both in memory.
    pub fn in_memory() -> Self {
        Self::in_one(Arc::new(MemoryStore::new()))
    }
}

/// Keeps values under keys. Every operation ends within a bounded time, which the implementation names.
#[async_trait::async_trait]
pub trait KeyValueStore: Send + Sync + fmt::Debug {
    /// The value, or none where there is none.
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps the value in place of the one before it. When this returns, the value survives the death of the process, in a durable store.
    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError>;

    /// The same for a value that can be fetched again: a store that lasts forgets it [`CACHED_FOR`] after it was written. Where the bucket then
    /// holds more than [`BUCKET_QUOTA`], the cached values that were written first go in the same operation, never this one, and nothing that
    /// was set or swapped. By default it is set like any other value, without a quota.
    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.set(slot, value).await
    }

    /// The same for a value that is of no use after this time, whatever [`CACHED_FOR`] is. All values of a bucket are cached for the same time. By
    /// default it is cached like any other.
    async fn cache_for(&self, slot: Slot<'_>, value: &[u8], time: Duration) -> Result<(), StoreError> {
        let _ = time;
        self.cache(slot, value).await
    }

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

    /// A number that is another one once anybody else has written: another process, or another store over the same place. None where nobody can tell.
    async fn revision(&self) -> Option<u64> {
        None
    }

    /// Where the values are, for people: `memory`, the path of a file, or the address of a server without user and password.
    fn location(&self) -> String;

    /// Whether other nodes may have the same store.
    fn is_shared(&self) -> bool {
        false
    }

    /// The window of starts under this name that all nodes with this store share; none where no other node can have it.
    fn shared_window(&self, name: &str, bounds: WindowBounds) -> Option<Arc<dyn SharedWindow>> {
        let _ = (name, bounds);
        None
    }
}
