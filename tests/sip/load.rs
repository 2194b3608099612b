//! A busy PBX: a hundred calls a second for ten seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use test_support::client::PATIENCE;

use crate::scene::{MACHINE, Scene};

const CALLS: u32 = 1_000;
const RATE: u32 = 100;

#[tokio::test]
async fn a_hundred_calls_a_second_for_ten_seconds_and_nothing_fails() {
    let _alone = MACHINE.write().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    // From then on the manager is known.
    let first = scene.call().await;
    let (mut caller, _) = scene.caller();
    (caller.calls, caller.rate) = (CALLS, RATE);
    scene.make(&caller).await;

    // Every call is kept once and was answered by the manager.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (mut ids, mut other, mut before) = (BTreeSet::new(), Vec::new(), String::new());
        loop {
            let page = scene.server.client.get(&format!("/v1/calls?limit=1000{before}")).await.json();
            for kept in page["calls"].as_array().unwrap() {
                let id = kept["call"]["id"].as_str().unwrap().to_owned();
                assert!(ids.insert(id), "two decisions: {kept}");
                if kept["outcome"]["answered_by"]["number"] != "101" {
                    other.push(format!("{} {} {}", kept["call"]["id"], kept["route"], kept["outcome"]));
                }
            }
            match page["next"].as_i64() {
                Some(next) => before = format!("&before={next}"),
                None => break,
            }
        }
        assert!(ids.contains(&first));
        if ids.len() == CALLS as usize + 1 && other.is_empty() {
            break;
        }
        let said = || scene.kamailio.said();
        assert!(Instant::now() < deadline, "{} calls were kept; not answered: {other:?}; {}", ids.len(), said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
