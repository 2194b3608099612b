//! The store as another call found it, and with what is written since, which nobody else sees.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Entry, Import, KeyValueAsk, Outcome};
use crate::store::{KeyPage, KeyValueStore, Shelf, Slot, StoreError};

/// What one call found under each key. Only the first sight counts: later ones may show what the call wrote itself.
#[derive(Debug, Default)]
struct Found(BTreeMap<String, Result<Option<Vec<u8>>, StoreError>>);

impl Found {
    fn of(entries: &[Entry]) -> Self {
        let mut found = BTreeMap::new();
        for entry in entries {
            let Import::KeyValue(KeyValueAsk::Get { key, answer }) = &entry.import else { continue };
            let value = match answer {
                Outcome::Done(value) => Ok(value.as_ref().map(|bytes| bytes.0.to_vec())),
                Outcome::Failed(text) => Err(StoreError::Recorded(text.clone())),
                Outcome::Unanswered => Err(StoreError::Recorded("the store did not answer".to_owned())),
                // The bucket was not open, so nothing was found.
                Outcome::NoSuchStore | Outcome::AccessDenied => continue,
            };
            found.entry(key.clone()).or_insert(value);
        }
        Self(found)
    }
}

type Key = (String, String, String);

fn key(Slot { shelf, key }: Slot<'_>) -> Key {
    (shelf.namespace.to_owned(), shelf.bucket.to_owned(), key.to_owned())
}

/// The store as a call found it, over one for what that call did not look at. What is written stays here (the number of a call's operations and
/// the size of values are bounded); lists show the store below alone.
#[derive(Debug)]
pub struct Overlay {
    below: Arc<dyn KeyValueStore>,
    found: Found,
    written: Mutex<BTreeMap<Key, Option<Vec<u8>>>>,
    /// The keys that the call did not look at.
    unknown: Arc<Mutex<Vec<String>>>,
}

impl Overlay {
    /// The store that a call found whose imports these are.
    pub fn new(below: Arc<dyn KeyValueStore>, entries: &[Entry]) -> Self {
        Self { below, found: Found::of(entries), written: Mutex::default(), unknown: Arc::default() }
    }

    /// The keys that were asked for and that the call did not look at, as they come to be known.
    pub fn unknown(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.unknown)
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<Key, Option<Vec<u8>>>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl KeyValueStore for Overlay {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        let written = self.written().get(&key(slot)).cloned();
        match (written, self.found.0.get(slot.key)) {
            (Some(written), _) => Ok(written),
            (None, Some(found)) => found.clone(),
            (None, None) => {
                self.unknown.lock().unwrap_or_else(PoisonError::into_inner).push(slot.key.to_owned());
                self.below.get(slot).await
            }
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
        self.below.list_keys(shelf, position, limit).await
    }

    fn location(&self) -> String {
        self.below.location()
    }
}
