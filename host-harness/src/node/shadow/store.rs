//! The store as a shadow sees it: as the call that it follows found it, and with what it writes itself, which nobody else sees.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::stores::{KeyPage, KeyValueStore, Shelf, Slot, StoreError};

/// The most bytes that are kept of what one call reads.
const MOST_BYTES: usize = 1024 * 1024;

type Key = (String, String, String);

/// What one call found in the store; a clone is the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(Arc<Mutex<Found>>);

#[derive(Debug, Default)]
struct Found {
    values: BTreeMap<Key, Result<Option<Vec<u8>>, StoreError>>,
    bytes: usize,
    overflowed: bool,
}

impl Reads {
    /// Whether there was too much to keep.
    pub(super) fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    /// Only the first sight of an entry counts: later ones may show what the call wrote itself.
    fn note(&self, slot: Slot<'_>, value: &Result<Option<Vec<u8>>, StoreError>) {
        let mut found = self.lock();
        found.bytes += value.as_ref().ok().and_then(Option::as_ref).map_or(0, Vec::len);
        found.overflowed |= found.bytes > MOST_BYTES;
        if !found.overflowed {
            found.values.entry(key(slot)).or_insert_with(|| value.clone());
        }
    }

    fn value(&self, slot: Slot<'_>) -> Option<Result<Option<Vec<u8>>, StoreError>> {
        self.lock().values.get(&key(slot)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(Slot { shelf, key }: Slot<'_>) -> Key {
    (shelf.namespace.to_owned(), shelf.bucket.to_owned(), key.to_owned())
}

/// The store of a call that is followed: what it reads is noted.
#[derive(Debug)]
pub(super) struct Recorder {
    store: Arc<dyn KeyValueStore>,
    reads: Reads,
}

impl Recorder {
    pub(super) fn new(store: Arc<dyn KeyValueStore>, reads: Reads) -> Self {
        Self { store, reads }
    }
}

#[async_trait::async_trait]
impl KeyValueStore for Recorder {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.store.get(slot).await;
        self.reads.note(slot, &value);
        value
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.store.set(slot, value).await
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        self.store.compare_and_swap(slot, expected, value).await
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        self.store.delete(slot).await
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        self.store.exists(slot).await
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        self.store.list_keys(shelf, position, limit).await
    }

    fn location(&self) -> String {
        self.store.location()
    }
}

/// The store of a shadow. What it writes stays here (the number of a call's operations and the size of values are bounded); lists show the
/// store alone.
#[derive(Debug)]
pub(super) struct Overlay {
    store: Arc<dyn KeyValueStore>,
    reads: Reads,
    written: Mutex<BTreeMap<Key, Option<Vec<u8>>>>,
}

impl Overlay {
    pub(super) fn new(store: Arc<dyn KeyValueStore>, reads: Reads) -> Self {
        Self { store, reads, written: Mutex::default() }
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<Key, Option<Vec<u8>>>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl KeyValueStore for Overlay {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let written = self.written().get(&key(slot)).cloned();
        match (written, self.reads.value(slot)) {
            (Some(written), _) => Ok(written),
            (None, Some(read)) => read,
            (None, None) => self.store.get(slot).await,
        }
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.written().insert(key(slot), Some(value.to_owned()));
        Ok(())
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        let swapped = self.get(slot).await?.as_deref() == expected;
        if swapped {
            self.set(slot, value).await?;
        }
        Ok(swapped)
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        self.written().insert(key(slot), None);
        Ok(())
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        Ok(self.get(slot).await?.is_some())
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        self.store.list_keys(shelf, position, limit).await
    }

    fn location(&self) -> String {
        self.store.location()
    }
}
