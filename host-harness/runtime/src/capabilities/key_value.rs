//! Key-value storage for operations: `wasi:keyvalue/store@0.2.0-draft` over a [`KeyValueStore`].
//!
//! **Grants** one bucket, by its configured name, and in it the entries of one integration. Any other name is `access-denied`.
//!
//! **Limits**, each answered with `other` and a text that names it: a key has at most `MAX_KEY_BYTES`, a value at most
//! `MAX_VALUE_BYTES`, and one call makes at most `MAX_OPERATIONS` (opening counts).
//!
//! **Failures** of the store are `other` with the store's own words, never a trap: an operation that cannot read its cache asks
//! the CRM, and one that cannot write it still forwards the call (rule D9). An operation on the store ends in bounded time.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::Result;
use wasmtime::component::{HasData, Resource, ResourceTable};

use crate::bindings::wasi::keyvalue::store;
use crate::store::{KeyValueStore, Shelf, StoreError};

/// The longest key, in bytes of UTF-8.
pub(crate) const MAX_KEY_BYTES: usize = 256;
/// The largest value, in bytes.
pub(crate) const MAX_VALUE_BYTES: usize = 64 * 1024;
/// The most operations of one call.
pub(crate) const MAX_OPERATIONS: u32 = 256;
/// The most operations over one notice, which may be about many callers at once. Nobody waits for it.
pub(crate) const MAX_OPERATIONS_OF_NOTICE: u32 = 8_192;
/// How many keys `list-keys` answers with at most.
const KEYS_PER_PAGE: u32 = 100;

/// What one call's component may keep, and how much of it it has used.
#[derive(Debug)]
pub struct KeyValue {
    store: Arc<dyn KeyValueStore>,
    namespace: String,
    bucket: String,
    operations: u32,
    most_operations: u32,
}

/// An open bucket. It needs no content, since there is only one that can be opened.
#[derive(Debug)]
pub struct Bucket;

impl KeyValue {
    /// For one call of the integration `namespace`; `bucket` is the only name that it can open.
    pub fn new(store: Arc<dyn KeyValueStore>, namespace: impl Into<String>, bucket: impl Into<String>) -> Self {
        Self {
            store,
            namespace: namespace.into(),
            bucket: bucket.into(),
            operations: 0,
            most_operations: MAX_OPERATIONS,
        }
    }

    /// The same for a notice.
    pub(crate) fn for_notice(self) -> Self {
        Self { most_operations: MAX_OPERATIONS_OF_NOTICE, ..self }
    }

    /// The same over another store, made of the one it is over.
    pub fn over<S: KeyValueStore + 'static>(self, wrap: impl FnOnce(Arc<dyn KeyValueStore>) -> S) -> Self {
        Self { store: Arc::new(wrap(self.store)), ..self }
    }

    fn shelf(&self) -> Shelf<'_> {
        Shelf { namespace: &self.namespace, bucket: &self.bucket }
    }

    fn count(&mut self) -> Result<(), store::Error> {
        self.operations = self.operations.saturating_add(1);
        let most = self.most_operations;
        if self.operations > most {
            return Err(store::Error::Other(format!("a call may make at most {most} key-value operations")));
        }
        Ok(())
    }
}

impl From<StoreError> for store::Error {
    fn from(error: StoreError) -> Self {
        Self::Other(error.to_string())
    }
}

/// A call's [`KeyValue`] and the table of its handles.
pub struct KeyValueView<'a> {
    /// What the component may keep.
    pub key_value: &'a mut KeyValue,
    /// The handles of the component.
    pub table: &'a mut ResourceTable,
}

impl KeyValueView<'_> {
    /// What every operation on a bucket begins with. A handle that does not exist is the component's fault and a trap.
    fn begin(&mut self, bucket: &Resource<Bucket>, key: &str) -> Result<Result<(), store::Error>> {
        self.table.get(bucket)?;
        Ok(self.key_value.count().and_then(|()| {
            if key.len() > MAX_KEY_BYTES {
                return Err(store::Error::Other(format!(
                    "a key has at most {MAX_KEY_BYTES} bytes, this one has {}",
                    key.len()
                )));
            }
            Ok(())
        }))
    }
}

/// Passes an error on to the component; the outer `?` is for traps.
macro_rules! answer {
    ($outcome:expr) => {
        match $outcome {
            Ok(value) => value,
            Err(error) => return Ok(Err(error)),
        }
    };
}

impl store::Host for KeyValueView<'_> {
    async fn open(&mut self, identifier: String) -> Result<Result<Resource<Bucket>, store::Error>> {
        answer!(self.key_value.count());
        if identifier != self.key_value.bucket {
            return Ok(Err(store::Error::AccessDenied));
        }
        Ok(Ok(self.table.push(Bucket)?))
    }
}

impl store::HostBucket for KeyValueView<'_> {
    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Result<Option<Vec<u8>>, store::Error>> {
        answer!(self.begin(&bucket, &key)?);
        let slot = self.key_value.shelf().slot(&key);
        Ok(self.key_value.store.get(slot).await.map_err(store::Error::from))
    }

    async fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Result<Result<(), store::Error>> {
        answer!(self.begin(&bucket, &key)?);
        if value.len() > MAX_VALUE_BYTES {
            let text = format!("a value has at most {MAX_VALUE_BYTES} bytes, this one has {}", value.len());
            return Ok(Err(store::Error::Other(text)));
        }
        let slot = self.key_value.shelf().slot(&key);
        Ok(self.key_value.store.cache(slot, &value).await.map_err(store::Error::from))
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Result<(), store::Error>> {
        answer!(self.begin(&bucket, &key)?);
        let slot = self.key_value.shelf().slot(&key);
        Ok(self.key_value.store.delete(slot).await.map_err(store::Error::from))
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Result<bool, store::Error>> {
        answer!(self.begin(&bucket, &key)?);
        let slot = self.key_value.shelf().slot(&key);
        Ok(self.key_value.store.exists(slot).await.map_err(store::Error::from))
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<u64>,
    ) -> Result<Result<store::KeyResponse, store::Error>> {
        answer!(self.begin(&bucket, "")?);
        let shelf = self.key_value.shelf();
        let page = self.key_value.store.list_keys(shelf, cursor.unwrap_or(0), KEYS_PER_PAGE).await;
        Ok(page.map(|page| store::KeyResponse { keys: page.keys, cursor: page.next }).map_err(store::Error::from))
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

/// The view, as a linker knows it.
pub(crate) struct HasKeyValue;

impl HasData for HasKeyValue {
    type Data<'a> = KeyValueView<'a>;
}
