//! What every store must do, this one does.

use proptest::prelude::*;

use crate::node;
use crate::server::RedisServer;

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
