//! How much a bucket of cached values may hold, counted alike in every store.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::Shelf;

/// The most bytes that the cached values of one bucket take, each counted by [`entry_bytes`]. Kept managers take some 500 bytes a caller, so
/// that a bucket has room for more than 100,000 callers in a week.
pub const BUCKET_QUOTA: u64 = 64 * 1024 * 1024;

/// What an entry takes beside its key and value, about: its address, and its places in the indexes. Without it, millions of empty values would
/// fit into any quota. Files count by it, so another number is another format.
pub const ENTRY_OVERHEAD: u64 = 256;

/// What an entry counts for in the quota of its bucket: the bytes of its key and value, and [`ENTRY_OVERHEAD`].
pub fn entry_bytes(key: &str, value: &[u8]) -> u64 {
    key.len() as u64 + value.len() as u64 + ENTRY_OVERHEAD
}

/// The buckets that were full since the process began. Each is told of once: it stays full.
#[derive(Debug, Default)]
pub struct FullBuckets(Mutex<BTreeSet<(String, String)>>);

impl FullBuckets {
    /// A value of this bucket had to go. Logs it the first time.
    pub fn tell(&self, shelf: Shelf<'_>, quota: u64) {
        if self.is_first(shelf) {
            tracing::warn!(
                integration = shelf.namespace,
                bucket = shelf.bucket,
                quota,
                "the bucket is full: from now on its oldest values are forgotten to make room for new ones"
            );
        }
    }

    fn is_first(&self, shelf: Shelf<'_>) -> bool {
        let bucket = (shelf.namespace.to_owned(), shelf.bucket.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_is_full_is_told_of_once() {
        let full = FullBuckets::default();
        let told = |namespace, bucket| full.is_first(Shelf { namespace, bucket });
        assert!(told("main", "default") && told("main", "other") && told("other", "default"));
        assert!(!told("main", "default") && !told("other", "default"));
    }
}
