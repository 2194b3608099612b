//! Two nodes, one server: what one of them learnt the other one knows, and both together send no more than one may.

use std::sync::Arc;
use std::time::Duration;

use amocrm::access::Keeper;
use amocrm::integration::{Integration, IntegrationSettings};
use amocrm_simulator::RateLimit;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::Presence;
use runtime::store::Stores;
use stores::RedisStore;
use test_support::{ANNA, CALLER, Home, Line, START, Scene, account};

use crate::node;
use crate::server::RedisServer;

/// The scene's line on another node, with a connection of its own.
async fn another(scene: &mut Scene, server: &RedisServer) -> Line {
    let store: Arc<RedisStore> = node(server);
    scene.store = store;
    scene.line(&scene.integrate()).await
}

#[tokio::test]
async fn a_manager_that_one_node_found_is_a_hit_at_the_other() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let mut scene = Scene::new().await;
    let (a, b) = (another(&mut scene, &server).await, another(&mut scene, &server).await);
    assert_eq!(a.call(CALLER).await.source(), Some("crm"));
    scene.simulator.clear_requests();
    let hit = b.call(CALLER).await;
    assert_eq!((hit.employee(), hit.source()), (Some("anna"), Some("cache")));
    assert_eq!(scene.simulator.count(), 0);
    // Another integration at the same server knows nothing of it.
    scene.access().namespace = "another".to_owned();
    let stranger = another(&mut scene, &server).await;
    assert_eq!(stranger.call(CALLER).await.source(), Some("crm"));
}

#[tokio::test]
async fn what_one_node_learnt_of_the_account_and_of_presence_the_other_uses() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    scene.store = node(&server);
    let a = scene.integrate();
    let line_a = scene.line(&a).await;
    scene.store = node(&server);
    let b = scene.integrate();
    let line_b = scene.line(&b).await;
    line_a.call(CALLER).await;
    let first = scene.simulator.requests().len();
    scene.simulator.clear_requests();
    // The caller is another one, so the manager is looked up; what is known of the account and its users is not asked for again.
    a.presence().unwrap().seen(ANNA, scene.clock.now()).await.unwrap();
    let seen = b.presence().unwrap().of(ANNA, scene.clock.now()).await.unwrap();
    assert_eq!(seen, Presence::LastSeen(scene.clock.now()));
    assert_eq!(line_b.call(CALLER).await.employee(), Some("anna"));
    assert_eq!(scene.simulator.count(), 0, "the first node asked {first} times, the second had nothing left to ask");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_and_a_hundred_unknown_callers_each_never_send_more_than_seven_in_any_second() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let mut scene = Scene::limited(RateLimit { block_after: 3, ..RateLimit::default() }).await;
    scene.set_waiting_time(Duration::from_secs(4));
    let lines = [another(&mut scene, &server).await, another(&mut scene, &server).await];
    assert_eq!(lines[0].call(CALLER).await.employee(), Some("anna"));
    scene.simulator.clear_requests();
    let mut sent = [0, 0];
    let calls: Vec<_> =
        (0..200).map(|number| (number % 2, lines[number % 2].call_beside(&format!("+7495{number:07}")))).collect();
    for (node, call) in calls {
        let outcome = call.await.expect("a call that was resolved");
        if outcome.exchanges()[0]["sent"] == true {
            assert_eq!(outcome.code(), "contact-not-found", "{}", outcome.json);
            sent[node] += 1;
        } else {
            assert_eq!(outcome.code(), "rate-limited", "{}", outcome.json);
        }
    }
    assert!(!scene.simulator.blocked());
    assert!(scene.simulator.requests().iter().all(|request| request.status != Some(429)));
    assert!(scene.simulator.most_in_a_second() <= 7, "{}", scene.simulator.most_in_a_second());
    assert!(sent.iter().sum::<usize>() >= 14, "both together used the budget: {sent:?}");
    assert!(sent.iter().all(|sent| *sent > 0), "neither was shut out: {sent:?}");
    eprintln!("sent by node: {sent:?}, at most {} in any second", scene.simulator.most_in_a_second());
}

/// An integration with OAuth on a node of its own.
fn keeper(settings: &IntegrationSettings, server: &RedisServer, clock: &Clock) -> Arc<Keeper> {
    let stores = Stores::in_one(node(server));
    let integration = Integration::with_clock(settings.clone(), stores, clock.clone()).expect("usable");
    Arc::clone(integration.keeper().expect("OAuth has a keeper"))
}

#[tokio::test]
async fn two_nodes_at_once_refresh_one_token_once() {
    let Some(server) = RedisServer::start(&["--appendonly", "yes"]) else { return };
    let clock = Clock::frozen_at(START.parse().expect("a time"));
    let simulator = account::simulator_with_oauth(&clock).await;
    let scene = Scene::new().await;
    let settings = IntegrationSettings { access: account::oauth(&simulator), ..scene.integration.clone() };
    let (a, b) = (keeper(&settings, &server, &clock), keeper(&settings, &server, &clock));
    account::connect(&a, &simulator).await;
    b.look().await.expect("the grant of the other node");
    for round in 1..=5 {
        clock.advance(jiff::SignedDuration::from_hours(17));
        let (one, two) = tokio::join!(a.refresh_if_due(), b.refresh_if_due());
        one.expect("a fresh token");
        two.expect("a fresh token");
        assert_eq!((simulator.refreshes().succeeded, simulator.refreshes().refused), (round, 0));
    }
}

#[test]
fn two_processes_of_one_store_are_one_cache() {
    let Some(server) = RedisServer::start(&["--appendonly", "yes"]) else { return };
    let sources = [(); 2].map(|()| {
        let (ended, call) = Home::new().call_json(&[CALLER, "--state", &server.address()]);
        assert_eq!(ended.stderr.matches("warning").count(), 0, "{ended:?}");
        call["details"]["manager_source"].as_str().expect("a manager").to_owned()
    });
    assert_eq!(sources, ["crm", "cache"]);
}
