//! The window of starts at the server: its bound, what is given back, and what is foreseen from its answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::store::{KeyValueStore, SharedWindow, WindowBounds};

use crate::node;
use crate::server::RedisServer;

const LENGTH: Duration = Duration::from_secs(1);
const BOUNDS: WindowBounds = WindowBounds { most: 3, length: LENGTH };

fn window(server: &RedisServer, name: &str) -> Arc<dyn SharedWindow> {
    node(server).shared_window(name, BOUNDS).expect("a server can be shared")
}

#[tokio::test]
async fn a_permit_counts_until_a_window_after_its_start_and_not_at_all_where_it_is_given_back() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let (a, b) = (window(&server, "sales"), window(&server, "sales"));
    let permits: Vec<_> = (0..3).map(|number| if number == 0 { b.new_permit() } else { a.new_permit() }).collect();
    for permit in &permits {
        assert!(a.ask(permit, 1).await.unwrap().permitted);
    }
    // Nothing has started: whoever waits is told that turns come a window after now.
    tokio::time::sleep(LENGTH + LENGTH / 2).await;
    let refused = b.ask(&b.new_permit(), 5).await.unwrap();
    assert!(!refused.permitted, "a start that is about to happen counts however long that takes");
    assert_eq!((refused.state.leaving, refused.state.nodes), (vec![LENGTH; 3], 2));
    assert!(window(&server, "support").ask("x", 1).await.unwrap().permitted, "another integration's is its own");

    a.give_back(&permits[0]).await.unwrap();
    let last = b.new_permit();
    assert!(b.ask(&last, 5).await.unwrap().permitted);
    let told = a.ask(&a.new_permit(), 1).await.unwrap();
    assert_eq!((told.permitted, told.state.waiting_elsewhere), (false, vec![4]), "who has a permit waits no more");

    let started = Instant::now();
    a.started(&permits[1]).await.unwrap();
    let waiting = a.new_permit();
    loop {
        let asked = a.ask(&waiting, 1).await.unwrap();
        if asked.permitted {
            break;
        }
        assert!(asked.state.leaving[0] <= LENGTH);
        assert!(started.elapsed() < LENGTH * 20, "the turn never comes");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(started.elapsed() >= LENGTH, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_start_that_nobody_could_be_asked_about_counts_too() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let window = window(&server, "sales");
    for _ in 0..3 {
        window.started(&window.new_permit()).await.unwrap();
    }
    assert!(!window.ask(&window.new_permit(), 1).await.unwrap().permitted);
}
