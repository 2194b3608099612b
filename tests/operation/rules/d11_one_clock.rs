//! D11 One clock: time comes only from the host's clocks, so a test can move it, in either direction.

use jiff::SignedDuration;
use test_support::{CALLER, Scene};

#[tokio::test]
async fn d11_the_moved_clock_is_the_only_one() {
    // Years ahead of any real clock, and long before it.
    for hours in [24 * 365 * 10, -24 * 365 * 10] {
        let scene = Scene::new().await;
        scene.advance(SignedDuration::from_hours(hours));
        scene.call(CALLER).await;
        scene.advance(SignedDuration::from_hours(5));
        assert_eq!(scene.call(CALLER).await.source(), Some("cache"));
        scene.advance(SignedDuration::from_hours(1));
        assert_eq!(scene.call(CALLER).await.source(), Some("crm"));
    }
}

#[tokio::test]
async fn d11_a_clock_set_back_makes_a_kept_manager_a_miss() {
    // A record from the future has no known age, so it is not trusted.
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.advance(SignedDuration::from_secs(-1));
    assert_eq!(scene.call(CALLER).await.source(), Some("crm"));
}

#[tokio::test]
async fn d11_the_same_call_costs_the_same_instructions() {
    let mut costs = Vec::new();
    for _ in 0..3 {
        let scene = Scene::new().await;
        scene.call(CALLER).await;
        costs.push(scene.call(CALLER).await.resolved.run.instructions);
    }
    assert!(costs[0].is_some() && costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}
