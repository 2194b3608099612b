//! A store that forgets everything when the process ends: for tests, for `--state memory`, and where the disk refuses.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{KeyPage, KeyValueStore, Shelf, Slot, StoreError};

/// Keys and values of one bucket.
type BucketValues = BTreeMap<String, Vec<u8>>;
/// Buckets of one integration, by name.
type Buckets = BTreeMap<String, BucketValues>;

/// Keeps values in memory. Every operation is immediate and none fails.
#[derive(Debug, Default)]
pub struct MemoryStore {
    namespaces: Mutex<BTreeMap<String, Buckets>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Buckets>> {
        // Each operation is one step on the map, so a panic elsewhere leaves it whole.
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, shelf: Shelf<'_>, read: impl FnOnce(&BucketValues) -> T) -> Option<T> {
        self.lock().get(shelf.namespace)?.get(shelf.bucket).map(read)
    }

    fn write<T>(&self, shelf: Shelf<'_>, write: impl FnOnce(&mut BucketValues) -> T) -> T {
        let mut namespaces = self.lock();
        let buckets = namespaces.entry(shelf.namespace.to_owned()).or_default();
        write(buckets.entry(shelf.bucket.to_owned()).or_default())
    }
}

#[async_trait::async_trait]
impl KeyValueStore for MemoryStore {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read(slot.shelf, |bucket| bucket.get(slot.key).cloned()).flatten())
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.write(slot.shelf, |bucket| bucket.insert(slot.key.to_owned(), value.to_owned()));
        Ok(())
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        Ok(self.write(slot.shelf, |bucket| {
            let swapped = bucket.get(slot.key).map(Vec::as_slice) == expected;
            if swapped {
                bucket.insert(slot.key.to_owned(), value.to_owned());
            }
            swapped
        }))
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        let mut namespaces = self.lock();
        if let Some(bucket) = namespaces.get_mut(slot.shelf.namespace).and_then(|b| b.get_mut(slot.shelf.bucket)) {
            bucket.remove(slot.key);
        }
        Ok(())
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        Ok(self.read(slot.shelf, |bucket| bucket.contains_key(slot.key)).unwrap_or_default())
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        let page = self.read(shelf, |bucket| {
            let skipped = usize::try_from(position).unwrap_or(usize::MAX);
            KeyPage::cut(bucket.keys().skip(skipped).take(limit as usize + 1).cloned().collect(), position, limit)
        });
        Ok(page.unwrap_or_default())
    }

    fn location(&self) -> String {
        "memory".to_owned()
    }
}
