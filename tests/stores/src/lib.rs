//! What every store must do. Each function fails as a test does; the stores it gets are empty.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;
use runtime::store::{KeyPage, KeyValueStore, Shelf};

const SHELF: Shelf<'static> = Shelf { namespace: "sales", bucket: "managers" };

/// A value that is set is there until it is replaced or deleted.
pub async fn a_value_is_kept_replaced_and_deleted(store: &dyn KeyValueStore) {
    let slot = SHELF.slot("k");
    assert_eq!(store.get(slot).await.unwrap(), None);
    assert!(!store.exists(slot).await.unwrap());
    store.delete(slot).await.unwrap();
    for value in [&b"one"[..], b"", b"\0\xff"] {
        store.set(slot, value).await.unwrap();
        assert_eq!(store.get(slot).await.unwrap().as_deref(), Some(value));
        assert!(store.exists(slot).await.unwrap());
    }
    store.delete(slot).await.unwrap();
    assert_eq!(store.get(slot).await.unwrap(), None);
}

/// A swap succeeds where the value is the one that was seen, and changes nothing otherwise.
pub async fn a_value_is_swapped_only_for_the_one_that_was_seen(store: &dyn KeyValueStore) {
    let slot = SHELF.slot("k");
    assert!(!store.compare_and_swap(slot, Some(b""), b"a").await.unwrap(), "nothing is not an empty value");
    assert!(store.compare_and_swap(slot, None, b"").await.unwrap());
    assert!(!store.compare_and_swap(slot, None, b"a").await.unwrap());
    assert!(!store.compare_and_swap(slot, Some(b"x"), b"a").await.unwrap());
    assert_eq!(store.get(slot).await.unwrap().as_deref(), Some(&b""[..]));
    assert!(store.compare_and_swap(slot, Some(b""), b"a\0\xff").await.unwrap());
    assert_eq!(store.get(slot).await.unwrap().as_deref(), Some(&b"a\0\xff"[..]));
}

/// Two connections to the same values swap at once, and one of the swaps succeeds.
pub async fn of_many_that_swap_the_same_value_one_does(stores: [Arc<dyn KeyValueStore>; 2]) {
    for round in 0..10_u8 {
        let slot = SHELF.slot("k");
        let expected = stores[0].get(slot).await.unwrap();
        let swap = |store: &Arc<dyn KeyValueStore>, by| {
            let (store, expected) = (Arc::clone(store), expected.clone());
            tokio::spawn(async move { store.compare_and_swap(slot, expected.as_deref(), &[round, by]).await })
        };
        let (one, two) = (swap(&stores[0], 1), swap(&stores[1], 2));
        let swapped = [one.await.unwrap().unwrap(), two.await.unwrap().unwrap()];
        assert_eq!(swapped.iter().filter(|swapped| **swapped).count(), 1, "{swapped:?}");
        let by = if swapped[0] { 1 } else { 2 };
        assert_eq!(stores[1].get(slot).await.unwrap(), Some(vec![round, by]));
    }
}

/// Keys are listed in order, a page at a time, for one bucket of one namespace.
pub async fn keys_are_listed_in_pages(store: &dyn KeyValueStore) {
    for key in ["b", "a", "d", "c", "e"] {
        store.set(SHELF.slot(key), b"v").await.unwrap();
    }
    store.set(Shelf { bucket: "other", ..SHELF }.slot("x"), b"v").await.unwrap();
    let first = store.list_keys(SHELF, 0, 2).await.unwrap();
    assert_eq!(first, KeyPage { keys: vec!["a".into(), "b".into()], next: Some(2) });
    let last = store.list_keys(SHELF, 2, 3).await.unwrap();
    assert_eq!(last, KeyPage { keys: vec!["c".into(), "d".into(), "e".into()], next: None });
    assert_eq!(store.list_keys(SHELF, u64::MAX, 3).await.unwrap(), KeyPage::default());
    assert_eq!(store.list_keys(Shelf { namespace: "none", ..SHELF }, 0, 3).await.unwrap(), KeyPage::default());
}

/// Namespaces, buckets and keys made of the characters that separate such parts.
pub fn addresses() -> impl Strategy<Value = HashSet<(String, String, String)>> {
    let parts = ("[ab/:\u{0}\u{1f}é]{0,3}", "[ab/:\u{0}]{0,3}", "[ab/:\u{0}]{0,3}");
    prop::collection::hash_set(parts, 1..12)
}

/// Whatever characters the three parts contain, two different addresses never share a value.
pub async fn no_two_addresses_share_a_value(store: &dyn KeyValueStore, addresses: &HashSet<(String, String, String)>) {
    for (number, (namespace, bucket, key)) in addresses.iter().enumerate() {
        store.set(Shelf { namespace, bucket }.slot(key), &number.to_be_bytes()).await.unwrap();
    }
    for (number, (namespace, bucket, key)) in addresses.iter().enumerate() {
        let kept = store.get(Shelf { namespace, bucket }.slot(key)).await.unwrap();
        assert_eq!(kept.as_deref(), Some(&number.to_be_bytes()[..]), "{namespace:?} {bucket:?} {key:?}");
    }
}
