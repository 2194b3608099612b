//! The store, the configuration, the versions and the budget that several nodes share, against a real redis-server that is stopped, stalled and started again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod calls;
mod connecting;
mod contract;
mod losing;
mod nodes;
mod server;
mod sharing;
mod versions;
mod window;

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::store::{KeyValueStore, Shelf, Slot};
use stores::RedisStore;

use server::RedisServer;

/// A bucket of an integration.
const SLOT: Slot<'static> = Slot { shelf: Shelf { namespace: "sales", bucket: "default" }, key: "k" };
/// A node may take this much longer than its bounds on a busy machine.
const SLACK: Duration = Duration::from_millis(500);

/// A node's own connection to the server.
fn node(server: &RedisServer) -> Arc<RedisStore> {
    Arc::new(RedisStore::open(&server.address().parse().expect("an address")).expect("a usable store").0)
}

/// Waits until the store answers again, and says how long that took.
async fn healed(store: &RedisStore) -> Duration {
    let started = Instant::now();
    while store.exists(SLOT).await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not heal");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}
