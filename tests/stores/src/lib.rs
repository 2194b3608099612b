//! What every store must do. Each function fails as a test does; the stores it gets are empty.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;
use runtime::store::{ENTRY_OVERHEAD, KeyPage, KeyValueStore, Shelf};

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

/// The quota of a bucket in the stores that are given to what follows: room for four entries of [`of`] 1,000 bytes.
pub const QUOTA: u64 = 4_000;

/// A value that counts for so many bytes under a key of one character.
pub fn of(bytes: u64) -> Vec<u8> {
    let value = bytes - ENTRY_OVERHEAD - 1;
    vec![b'v'; usize::try_from(value).unwrap()]
}

/// Caches an entry of 1,000 bytes under each key.
async fn fill(store: &dyn KeyValueStore, shelf: Shelf<'_>, keys: &[&str]) {
    for key in keys {
        store.cache(shelf.slot(key), &of(1_000)).await.unwrap();
    }
}

async fn keys(store: &dyn KeyValueStore, shelf: Shelf<'_>) -> String {
    store.list_keys(shelf, 0, 100).await.unwrap().keys.concat()
}

/// A bucket holds its quota to the byte; then what was written first goes.
pub async fn a_full_bucket_forgets_what_was_written_first(store: &dyn KeyValueStore) {
    fill(store, SHELF, &["d", "c", "b", "a"]).await;
    assert_eq!(keys(store, SHELF).await, "abcd", "as much as there is room for");
    fill(store, SHELF, &["e"]).await;
    assert_eq!(keys(store, SHELF).await, "abce", "the first goes");
    store.cache(SHELF.slot("e"), &of(1_001)).await.unwrap();
    assert_eq!(keys(store, SHELF).await, "abe", "a byte too much");
    store.cache(SHELF.slot("f"), &of(2_500)).await.unwrap();
    assert_eq!(keys(store, SHELF).await, "ef", "as many as need be, and no more");
    store.cache(SHELF.slot("g"), &of(2 * QUOTA)).await.unwrap();
    assert_eq!(keys(store, SHELF).await, "g", "never the value that was just written");
    assert_eq!(store.get(SHELF.slot("g")).await.unwrap(), Some(of(2 * QUOTA)));
    assert_eq!(store.get(SHELF.slot("f")).await.unwrap(), None);
}

/// A value that is written again is the newest, and counts once.
pub async fn a_value_that_is_written_again_is_the_newest(store: &dyn KeyValueStore) {
    fill(store, SHELF, &["a", "b", "c", "d", "a", "a", "e"]).await;
    assert_eq!(keys(store, SHELF).await, "acde");
    store.cache(SHELF.slot("a"), &of(600)).await.unwrap();
    store.cache(SHELF.slot("f"), &of(400)).await.unwrap();
    assert_eq!(keys(store, SHELF).await, "acdef", "a smaller value leaves room");
}

/// What is deleted gives its room back.
pub async fn a_value_that_is_deleted_gives_its_room_back(store: &dyn KeyValueStore) {
    fill(store, SHELF, &["a", "b", "c", "d"]).await;
    store.delete(SHELF.slot("c")).await.unwrap();
    store.delete(SHELF.slot("c")).await.unwrap();
    fill(store, SHELF, &["e"]).await;
    assert_eq!(keys(store, SHELF).await, "abde");
    fill(store, SHELF, &["f"]).await;
    assert_eq!(keys(store, SHELF).await, "bdef");
}

/// What is set or swapped counts for nothing and never goes, and no bucket takes the room of another.
pub async fn only_cached_values_of_the_same_bucket_count_and_go(store: &dyn KeyValueStore) {
    let others = [Shelf { bucket: "other", ..SHELF }, Shelf { namespace: "other", ..SHELF }];
    for other in others {
        fill(store, other, &["a", "b", "c", "d"]).await;
    }
    store.set(SHELF.slot("1"), &of(2 * QUOTA)).await.unwrap();
    assert!(store.compare_and_swap(SHELF.slot("2"), None, &of(2 * QUOTA)).await.unwrap());
    fill(store, SHELF, &["a", "b", "c", "d", "e"]).await;
    assert_eq!(keys(store, SHELF).await, "12bcde");
    // What was cached and is set or swapped counts no more; the other way round it counts again.
    store.set(SHELF.slot("b"), &of(1_000)).await.unwrap();
    assert!(store.compare_and_swap(SHELF.slot("c"), Some(&of(1_000)), b"swapped").await.unwrap());
    fill(store, SHELF, &["f", "g"]).await;
    assert_eq!(keys(store, SHELF).await, "12bcdefg");
    fill(store, SHELF, &["b"]).await;
    assert_eq!(keys(store, SHELF).await, "12bcefg", "the first that is cached goes");
    for other in others {
        assert_eq!(keys(store, other).await, "abcd");
    }
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
