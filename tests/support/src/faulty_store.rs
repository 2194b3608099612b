//! A store that fails on demand.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::store::{KeyPage, KeyValueStore, MemoryStore, Shelf, Slot, StoreError};

/// A memory store whose reads and writes can be made to fail, or to hang for ever.
#[derive(Debug, Default)]
pub struct FaultyStore {
    inner: MemoryStore,
    /// Whether reads fail.
    pub reads_fail: AtomicBool,
    /// Whether writes fail.
    pub writes_fail: AtomicBool,
    /// Whether nothing ever ends.
    pub hangs: AtomicBool,
}

impl FaultyStore {
    async fn operate(&self, fails: &AtomicBool) -> Result<(), StoreError> {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if fails.load(Ordering::Relaxed) {
            return Err(StoreError::Locked { file: PathBuf::from("/nowhere/key-value.sqlite3") });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl KeyValueStore for FaultyStore {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        self.operate(&self.reads_fail).await?;
        self.inner.get(slot).await
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.operate(&self.writes_fail).await?;
        self.inner.set(slot, value).await
    }

    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.operate(&self.writes_fail).await?;
        self.inner.cache(slot, value).await
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        self.operate(&self.writes_fail).await?;
        self.inner.compare_and_swap(slot, expected, value).await
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        self.operate(&self.writes_fail).await?;
        self.inner.delete(slot).await
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        self.operate(&self.reads_fail).await?;
        self.inner.exists(slot).await
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        self.operate(&self.reads_fail).await?;
        self.inner.list_keys(shelf, position, limit).await
    }

    fn location(&self) -> String {
        "a store that fails on demand".to_owned()
    }
}
