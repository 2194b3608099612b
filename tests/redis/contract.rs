//! What every store must do, this one does.

use proptest::prelude::*;

use redis::Commands;
use runtime::store::{KeyValueStore, Shelf};
use store_contract::QUOTA;
use stores::RedisStore;

use crate::node;
use crate::server::RedisServer;

/// A store in which a bucket is soon full.
fn small(server: &RedisServer) -> RedisStore {
    let (store, _) = RedisStore::open(&server.address().parse().unwrap()).unwrap();
    store.with_quota(QUOTA)
}

#[tokio::test]
async fn a_value_is_kept_replaced_and_deleted() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::a_value_is_kept_replaced_and_deleted(&*node(&server)).await;
}

#[tokio::test]
async fn a_value_is_swapped_only_for_the_one_that_was_seen() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::a_value_is_swapped_only_for_the_one_that_was_seen(&*node(&server)).await;
}

#[tokio::test]
async fn of_many_that_swap_the_same_value_one_does() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::of_many_that_swap_the_same_value_one_does([node(&server), node(&server)]).await;
}

#[tokio::test]
async fn keys_are_listed_in_pages() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::keys_are_listed_in_pages(&*node(&server)).await;
}

#[tokio::test]
async fn a_full_bucket_forgets_what_was_written_first() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::a_full_bucket_forgets_what_was_written_first(&small(&server)).await;
}

#[tokio::test]
async fn a_value_that_is_written_again_is_the_newest() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::a_value_that_is_written_again_is_the_newest(&small(&server)).await;
}

#[tokio::test]
async fn a_value_that_is_deleted_gives_its_room_back() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::a_value_that_is_deleted_gives_its_room_back(&small(&server)).await;
}

#[tokio::test]
async fn only_cached_values_of_the_same_bucket_count_and_go() {
    let Some(server) = RedisServer::start(&[]) else { return };
    store_contract::only_cached_values_of_the_same_bucket_count_and_go(&small(&server)).await;
}

#[tokio::test]
async fn what_expired_at_the_server_gives_its_room_back_and_leaves_nothing_behind() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = small(&server);
    let shelf = Shelf { namespace: "sales", bucket: "default" };
    let mut connection = redis::Client::open(server.address()).unwrap().get_connection().unwrap();
    let written: Vec<_> = (0..100).map(|number| format!("{number:02}")).collect();
    for key in &written {
        store.cache(shelf.slot(key), b"").await.unwrap();
    }
    let kept = store.list_keys(shelf, 0, 100).await.unwrap().keys;
    assert_eq!(kept, written[85..], "15 entries of 258 bytes");
    // Those of the past are gone at once, as when their time is up.
    for key in &kept[..14] {
        let _: bool = connection.expire_at(format!("hh:1:5:sales7:default{key}"), 1).unwrap();
    }
    for key in ["a", "b", "c"] {
        store.cache(shelf.slot(key), &store_contract::of(1_000)).await.unwrap();
    }
    assert_eq!(
        store.list_keys(shelf, 0, 100).await.unwrap().keys,
        ["99", "a", "b", "c"],
        "what lives did not have to go"
    );
    let counted: usize = connection.zcard("hh:3:5:sales7:default").unwrap();
    let sizes: usize = connection.hlen("hh:4:5:sales7:default").unwrap();
    let bytes: u64 = connection.hget("hh:5:5:sales7:default", "bytes").unwrap();
    assert_eq!((counted, sizes, bytes), (4, 4, 3_258));
    let expires: i64 = connection.ttl("hh:5:5:sales7:default").unwrap();
    assert!(expires > 0, "the counts go with the last value");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_two_addresses_share_a_value(addresses in store_contract::addresses()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let Some(server) = RedisServer::start(&[]) else { return };
            store_contract::no_two_addresses_share_a_value(&*node(&server), &addresses).await;
        });
    }
}
