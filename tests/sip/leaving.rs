//! A caller who hangs up: before anything rings, and while it rings.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule};
use host_harness::demo_pbx::Patience;

use crate::scene::{MACHINE, Scene};

#[tokio::test]
async fn while_the_manager_rings_nothing_else_does() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"102\", \"+79035550101\"]").await else { return };
    let (mut caller, call) = scene.caller();
    caller.patience = Patience::HangsUp(Duration::from_millis(1_500));
    scene.make(&caller).await;
    let (legs, kept) = scene.story(&call, 1).await;
    assert_eq!(legs, ["102 caller-gone"]);
    assert_eq!(kept["outcome"]["result"], "caller-gone");
    assert_eq!(kept["outcome"]["answered_by"], serde_json::Value::Null);
    let desks = scene.telephony.desks.messages(&call);
    assert!(desks.iter().any(|message| message.text.starts_with("CANCEL ")), "the desk rings on");
    assert_eq!(scene.telephony.rang(&call).len(), 1, "a further leg began");
}

#[tokio::test]
async fn before_the_answer_came_nothing_rings() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    let slow = Fault::DelayHeaders(Duration::from_millis(1_500));
    scene.home.simulator.add_fault(FaultRule::new(slow).on(Endpoint::Contacts));
    let (mut caller, call) = scene.caller();
    caller.patience = Patience::HangsUp(Duration::from_millis(500));
    // The caller expects 487, and nothing else.
    scene.make(&caller).await;
    let (legs, _) = scene.story(&call, 1).await;
    assert_eq!(legs, ["101 caller-gone"]);
    assert_eq!(scene.telephony.rang(&call), []);
    assert_eq!(scene.home.simulator.count_of(Endpoint::Contacts), 1);
}
