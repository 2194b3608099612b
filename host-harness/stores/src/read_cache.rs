//! A store whose values are also held in this process: reading one takes a hop to a thread or a server, and many calls read the same few.
//!
//! What this process writes is seen at once. What another one writes is seen within [`TRUSTED_FOR`] and a look: held values are trusted for so long,
//! then the store is asked whether anybody else has written ([`KeyValueStore::revision`]), and everything held is forgotten if so, or if it cannot tell.
//! Only single values are held. Whether there is one, lists and swaps go to the store itself, and so does everything of a host's own records,
//! which are not read through this.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runtime::store::{KeyPage, KeyValueStore, SharedWindow, Shelf, Slot, StoreError, WindowBounds};
use tokio::time::Instant;

/// How long held values are used without a look whether another process has written.
const TRUSTED_FOR: Duration = Duration::from_millis(50);
/// How many bytes are held, twice: what was used lately, and what was before that.
const HELD_BYTES: usize = 4 * 1024 * 1024;
/// What an entry takes besides its key and value.
const OVERHEAD: usize = 128;

/// A store with values of it in this process.
#[derive(Debug)]
pub(crate) struct ReadCache {
    store: Arc<dyn KeyValueStore>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    lately: Generation,
    before: Generation,
    /// The store's revision when it was looked at last; none before that, or where it cannot tell.
    revision: Option<u64>,
    looked: Option<Instant>,
    /// Somebody is looking now.
    is_looking: bool,
    /// Changes whenever a value that is being read may be an old one: it is not held then.
    epoch: u64,
    /// Writes of this process that have not ended.
    writing: usize,
}

#[derive(Debug, Default)]
struct Generation {
    values: HashMap<[String; 3], Arc<[u8]>>,
    bytes: usize,
}

impl Generation {
    fn insert(&mut self, key: [String; 3], value: Arc<[u8]>) {
        self.bytes += OVERHEAD + value.len() + key.iter().map(String::len).sum::<usize>();
        self.values.insert(key, value);
    }
}

/// What is known of a value without asking the store.
enum Known {
    Value(Arc<[u8]>),
    /// Nothing. The value may be held that is read in this epoch.
    Nothing {
        epoch: u64,
    },
    /// It has to be looked whether anybody else has written.
    Stale,
}

impl ReadCache {
    pub(crate) fn new(store: Arc<dyn KeyValueStore>) -> Self {
        Self { store, held: Mutex::default() }
    }

    /// How many bytes are held.
    #[cfg(test)]
    pub(crate) fn held_bytes(&self) -> usize {
        let held = self.held();
        held.lately.bytes + held.before.bytes
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Each value is whole by itself.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether anybody else has written since the last look.
    async fn look(&self) {
        let mut look = Look { held: &self.held, revision: None };
        look.revision = self.store.revision().await;
    }

    /// Begins a write of this process.
    fn write(&self, slot: Slot<'_>) -> Write<'_> {
        self.held().writing += 1;
        Write { held: &self.held, key: owned(slot) }
    }
}

/// A look that is under way. It ends even where whoever waits for it goes away.
struct Look<'a> {
    held: &'a Mutex<Held>,
    revision: Option<u64>,
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if self.revision.is_none() || self.revision != held.revision {
            held.forget();
        }
        held.revision = self.revision;
        held.looked = Some(Instant::now());
        held.is_looking = false;
    }
}

/// A write of this process that is under way. No value is held that was read before its end, whatever came of it.
struct Write<'a> {
    held: &'a Mutex<Held>,
    key: [String; 3],
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.writing -= 1;
        held.epoch += 1;
        held.lately.values.remove(&self.key);
        held.before.values.remove(&self.key);
    }
}

impl Held {
    fn know(&mut self, slot: Slot<'_>) -> Known {
        let is_trusted = self.looked.is_some_and(|looked| looked.elapsed() < TRUSTED_FOR);
        if !is_trusted {
            if self.is_looking {
                // Whoever looks will not know of this read.
                return Known::Nothing { epoch: u64::MAX };
            }
            self.is_looking = true;
            return Known::Stale;
        }
        let key = owned(slot);
        if let Some(value) = self.lately.values.get(&key) {
            return Known::Value(Arc::clone(value));
        }
        let Some(value) = self.before.values.remove(&key) else { return Known::Nothing { epoch: self.epoch } };
        self.hold(key, Arc::clone(&value));
        Known::Value(value)
    }

    fn hold(&mut self, key: [String; 3], value: Arc<[u8]>) {
        self.lately.insert(key, value);
        if self.lately.bytes > HELD_BYTES {
            self.before = std::mem::take(&mut self.lately);
        }
    }

    fn forget(&mut self) {
        (self.lately, self.before) = Default::default();
        self.epoch += 1;
    }
}

/// The address of an entry as owned text.
fn owned(slot: Slot<'_>) -> [String; 3] {
    [slot.shelf.namespace, slot.shelf.bucket, slot.key].map(str::to_owned)
}

#[async_trait::async_trait]
impl KeyValueStore for ReadCache {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let mut known = self.held().know(slot);
        if matches!(known, Known::Stale) {
            self.look().await;
            known = self.held().know(slot);
        }
        let epoch = match known {
            Known::Value(value) => return Ok(Some(value.to_vec())),
            Known::Nothing { epoch } => epoch,
            // A look took longer than it is good for.
            Known::Stale => {
                self.held().is_looking = false;
                u64::MAX
            }
        };
        let found = self.store.get(slot).await?;
        if let Some(value) = &found {
            let mut held = self.held();
            if held.epoch == epoch && held.writing == 0 {
                held.hold(owned(slot), value.as_slice().into());
            }
        }
        Ok(found)
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        let _write = self.write(slot);
        self.store.set(slot, value).await
    }

    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        let _write = self.write(slot);
        self.store.cache(slot, value).await
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        let _write = self.write(slot);
        self.store.compare_and_swap(slot, expected, value).await
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        let _write = self.write(slot);
        self.store.delete(slot).await
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        self.store.exists(slot).await
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        self.store.list_keys(shelf, position, limit).await
    }

    async fn revision(&self) -> Option<u64> {
        self.store.revision().await
    }

    fn location(&self) -> String {
        self.store.location()
    }

    fn shared_window(&self, name: &str, bounds: WindowBounds) -> Option<Arc<dyn SharedWindow>> {
        self.store.shared_window(name, bounds)
    }
}
