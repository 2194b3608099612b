//! An operation that writes to its standard output and error as much as it likes: its call ends as others do.

use hostile_components::OUTPUT_FLOODER;

use super::{assert_failed, story};
use test_support::{CALLER, Scene, engine};

#[tokio::test]
async fn output_flooder() {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(OUTPUT_FLOODER).expect("it fits the contract");
    assert_eq!(story(&scene.call(CALLER).await), "256 pieces written", "it never waits for the log");
    assert_failed(&scene.call_to(CALLER, "endless").await, "time limit");
    assert_failed(&scene.call_to(CALLER, "streams").await, "limit");
}
