//! What a component may do with its bucket, and what it is told where it may not.

use std::path::PathBuf;

use super::store::{Host, HostBucket};
use super::*;
use crate::store::{KeyPage, MemoryStore, Slot};

struct Call {
    key_value: KeyValue,
    table: ResourceTable,
}

impl Call {
    fn new(store: &Arc<impl KeyValueStore + 'static>, namespace: &str) -> Self {
        let store: Arc<dyn KeyValueStore> = store.clone();
        Self { key_value: KeyValue::new(store, namespace, "managers"), table: ResourceTable::new() }
    }

    fn view(&mut self) -> KeyValueView<'_> {
        KeyValueView { key_value: &mut self.key_value, table: &mut self.table }
    }

    async fn open(&mut self) -> u32 {
        self.view().open("managers".to_owned()).await.unwrap().unwrap().rep()
    }
}

/// The handle as each call gets it.
fn handle(rep: u32) -> Resource<Bucket> {
    Resource::new_own(rep)
}

fn text<T: std::fmt::Debug>(outcome: Result<Result<T, store::Error>>) -> String {
    match outcome.unwrap().unwrap_err() {
        store::Error::Other(text) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_the_configured_bucket_opens() {
    let mut call = Call::new(&Arc::new(MemoryStore::new()), "sales");
    for name in ["", "default", "Managers", "managers ", "sales/managers"] {
        let refused = call.view().open(name.to_owned()).await.unwrap();
        assert!(matches!(refused, Err(store::Error::AccessDenied)), "{name:?}");
    }
    call.open().await;
}

#[tokio::test]
async fn values_are_kept_from_call_to_call_and_never_seen_by_another_integration() {
    let store = Arc::new(MemoryStore::new());
    let mut call = Call::new(&store, "sales");
    let rep = call.open().await;
    call.view().set(handle(rep), "k".to_owned(), b"v".to_vec()).await.unwrap().unwrap();
    let keys = call.view().list_keys(handle(rep), None).await.unwrap().unwrap();
    assert_eq!((keys.keys, keys.cursor), (vec!["k".to_owned()], None));
    HostBucket::drop(&mut call.view(), handle(rep)).await.unwrap();
    assert!(call.view().get(handle(rep), "k".to_owned()).await.is_err(), "a closed handle is a trap");

    let mut next = Call::new(&store, "sales");
    let rep = next.open().await;
    assert_eq!(next.view().get(handle(rep), "k".to_owned()).await.unwrap().unwrap(), Some(b"v".to_vec()));
    let mut other = Call::new(&store, "support");
    let rep = other.open().await;
    assert_eq!(other.view().get(handle(rep), "k".to_owned()).await.unwrap().unwrap(), None);
    assert!(other.view().list_keys(handle(rep), Some(u64::MAX)).await.unwrap().unwrap().keys.is_empty());

    let rep = next.open().await;
    next.view().delete(handle(rep), "k".to_owned()).await.unwrap().unwrap();
    assert!(!next.view().exists(handle(rep), "k".to_owned()).await.unwrap().unwrap());
}

#[tokio::test]
async fn keys_values_and_operations_have_limits_to_the_byte() {
    let mut call = Call::new(&Arc::new(MemoryStore::new()), "sales");
    let rep = call.open().await;
    let key = |length| "k".repeat(length);
    call.view().set(handle(rep), key(MAX_KEY_BYTES), vec![0; MAX_VALUE_BYTES]).await.unwrap().unwrap();
    let refused = text(call.view().set(handle(rep), key(MAX_KEY_BYTES + 1), vec![]).await);
    assert_eq!(refused, "a key has at most 256 bytes, this one has 257");
    let refused = text(call.view().set(handle(rep), key(1), vec![0; MAX_VALUE_BYTES + 1]).await);
    assert_eq!(refused, "a value has at most 65536 bytes, this one has 65537");
    for _ in 4..MAX_OPERATIONS {
        call.view().exists(handle(rep), key(1)).await.unwrap().unwrap();
    }
    let refused = text(call.view().get(handle(rep), key(1)).await);
    assert_eq!(refused, "a call may make at most 256 key-value operations");
    assert_eq!(text(call.view().open("managers".to_owned()).await), refused);
}

#[derive(Debug)]
struct Broken;

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::Full { file: PathBuf::from("/state/key-value.sqlite3") })
}

#[async_trait::async_trait]
impl KeyValueStore for Broken {
    async fn get(&self, _: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        broken()
    }
    async fn set(&self, _: Slot<'_>, _: &[u8]) -> Result<(), StoreError> {
        broken()
    }
    async fn compare_and_swap(&self, _: Slot<'_>, _: Option<&[u8]>, _: &[u8]) -> Result<bool, StoreError> {
        broken()
    }
    async fn delete(&self, _: Slot<'_>) -> Result<(), StoreError> {
        broken()
    }
    async fn exists(&self, _: Slot<'_>) -> Result<bool, StoreError> {
        broken()
    }
    async fn list_keys(&self, _: Shelf<'_>, _: u64, _: u32) -> Result<KeyPage, StoreError> {
        broken()
    }
    fn location(&self) -> String {
        "broken".to_owned()
    }
}

#[tokio::test]
async fn a_store_that_fails_is_named_and_is_no_trap() {
    let mut call = Call::new(&Arc::new(Broken), "sales");
    let rep = call.open().await;
    let expected = "the store /state/key-value.sqlite3 cannot grow, the disk is full: free some space";
    assert_eq!(text(call.view().get(handle(rep), "k".to_owned()).await), expected);
    assert_eq!(text(call.view().set(handle(rep), "k".to_owned(), vec![]).await), expected);
    assert_eq!(text(call.view().delete(handle(rep), "k".to_owned()).await), expected);
    assert_eq!(text(call.view().exists(handle(rep), "k".to_owned()).await), expected);
    assert_eq!(text(call.view().list_keys(handle(rep), None).await), expected);
}
