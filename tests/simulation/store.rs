//! The world's store: in memory, and as unreliable as its plan says. It loses nothing but what is cached.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use runtime::store::{KeyPage, KeyValueStore, MemoryStore, Shelf, Slot, StoreError};
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct WorldStore {
    inner: MemoryStore,
    pub(crate) reads_fail: AtomicBool,
    pub(crate) writes_fail: AtomicBool,
    /// What was cached lately: where, when, and what had been there.
    lately: Mutex<Vec<Cached>>,
}

#[derive(Debug)]
struct Cached {
    at: Instant,
    namespace: String,
    bucket: String,
    key: String,
    before: Option<Vec<u8>>,
}

/// What a power cut takes.
const LAST: Duration = Duration::from_secs(1);

impl WorldStore {
    /// Forgets what was cached within the last second.
    pub(crate) async fn lose_last_second(&self) {
        let lately = std::mem::take(&mut *self.lately.lock().expect("no panic"));
        for lost in lately.into_iter().rev().filter(|lost| lost.at.elapsed() <= LAST) {
            let slot = Shelf { namespace: &lost.namespace, bucket: &lost.bucket }.slot(&lost.key);
            match &lost.before {
                Some(before) => self.inner.set(slot, before).await.expect("memory"),
                None => self.inner.delete(slot).await.expect("memory"),
            }
        }
    }

    fn check(fails: &AtomicBool) -> Result<(), StoreError> {
        if fails.load(Ordering::Relaxed) {
            return Err(StoreError::Locked { file: PathBuf::from("/nowhere/key-value.sqlite3") });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl KeyValueStore for WorldStore {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        Self::check(&self.reads_fail)?;
        self.inner.get(slot).await
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        Self::check(&self.writes_fail)?;
        self.inner.set(slot, value).await
    }

    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        Self::check(&self.writes_fail)?;
        let before = self.inner.get(slot).await?;
        {
            let mut lately = self.lately.lock().expect("no panic");
            lately.retain(|cached| cached.at.elapsed() <= LAST);
            let (namespace, bucket) = (slot.shelf.namespace.to_owned(), slot.shelf.bucket.to_owned());
            lately.push(Cached { at: Instant::now(), namespace, bucket, key: slot.key.to_owned(), before });
        }
        self.inner.set(slot, value).await
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        Self::check(&self.writes_fail)?;
        self.inner.compare_and_swap(slot, expected, value).await
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        Self::check(&self.writes_fail)?;
        self.inner.delete(slot).await
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        Self::check(&self.reads_fail)?;
        self.inner.exists(slot).await
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        Self::check(&self.reads_fail)?;
        self.inner.list_keys(shelf, position, limit).await
    }

    fn location(&self) -> String {
        "a simulated store".to_owned()
    }
}
