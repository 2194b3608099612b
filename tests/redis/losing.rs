//! The server is stopped and stalled under calls: they go on as misses, soon, and hit again when it is back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::store::KeyValueStore;
use test_support::{CALLER, Scene};

use crate::server::RedisServer;
use crate::{SLACK, SLOT, healed, node};

/// The bound of one operation.
const OPERATION: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_stalled_server_costs_the_first_operations_their_bound_and_the_next_nothing() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = node(&server);
    store.set(SLOT, b"v").await.unwrap();
    server.stall();
    let started = Instant::now();
    let all: Vec<_> = (0..100)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.get(SLOT).await.is_err() })
        })
        .collect();
    for one in all {
        assert!(one.await.unwrap());
    }
    let first = started.elapsed();
    assert!(first < OPERATION + SLACK, "{first:?}");
    let started = Instant::now();
    for _ in 0..100 {
        store.get(SLOT).await.unwrap_err();
    }
    let next = started.elapsed();
    assert!(next < SLACK, "{next:?}");
    server.go_on();
    let healing = healed(&store).await;
    assert_eq!(store.get(SLOT).await.unwrap().as_deref(), Some(&b"v"[..]));
    eprintln!(
        "stalled: 100 at once failed in {first:?}, the next 100 one by one in {next:?}, healed after {healing:?}"
    );
}

#[tokio::test]
async fn a_stopped_server_fails_at_once_and_is_found_again_at_its_port() {
    let Some(mut server) = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]) else { return };
    let store = node(&server);
    assert!(store.compare_and_swap(SLOT, None, b"grant").await.unwrap());
    for _ in 0..3 {
        server.stop();
        let started = Instant::now();
        let error = store.get(SLOT).await.unwrap_err().to_string();
        let failing = started.elapsed();
        assert!(failing < OPERATION + SLACK, "{failing:?}");
        assert!(error.contains(&server.address()) && error.contains("cannot be reached"), "{error}");
        server.restart();
        let healing = healed(&store).await;
        assert_eq!(store.get(SLOT).await.unwrap().as_deref(), Some(&b"grant"[..]), "the grant survived");
        eprintln!("stopped: failed in {failing:?}, healed after {healing:?}");
    }
}

#[tokio::test]
async fn calls_go_on_as_misses_while_the_server_is_away_and_hit_again_when_it_is_back() {
    let Some(mut server) = RedisServer::start(&["--appendonly", "yes"]) else { return };
    let store = node(&server);
    let mut scene = Scene::new().await;
    scene.store = Arc::<stores::RedisStore>::clone(&store);
    let integration = scene.integrate();
    let line = scene.line(&integration).await;
    assert_eq!(line.call(CALLER).await.source(), Some("crm"));
    assert_eq!(integration.http().state().budget_shared, Some(true));
    assert_eq!(line.call(CALLER).await.source(), Some("cache"));
    for stalled in [true, false] {
        if stalled {
            server.stall()
        } else {
            server.stop()
        }
        for _ in 0..3 {
            // Within its waiting time, or it would not be forwarded.
            let outcome = line.call(CALLER).await;
            assert_eq!((outcome.employee(), outcome.source()), (Some("anna"), Some("crm")));
        }
        if stalled {
            server.go_on()
        } else {
            server.restart()
        }
        healed(&store).await;
        line.call(CALLER).await;
        assert_eq!(line.call(CALLER).await.source(), Some("cache"), "healed");
    }
}

/// What the documents say of Redis Cluster: it does not work, it is said, and no call suffers from it.
#[tokio::test]
async fn a_cluster_refuses_what_is_written_and_calls_go_on_as_misses() {
    let Some(server) = RedisServer::start(&["--cluster-enabled", "yes"]) else { return };
    let mut connection = redis::Client::open(server.address()).unwrap().get_connection().unwrap();
    let () = redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16_383).query(&mut connection).unwrap();
    let is_up = |info: &str| info.contains("cluster_state:ok");
    while !is_up(&redis::cmd("CLUSTER").arg("INFO").query::<String>(&mut connection).unwrap()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let store = node(&server);
    assert_eq!(store.get(SLOT).await.unwrap(), None, "reading works");
    let refused = store.set(SLOT, b"v").await.unwrap_err().to_string();
    assert!(refused.contains(&server.address()) && refused.contains("hash to the same slot"), "{refused}");
    let mut scene = Scene::new().await;
    scene.store = store;
    let line = scene.line(&scene.integrate()).await;
    for _ in 0..2 {
        let outcome = line.call(CALLER).await;
        assert_eq!((outcome.employee(), outcome.source()), (Some("anna"), Some("crm")), "nothing is kept");
    }
}
