//! Identifiers that may be used once: remembered in the host's records until they could not be used any more anyway.

use std::sync::Arc;

use jiff::Timestamp;

use super::{KeyValueStore, Shelf, Slot, StoreError};

/// The bucket beside those of components.
const BUCKET: &str = "used-tokens";
/// How many keys are looked at in one step of sweeping.
const SWEPT: u32 = 8;

/// The used identifiers of one integration, kept for all its processes.
#[derive(Clone, Debug)]
pub struct UsedOnce {
    records: Arc<dyn KeyValueStore>,
    namespace: String,
}

impl UsedOnce {
    /// Those kept in these records for the integration of this namespace.
    pub fn new(records: Arc<dyn KeyValueStore>, namespace: impl Into<String>) -> Self {
        Self { records, namespace: namespace.into() }
    }

    /// Uses an identifier up; `false` where it was used before. It is remembered until `expires_at`.
    pub async fn first_use(&self, id: &str, expires_at: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let expiry = expires_at.as_second().to_string();
        let first = self.records.compare_and_swap(self.slot(id), None, expiry.as_bytes()).await?;
        if first {
            self.sweep(now).await?;
        }
        Ok(first)
    }

    /// Forgets some of those that expired, so that what is kept stays as small as what is in use: each new one looks at the first few keys,
    /// whose order is that of random identifiers.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        for id in self.records.list_keys(self.shelf(), 0, SWEPT).await?.keys {
            let kept = self.records.get(self.slot(&id)).await?;
            let expiry = kept.as_deref().and_then(|kept| std::str::from_utf8(kept).ok()?.parse::<i64>().ok());
            // What cannot be read cannot be waited for.
            if expiry.is_none_or(|expiry| expiry < now.as_second()) {
                self.records.delete(self.slot(&id)).await?;
            }
        }
        Ok(())
    }

    fn shelf(&self) -> Shelf<'_> {
        Shelf { namespace: &self.namespace, bucket: BUCKET }
    }

    fn slot<'a>(&'a self, id: &'a str) -> Slot<'a> {
        self.shelf().slot(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn an_identifier_is_used_once_and_forgotten_when_it_expired() {
        let store: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::new());
        let used = UsedOnce::new(Arc::clone(&store), "main");
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let expires_at = now + SignedDuration::from_mins(30);
        assert!(used.first_use("a", expires_at, now).await.unwrap());
        assert!(!used.first_use("a", expires_at, now).await.unwrap());
        assert!(UsedOnce::new(Arc::clone(&store), "another").first_use("a", expires_at, now).await.unwrap());
        let later = expires_at + SignedDuration::from_secs(1);
        assert!(used.first_use("b", later + SignedDuration::from_mins(30), later).await.unwrap());
        assert_eq!(store.list_keys(used.shelf(), 0, 10).await.unwrap().keys, ["b"]);
    }
}
