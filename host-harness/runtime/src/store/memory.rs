//! A store that forgets everything when the process ends: for tests, for `--state memory`, and where the disk refuses.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{BUCKET_QUOTA, FullBuckets, KeyPage, KeyValueStore, Shelf, Slot, StoreError, entry_bytes};

/// One value, and its place in the order of writing where it is cached.
#[derive(Debug)]
struct StoredValue {
    value: Vec<u8>,
    written: Option<u64>,
}

/// Keys and values of one bucket.
#[derive(Debug, Default)]
struct BucketValues {
    entries: BTreeMap<String, StoredValue>,
    /// The keys of cached values, in the order of writing.
    cached: BTreeMap<u64, String>,
    cached_bytes: u64,
    /// How many cached values were written.
    writes: u64,
}

impl BucketValues {
    fn get(&self, key: &str) -> Option<&Vec<u8>> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        self.remove(key);
        self.entries.insert(key.to_owned(), StoredValue { value: value.to_owned(), written: None });
    }

    /// Whether others had to go.
    fn cache(&mut self, key: &str, value: &[u8], quota: u64) -> bool {
        self.remove(key);
        let written = self.writes;
        self.writes += 1;
        self.cached.insert(written, key.to_owned());
        self.cached_bytes += entry_bytes(key, value);
        self.entries.insert(key.to_owned(), StoredValue { value: value.to_owned(), written: Some(written) });
        let mut full = false;
        while self.cached_bytes > quota && self.cached.len() > 1 {
            let Some((_, oldest)) = self.cached.first_key_value() else { break };
            let oldest = oldest.clone();
            self.remove(&oldest);
            full = true;
        }
        full
    }

    fn remove(&mut self, key: &str) {
        let Some(entry) = self.entries.remove(key) else { return };
        if let Some(written) = entry.written {
            self.cached.remove(&written);
            self.cached_bytes -= entry_bytes(key, &entry.value);
        }
    }
}

/// Buckets of one integration, by name.
type Buckets = BTreeMap<String, BucketValues>;

/// Keeps values in memory. Every operation is immediate and none fails.
#[derive(Debug)]
pub struct MemoryStore {
    namespaces: Mutex<BTreeMap<String, Buckets>>,
    quota: u64,
    full: FullBuckets,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { namespaces: Mutex::default(), quota: BUCKET_QUOTA, full: FullBuckets::default() }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another quota for a bucket, in bytes.
    #[must_use]
    pub fn with_quota(self, quota: u64) -> Self {
        Self { quota, ..self }
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
        self.write(slot.shelf, |bucket| bucket.set(slot.key, value));
        Ok(())
    }

    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        if self.write(slot.shelf, |bucket| bucket.cache(slot.key, value, self.quota)) {
            self.full.tell(slot.shelf, self.quota);
        }
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
                bucket.set(slot.key, value);
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
        Ok(self.read(slot.shelf, |bucket| bucket.entries.contains_key(slot.key)).unwrap_or_default())
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        let page = self.read(shelf, |bucket| {
            let skipped = usize::try_from(position).unwrap_or(usize::MAX);
            KeyPage::cut(
                bucket.entries.keys().skip(skipped).take(limit as usize + 1).cloned().collect(),
                position,
                limit,
            )
        });
        Ok(page.unwrap_or_default())
    }

    fn location(&self) -> String {
        "memory".to_owned()
    }
}
