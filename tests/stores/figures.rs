//! What a hit costs in each store: `cargo test --test stores -- --ignored --nocapture figures`.

use std::sync::Arc;
use std::time::Instant;

use host_harness::stores::{KeyValueStore, MemoryStore, SqliteStore};
use tempfile::TempDir;

use crate::redis_server::RedisServer;
use crate::{SLOT, node};

#[tokio::test]
#[ignore = "prints figures, proves nothing"]
async fn figures_of_a_hit() {
    const TIMES: usize = 5_000;
    let directory = TempDir::new().unwrap();
    let Some(server) = RedisServer::start(&[]) else { return };
    let stores: [(&str, Arc<dyn KeyValueStore>); 3] = [
        ("memory", Arc::new(MemoryStore::new())),
        ("SQLite", Arc::new(SqliteStore::open(directory.path().join("s")).unwrap())),
        ("Redis", node(&server)),
    ];
    for (name, store) in stores {
        store.cache(SLOT, &[b'v'; 200]).await.unwrap();
        let mut took = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let started = Instant::now();
            store.get(SLOT).await.unwrap().unwrap();
            took.push(started.elapsed());
        }
        took.sort();
        println!("{name}: p50 {:?}, p99 {:?}", took[TIMES / 2], took[TIMES * 99 / 100]);
    }
}
