//! Twenty calls in a second, for ten seconds.

use serde_json::Value;

use crate::scene::{MACHINE, Scene, WAYS};

const RATE: u32 = 20;
const CALLS: u32 = 10 * RATE;

#[tokio::test]
async fn each_of_many_calls_is_answered_and_told_whole() {
    let _alone = MACHINE.lock().await;
    let Some(scene) = Scene::new("[\"103\", \"101\"]").await else { return };
    for (way, calls) in WAYS.into_iter().zip([CALLS, 2 * CALLS]) {
        let mut caller = scene.caller(way);
        (caller.calls, caller.rate) = (CALLS, RATE);
        scene.make(&caller).await;
        let is_whole = |call: &Value| {
            let legs = call["outcome"]["legs"].as_array().map_or(0, Vec::len);
            call["ended"] == "answered" && legs == 2
        };
        let whole = async || {
            let listed = scene.server.client.get("/v1/calls?limit=1000").await.json();
            let listed = listed["calls"].as_array().cloned().unwrap_or_default();
            (listed.len(), listed.iter().filter(|call| is_whole(call)).count())
        };
        let all = usize::try_from(calls).expect("a small number");
        let deadline = std::time::Instant::now() + test_support::client::PATIENCE;
        loop {
            let found = whole().await;
            if found == (all, all) {
                break;
            }
            assert!(std::time::Instant::now() < deadline, "{way:?}: {found:?} of {all}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    let state = scene.server.client.get("/v1/state").await.json();
    let details = &state["call_details"];
    assert_eq!((&details["lost"], &details["reports_lost"]), (&0.into(), &0.into()), "{state}");
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
