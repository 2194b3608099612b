//! Versions that nodes share: a component that one takes, puts in force, rolls back or lets shadow is the same on all within a second.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use redis::Commands;
use serde_json::{Value, json};
use test_support::client::{Answer, Client, PATIENCE, authorised};
use test_support::{CALLER, Home, variant};

use crate::nodes::{FILE, Nodes, change, has, revision};

/// Within which time all nodes know what one was told.
const A_SECOND: Duration = Duration::from_secs(1);
/// What a busy machine may add to it.
const BUSY: Duration = Duration::from_secs(2);
/// Where the record of the versions is at the server of Redis.
const RECORD: &str = "hh:1:13:/host-harness8:versionsrecord";

async fn upload(client: &Client, component: &[u8]) -> String {
    let request = authorised(Method::POST, "/v1/components").header("content-type", "application/wasm");
    let uploaded = client.send(request, component.to_vec()).await;
    assert_eq!(uploaded.status, StatusCode::CREATED, "{uploaded:?}");
    uploaded.json()["digest"].as_str().expect("a digest").to_owned()
}

async fn put(client: &Client, what: &str, digest: &str) -> Answer {
    let request = authorised(Method::PUT, &format!("/v1/operations/main/{what}"));
    client.send(request.header("content-type", "application/json"), json!({"digest": digest}).to_string()).await
}

async fn in_force(client: &Client) -> Value {
    client.get("/v1/operations/main/component").await.json()
}

async fn state(client: &Client) -> Value {
    client.get("/v1/state").await.json()["versions"].clone()
}

/// Waits until it is so, and says how long that took.
async fn until(mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "in vain");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}

/// Waits until a node has taken the component that another one took, and has it compiled; says after how long it was listed.
async fn is_ready(client: &Client, digest: &str) -> Duration {
    let listed = until(async || client.get(&format!("/v1/components/{digest}")).await.status == StatusCode::OK).await;
    until(async || !state(client).await["preparing"].to_string().contains(digest)).await;
    listed
}

async fn has_version(client: &Client, digest: &str) -> Duration {
    until(async || in_force(client).await["component"] == digest).await
}

fn store(nodes: &Nodes) -> redis::Connection {
    redis::Client::open(nodes.redis.address()).unwrap().get_connection().unwrap()
}

#[tokio::test]
async fn what_one_node_is_told_of_versions_the_other_knows_within_a_second() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let configured = in_force(a).await["component"].as_str().expect("a digest").to_owned();
    let two = upload(a, &variant("two")).await;
    let listed = is_ready(b, &two).await;
    let of_b = b.get(&format!("/v1/components/{two}")).await.json();
    assert_eq!(of_b, a.get(&format!("/v1/components/{two}")).await.json(), "it tells the same of itself");
    assert_eq!(put(a, "component", &two).await.status, StatusCode::OK);
    let activated = has_version(b, &two).await;
    assert_eq!(b.call(&json!({"caller": CALLER})).await.json()["run"]["component"], two.as_str());
    let [of_a, of_b] = [in_force(a).await, in_force(b).await];
    assert_eq!((&of_a, &of_b["before"]), (&of_b, &json!(configured)), "with its history and what was before");
    // The other one rolls back, and lets it shadow.
    let request = authorised(Method::POST, "/v1/operations/main/rollback");
    assert_eq!(b.send(request, "").await.status, StatusCode::OK);
    let rolled_back = has_version(a, &configured).await;
    assert_eq!(put(b, "shadow", &two).await.status, StatusCode::OK);
    let shadowed = until(async || a.get("/v1/operations/main/shadow").await.status == StatusCode::OK).await;
    assert_eq!(b.with_token(Method::DELETE, "/v1/operations/main/shadow", "").await.status, StatusCode::NO_CONTENT);
    let ended = until(async || a.get("/v1/operations/main/shadow").await.status == StatusCode::NOT_FOUND).await;
    let known = [listed, activated, rolled_back, shadowed, ended];
    eprintln!("known at the other node after: {known:?}");
    assert!(known.iter().all(|after| *after < A_SECOND + BUSY), "{known:?}");
    assert_eq!(state(b).await["refused"], json!([]));
}

#[tokio::test]
async fn of_two_nodes_that_activate_at_once_one_wins_and_the_other_is_told() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let (two, three) = (upload(a, &variant("two")).await, upload(a, &variant("three")).await);
    is_ready(b, &three).await;
    let (of_a, of_b) = tokio::join!(put(a, "component", &two), put(b, "component", &three));
    let (winner, loser) = if of_a.status == StatusCode::OK { (&two, of_b) } else { (&three, of_a) };
    assert_eq!(loser.status, StatusCode::CONFLICT, "{loser:?}");
    let said = loser.json();
    assert!(said["detail"].as_str().unwrap().contains("another node has changed the versions of `main`"), "{said}");
    assert!(said["detail_ru"].as_str().unwrap().contains("изменил другой узел"), "{said}");
    for client in [a, b] {
        has_version(client, winner).await;
    }
}

#[tokio::test]
async fn a_node_that_was_away_catches_up_at_its_start_and_a_new_one_has_everything() {
    let Some(mut nodes) = Nodes::start().await else { return };
    nodes.nodes[1].kill();
    let [a, _] = nodes.clients();
    let two = upload(a, &variant("two")).await;
    assert_eq!(put(a, "component", &two).await.status, StatusCode::OK);
    // An operation is placed with it too.
    let night = json!({"id": "night", "linked_operation": "queue:night", "component": two});
    let placed = change(a, &revision(a).await, Method::POST, "/v1/operations", &night).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    let again = nodes.homes[1].serve(&[]);
    let fresh = Home::new();
    for secret in ["amo", "token", "key"] {
        fresh.write_secret(secret, &std::fs::read_to_string(nodes.homes[1].path(secret)).unwrap());
    }
    fresh.write(FILE, std::fs::read(nodes.homes[1].path(FILE)).unwrap());
    let third = fresh.serve(&[]);
    for client in [&again.client, &third.client] {
        assert_eq!(in_force(client).await["component"], two.as_str(), "from the first call on");
        has(client, "queue:night").await;
        assert_eq!(client.get("/v1/operations/night/component").await.json()["component"], two.as_str());
        let called = client.call(&json!({"caller": CALLER, "operation": "night"})).await.json();
        assert_eq!(called["run"]["component"], two.as_str());
    }
}

#[tokio::test]
async fn an_operation_that_is_placed_with_an_uploaded_component_is_placed_on_all() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let two = upload(a, &variant("two")).await;
    let night = json!({"id": "night", "linked_operation": "queue:night", "component": two});
    assert_eq!(change(a, &revision(a).await, Method::POST, "/v1/operations", &night).await.status, StatusCode::CREATED);
    has(b, "queue:night").await;
    assert!(b.get("/v1/configuration").await.json()["refused"].is_null());
    // A version of that operation belongs to it on both, though each keeps the component in a folder of its own.
    let three = upload(b, &variant("three")).await;
    let request = authorised(Method::PUT, "/v1/operations/night/component").header("content-type", "application/json");
    assert_eq!(b.send(request, json!({"digest": three}).to_string()).await.status, StatusCode::OK);
    until(async || a.get("/v1/operations/night/component").await.json()["component"] == three.as_str()).await;
}

#[tokio::test]
async fn while_the_store_is_away_versions_stay_and_cannot_be_changed_and_a_lost_record_is_put_back() {
    let Some(mut nodes) = Nodes::start().await else { return };
    let two = upload(nodes.clients()[0], &variant("two")).await;
    assert_eq!(put(nodes.clients()[0], "component", &two).await.status, StatusCode::OK);
    has_version(nodes.clients()[1], &two).await;
    nodes.redis.stop();
    for client in nodes.clients() {
        until(async || !state(client).await["away"].is_null()).await;
        let refused = client.send(authorised(Method::POST, "/v1/operations/main/rollback"), "").await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
        assert!(refused.json()["detail"].as_str().unwrap().contains("cannot be reached"), "{refused:?}");
        assert_eq!(client.call(&json!({"caller": CALLER})).await.json()["run"]["component"], two.as_str());
    }
    // A node that starts meanwhile has what it saw last.
    nodes.nodes[1].kill();
    nodes.nodes[1] = nodes.homes[1].serve(&[]);
    assert_eq!(in_force(nodes.clients()[1]).await["component"], two.as_str());
    // It kept nothing on its disk.
    nodes.redis.restart();
    let [a, b] = nodes.clients();
    until(async || state(a).await["away"].is_null() && state(b).await["away"].is_null()).await;
    let mut connection = store(&nodes);
    until(async || connection.get::<_, Option<String>>(RECORD).unwrap().is_some_and(|record| record.contains(&two)))
        .await;
    let rolled_back =
        async || b.send(authorised(Method::POST, "/v1/operations/main/rollback"), "").await.status == StatusCode::OK;
    until(rolled_back).await;
    until(async || in_force(a).await["component"] != two.as_str()).await;
}

#[tokio::test]
async fn a_record_of_a_newer_program_is_left_as_it_is_and_what_it_tells_besides_survives() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let two = upload(a, &variant("two")).await;
    let mut connection = store(&nodes);
    let mut read = || serde_json::from_str::<Value>(&connection.get::<_, String>(RECORD).unwrap()).unwrap();
    let mut record = read();
    record["number"] = (record["number"].as_u64().unwrap() + 1).into();
    record["canary"] = json!({"share": 0.1});
    record["components"][0]["signed_by"] = json!("anna");
    let mut write = store(&nodes);
    let () = write.set(RECORD, record.to_string()).unwrap();
    // A node of this version changes what it knows, and keeps the rest.
    until(async || put(b, "component", &two).await.status == StatusCode::OK).await;
    let changed = read();
    assert_eq!((&changed["canary"], &changed["components"][0]["signed_by"]), (&record["canary"], &json!("anna")));
    has_version(a, &two).await;
    // What it cannot read it leaves alone, and says so.
    let newer = json!({"format": 2, "number": 99, "said": "otherwise"}).to_string();
    let () = write.set(RECORD, &newer).unwrap();
    for client in [a, b] {
        until(async || state(client).await["away"]["en"].as_str().is_some_and(|away| away.contains("format 2"))).await;
        assert!(state(client).await["away"]["ru"].as_str().unwrap().contains("обновите этот узел"));
        let refused = client.send(authorised(Method::POST, "/v1/operations/main/rollback"), "").await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
        assert_eq!(client.call(&json!({"caller": CALLER})).await.json()["run"]["component"], two.as_str());
    }
    assert_eq!(connection.get::<_, String>(RECORD).unwrap(), newer);
}

#[tokio::test]
async fn a_node_whose_program_cannot_take_a_component_says_so_and_keeps_what_it_has() {
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let two = upload(a, &variant("two")).await;
    is_ready(b, &two).await;
    // A program of another version took what this one cannot: the same bytes under their digest, which do not fit its contract.
    let foreign = of_another_contract(&variant("three"));
    let digest = runtime::engine::digest(&foreign);
    let mut connection = store(&nodes);
    let key = |name: &str| format!("hh:1:13:/host-harness10:components{name}");
    let mut head: Value = serde_json::from_str(&connection.get::<_, String>(key(&two)).unwrap()).unwrap();
    head["component"]["digest"] = json!(digest);
    head["component"]["size"] = json!(foreign.len());
    let () = connection.set(key(&digest), head.to_string()).unwrap();
    for (number, part) in foreign.chunks(256 * 1024).enumerate() {
        let () = connection.set(key(&format!("{digest}-{number}")), part).unwrap();
    }
    let mut record: Value = serde_json::from_str(&connection.get::<_, String>(RECORD).unwrap()).unwrap();
    let configured = in_force(a).await["component"].clone();
    record["number"] = (record["number"].as_u64().unwrap() + 1).into();
    record["components"][0]["digest"] = json!(digest);
    record["placements"]["main"] = json!([{"origin": {"made": 0, "component": null}, "changes": [{"digest": digest, "from": configured,
        "at": "2026-11-22T09:00:00Z", "by": "test", "how": "activated", "from_configured": true}]}]);
    let () = connection.set(RECORD, record.to_string()).unwrap();
    for client in [a, b] {
        let is_refused = async || {
            let refused = state(client).await["refused"].clone();
            refused.as_array().unwrap().iter().any(|refused| {
                refused["operation"] == "main"
                    && refused["component"] == digest.as_str()
                    && refused["why"]["en"].as_str().is_some_and(|why| why.contains("version 0.9.0 of the contract"))
            })
        };
        until(is_refused).await;
        assert_eq!(in_force(client).await["component"], configured);
        assert_eq!(client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    }
    // The configuration goes on changing there.
    let new = json!({"linked_operation": "queue:new"});
    let changed = change(a, &revision(a).await, Method::PATCH, "/v1/operations/main", &new).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    has(b, "queue:new").await;
    assert_eq!(in_force(b).await["component"], configured);
    // Who takes it back needs no command line.
    let request = authorised(Method::POST, "/v1/operations/main/rollback");
    assert_eq!(a.send(request, "").await.status, StatusCode::OK);
    until(async || !state(b).await["refused"].to_string().contains("main")).await;
}

/// The same component, made for another version of the contract.
fn of_another_contract(component: &[u8]) -> Vec<u8> {
    let (known, other) = (b"telephony:operation/operation@0.2.0", b"telephony:operation/operation@0.9.0");
    let mut changed = component.to_vec();
    let places: Vec<_> = (0..=changed.len() - known.len()).filter(|at| changed[*at..].starts_with(known)).collect();
    for at in places {
        changed[at..at + other.len()].copy_from_slice(other);
    }
    assert_ne!(changed, component);
    changed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_are_swapped_to_a_new_version_under_load_and_no_call_is_lost() {
    const CALLS: usize = 3_000;
    let Some(nodes) = Nodes::start().await else { return };
    let [a, b] = nodes.clients();
    let first = in_force(a).await["component"].as_str().expect("a digest").to_owned();
    assert_eq!(a.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    let second = upload(a, &variant("two")).await;
    is_ready(b, &second).await;
    let callers = (0..8).map(|caller| {
        let clients = [a.clone(), b.clone()];
        tokio::spawn(async move {
            let mut answered = Vec::new();
            for number in 0..CALLS / 8 {
                let node = (caller + number) % 2;
                let call = json!({"id": format!("{caller}-{number}"), "caller": CALLER});
                let answer = clients[node].call(&call).await;
                assert_eq!(answer.goes_to(), "anna", "{answer:?}");
                answered.push((node, answer.json()["run"]["component"].as_str().expect("a component").to_owned()));
            }
            answered
        })
    });
    let callers: Vec<_> = callers.collect();
    let swapped = async {
        let half = async || nodes_kept(a).await > CALLS / 6;
        until(half).await;
        let activated = put(a, "component", &second).await;
        assert_eq!(activated.status, StatusCode::OK, "{activated:?}");
        has_version(b, &second).await
    };
    let began = Instant::now();
    let after = swapped.await;
    let mut by_version = [[0; 2]; 2];
    for caller in callers {
        let mut last = [&first; 2];
        for (node, version) in &caller.await.expect("no call fails") {
            let is_new = *version == second;
            assert!(is_new || *version == first, "each by one of the two: {version}");
            assert!(is_new || *last[*node] == first, "no call of a node goes back to the version before");
            if is_new {
                last[*node] = &second;
            }
            by_version[*node][usize::from(is_new)] += 1;
        }
    }
    let total: usize = by_version.iter().flatten().sum();
    assert_eq!(total, CALLS);
    assert!(by_version.iter().flatten().all(|calls| *calls > 0), "both versions on both nodes: {by_version:?}");
    // And each has its details, which are written behind the answer.
    until(async || nodes_kept(a).await + nodes_kept(b).await == CALLS + 1).await;
    eprintln!(
        "calls by node and version: {by_version:?}, in {:?}; the other node had it after {after:?}",
        began.elapsed()
    );
}

/// How many calls a node has kept.
async fn nodes_kept(client: &Client) -> usize {
    let state = client.get("/v1/state").await.json();
    usize::try_from(state["call_details"]["kept"].as_u64().expect("a count")).expect("few")
}
