//! What a node serves is replaced while calls come in: each call ends with the revision that it began with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amocrm::integration::{Integration, IntegrationSettings};
use amocrm_simulator::FaultRule;
use call::scenario::Exits;
use node::{Placement, Revision, RevisionBuilder, ToPlace};
use runtime::capabilities::http::PrivateAddresses;
use runtime::store::Stores;
use serde_json::{Value, json};
use server::pbx::rtjson::Kamailio;
use server::pbx::{Destinations, PbxSettings, Syntax};
use test_support::client::PATIENCE;
use test_support::{CALLER, account};
use tokio::sync::Semaphore;

use crate::scene::{Scene, Serving, until};

/// How often the scenario is replaced under load.
const REPLACED: usize = 300;

/// The manager, then the manager of a second account.
async fn chain() -> Scene {
    let mut scene = Scene::empty();
    scene.add("manager", "token-of-the-first-account", "queue:sales").await;
    scene.add("second", "token-of-the-second-account", "queue:any").await;
    scene.exits = vec![("manager", "no-answer", "operation:second"), ("manager", "not-answered", "operation:second")];
    scene
}

/// The same placements with other exits, without those that have none any more.
async fn with_exits(before: &Arc<Revision>, exits: impl Fn(&Placement) -> Option<Exits>) -> RevisionBuilder {
    let mut next = before.next().scenario_waiting_time(before.scenario_waiting_time());
    for placement in before.placements() {
        let Some(exits) = exits(placement) else { continue };
        next = next.integration(placement.integration_id(), Arc::clone(placement.integration()));
        let operation = placement.configured().placed.operation().clone();
        let (integration, settings) = (placement.integration_id(), placement.settings().clone());
        let to_place = ToPlace { id: placement.id(), integration, exits, settings, operation };
        next = next.place(to_place).await.expect("it fits");
    }
    next
}

/// From now on there is the manager alone, whose calls go elsewhere.
async fn leave_only_the_manager(serving: &Serving) {
    let only = |placement: &Placement| (placement.id() == "manager").then(|| Exits::from("queue:changed"));
    let next = with_exits(&serving.node.revision(), only).await;
    serving.node.replace(next.build().expect("a scenario"));
}

fn asks(id: &str) -> Value {
    json!({"id": id, "caller": CALLER, "called": "101", "operation": "manager"})
}

#[tokio::test]
async fn e1_a_call_that_hangs_in_amocrm_ends_with_the_scenario_that_it_began_with() {
    let serving = chain().await.serve().await;
    serving.simulators[0].add_fault("contacts:hang".parse::<FaultRule>().unwrap());
    let client = serving.client.clone();
    let hanging = tokio::spawn(async move { client.call(&asks("7")).await.json() });
    until(|| !serving.simulators[0].requests().is_empty()).await;
    leave_only_the_manager(&serving).await;
    serving.simulators[0].set_faults(Vec::new());
    let hidden = json!({"id": "8", "operation": "manager"});
    assert_eq!(serving.client.call(&hidden).await.goes_to(), "queue:changed", "the next call has the new scenario");
    let ended = hanging.await.unwrap();
    assert_eq!((&ended["placement"], &ended["route"]["employee"]["id"]), (&json!("second"), &json!("anna")), "{ended}");
    assert_eq!(ended["steps"][0]["target"], "operation:second");
    // Its last call has ended: nothing of the removed account is asked any more.
    serving.simulators[1].clear_requests();
    for number in 0..20 {
        let caller = format!("+791655501{number:02}");
        let call = json!({"caller": caller, "operation": "manager"});
        assert_eq!(serving.client.call(&call).await.goes_to(), "queue:changed");
    }
    let unknown = serving.client.call(&json!({"caller": CALLER, "operation": "second"})).await;
    assert_eq!(unknown.reason(), "operation-unknown");
    assert!(serving.simulators[1].requests().is_empty());
}

#[tokio::test]
async fn e2_a_pbx_that_comes_back_is_answered_although_the_operation_that_rang_is_gone() {
    let scene = chain().await;
    let serving = scene.serve().await;
    let ring = |id: &'static str| {
        let client = serving.client.clone();
        async move {
            let answer = client.call(&asks(id)).await.json();
            assert_eq!(answer["route"]["then"], "operation:second", "{answer}");
        }
    };
    let back = |id: &'static str| {
        let client = serving.client.clone();
        async move { client.call(&json!({"id": id, "after": "manager", "legs": ["no-answer"]})).await.json() }
    };
    ring("7").await;
    ring("8").await;
    let before = serving.node.revision();
    // The operation that is to be asked next is still there.
    let second = |placement: &Placement| (placement.id() == "second").then(|| placement.exits().clone());
    serving.node.replace(with_exits(&before, second).await.build().unwrap());
    let answer = back("7").await;
    assert_eq!(
        (&answer["placement"], &answer["route"]["employee"]["id"]),
        (&json!("second"), &json!("anna")),
        "{answer}"
    );
    assert_eq!(answer["steps"][0]["placement"], "manager");
    // Neither is.
    let renamed = before.next().integration("main", Arc::clone(before.placements()[0].integration())).place(ToPlace {
        id: "other",
        integration: "main",
        exits: "queue:other".into(),
        settings: BTreeMap::new(),
        operation: before.placements()[0].configured().placed.operation().clone(),
    });
    serving.node.replace(renamed.await.unwrap().build().unwrap());
    let answer = back("8").await;
    assert_eq!(
        (&answer["route"]["target"], &answer["reason"]["code"]),
        (&json!("queue:other"), &json!("request-not-understood"))
    );
}

#[tokio::test]
async fn what_does_not_change_goes_on_as_it_is_and_a_change_that_reaches_no_further_opens_no_connection() {
    let serving = chain().await.serve().await;
    assert_eq!(serving.client.call(&asks("7")).await.goes_to(), "anna");
    let before = serving.node.revision();
    let same = |placement: &Placement| Some(placement.exits().clone());
    let next = with_exits(&before, same).await.build().unwrap();
    for (before, next) in before.placements().iter().zip(next.placements()) {
        assert!(Arc::ptr_eq(before, next) && Arc::ptr_eq(before.integration(), next.integration()));
    }
    let integration = before.placements()[0].integration();
    let settings = integration.settings();
    let clock = serving.clock.clone();
    let with = |settings: IntegrationSettings| integration.with_settings(settings, clock.clone()).expect("usable");
    assert!(Arc::ptr_eq(integration, &with(settings.clone())));
    let connections = integration.http().state().connections_opened;
    assert!(connections > 0);
    let mut status = settings.clone();
    status.configuration.set("consider_manager_status", "true");
    for changed in [
        IntegrationSettings { enabled: false, ..settings.clone() },
        IntegrationSettings { time_zone: Some("Asia/Omsk".to_owned()), ..settings.clone() },
        IntegrationSettings { employees: Vec::new(), ..settings.clone() },
        status,
    ] {
        let changed = with(changed);
        assert!(!Arc::ptr_eq(integration, &changed));
        assert_eq!(changed.http().state().connections_opened, connections, "the same connections");
    }
    let anew = with(IntegrationSettings { requests_per_second: 3, ..settings.clone() });
    assert_eq!((anew.http().state().connections_opened, anew.requests_per_second()), (0, 3));
}

#[tokio::test]
async fn o6_a_switch_in_the_configuration_counts_from_the_next_call_on() {
    let serving = chain().await.serve().await;
    for (enabled, goes_to) in [(true, "anna"), (false, "queue:sales"), (true, "anna")] {
        let before = serving.node.revision();
        let settings = before.placements()[0].integration().settings().clone();
        let integration = before.placements()[0].integration();
        let integration = integration.with_settings(IntegrationSettings { enabled, ..settings }, serving.clock.clone());
        let next = before.next().integration("manager", integration.unwrap()).place(ToPlace {
            id: "manager",
            integration: "manager",
            exits: "queue:sales".into(),
            settings: BTreeMap::new(),
            operation: before.placements()[0].configured().placed.operation().clone(),
        });
        serving.node.replace(next.await.unwrap().build().unwrap());
        assert_eq!(serving.client.call(&json!({"caller": CALLER})).await.goes_to(), goes_to);
    }
}

#[tokio::test]
async fn the_tokens_of_an_integration_are_kept_from_the_moment_that_it_is_served_and_no_longer() {
    let mut scene = Scene::empty();
    scene.add("manager", "token-of-the-first-account", "queue:sales").await;
    let store = Arc::clone(&scene.store);
    let serving = scene.serve().await;
    // It was connected by another process, so its keeper has to look into the store.
    let simulator = account::simulator_with_oauth(&serving.clock).await;
    let settings = IntegrationSettings {
        private_addresses: PrivateAddresses::Granted,
        ..IntegrationSettings::new("added", account::oauth(&simulator), Vec::new())
    };
    let integrate = || {
        let stores = Stores::in_one(Arc::clone(&store));
        Arc::new(Integration::with_clock(settings.clone(), stores, serving.clock.clone()).expect("usable"))
    };
    account::connect(integrate().keeper().unwrap(), &simulator).await;
    let added = integrate();
    assert!(!added.is_on());
    let before = serving.node.revision();
    let same = |placement: &Placement| Some(placement.exits().clone());
    let next = with_exits(&before, same).await.integration("added", Arc::clone(&added));
    serving.node.replace(next.build().unwrap());
    until(|| added.is_on()).await;
    // One that is looked at before it is served is on at once.
    let looked_at = integrate();
    server::look_at_tokens([(&"added".into(), &looked_at)]).await;
    assert!(looked_at.is_on());
    let keeper = Arc::downgrade(added.keeper().unwrap());
    drop(added);
    drop(serving.node.replace(with_exits(&before, same).await.build().unwrap()));
    until(|| keeper.strong_count() == 0).await;
}

/// A scenario whose linked operation, exit for withheld numbers and SIP addresses belong together.
async fn numbered(before: &Arc<Revision>, number: usize) -> Revision {
    let linked = format!("queue:{number}");
    let exits = BTreeMap::from([("caller".to_owned(), format!("withheld:{number}"))]);
    let exits = Exits::new(linked.clone(), exits);
    let next = with_exits(before, |_| Some(exits.clone())).await;
    let address = |name: &str| (format!("{name}:{number}"), format!("sip:{name}-{number}@10.0.0.5"));
    let places = ["queue", "withheld"].map(address);
    let templates = ("sip:{number}@10.0.0.5", "sip:{number}@trunk.example");
    let destinations = Destinations::new(Syntax::SipAddress, templates.0, templates.1, places.into());
    let kamailio = Kamailio {
        destinations: destinations.expect("templates"),
        silence: Duration::from_secs(2),
        linked_ring_time: Duration::from_secs(60),
    };
    let pbx = PbxSettings { kamailio: Some(kamailio), asterisk: None };
    next.extension(Arc::new(pbx)).build().expect("a scenario")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e1_no_answer_mixes_two_scenarios_however_often_they_are_replaced_under_load() {
    let mut scene = Scene::empty();
    scene.add("manager", "token-of-the-first-account", "queue:sales").await;
    let serving = scene.serve().await;
    serving.node.replace(numbered(&serving.node.revision(), 0).await);
    let (answered, ended) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicBool::new(false)));
    let mut workers = Vec::new();
    for worker in 0..4_usize {
        let (client, answered, ended) = (serving.client.clone(), Arc::clone(&answered), Arc::clone(&ended));
        workers.push(tokio::spawn(async move {
            let (mut calls, mut last) = (0_usize, 0);
            while !ended.load(Ordering::Acquire) {
                // By turns: the number is withheld, and the operation is none that is here.
                let operation = if (calls + worker) % 2 == 0 { "manager" } else { "nobody" };
                let call = json!({"id": format!("{worker}-{calls}"), "operation": operation});
                let answer = client.call(&call).await.json();
                let target = answer["route"]["target"].as_str().unwrap_or_else(|| panic!("a route: {answer}"));
                let (name, number) = target.split_once(':').unwrap();
                let number: usize = number.parse().unwrap_or_else(|_| panic!("a scenario of this test: {answer}"));
                assert_eq!(answer["routes"][0]["uri"], format!("sip:{name}-{number}@10.0.0.5"), "{answer}");
                assert!(number >= last, "no call goes back to a scenario from before the one before");
                last = number;
                calls += 1;
                answered.add_permits(1);
            }
            (calls, last)
        }));
    }
    for number in 1..=REPLACED {
        // At least one more call ends between two changes, and others are on their way.
        let next = tokio::time::timeout(PATIENCE, answered.acquire()).await.expect("calls go on").unwrap();
        next.forget();
        serving.node.replace(numbered(&serving.node.revision(), number).await);
    }
    ended.store(true, Ordering::Release);
    let mut calls = 0;
    for worker in workers {
        let (made, _) = worker.await.expect("no call is lost and none is mixed");
        calls += made;
    }
    assert!(calls >= REPLACED, "{calls}");
    let last = serving.client.call(&json!({"operation": "nobody"})).await;
    assert_eq!(last.goes_to(), format!("queue:{REPLACED}"));
}
