//! Reports stand in nobody's way, and are not lost.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule};
use host_harness::demo_pbx::Patience;

use test_support::client::TOKEN;

use crate::scene::{MACHINE, Scene, WAYS, Way, has_legs, legs};

/// By how much longer a caller may wait than without reports.
const TOLERANCE: Duration = Duration::from_millis(400);

#[tokio::test]
async fn the_answer_is_told_while_people_talk() {
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    for way in WAYS {
        let mut caller = scene.caller(way);
        // It hangs up where nobody answers, and else leaves that to the telephone, which does not either.
        caller.patience = Patience::HangsUp(Duration::from_secs(10));
        let before = scene.kept().await;
        let told = scene.until(|kept| kept["seq"].as_u64() > u64::try_from(before).ok() && has_legs(1)(kept));
        tokio::select! {
            _ = scene.make(&caller) => panic!("{way:?}: the call has ended"),
            kept = told => assert_eq!(legs(&kept), ["101 answered"], "{way:?}"),
        }
    }
}

#[tokio::test]
async fn a_caller_who_leaves_is_told_of_whatever_rings() {
    let Some(scene) = Scene::new("[\"102\"]").await else { return };
    for way in WAYS {
        let mut caller = scene.caller(way);
        caller.patience = Patience::HangsUp(Duration::from_millis(1_200));
        scene.make(&caller).await;
        let kept = scene.until(has_legs(1)).await;
        assert_eq!(legs(&kept), ["102 caller-gone"], "{way:?}");
        assert!(kept["outcome"]["legs"][0]["ring_ms"].as_u64() > Some(500), "{way:?}: {kept}");
    }
    scene.home.simulator.add_fault(FaultRule::new(Fault::Hang).on(Endpoint::Contacts));
    for way in WAYS {
        let before = scene.kept().await;
        let mut caller = scene.caller(way);
        // Nobody's number, and another one each time.
        caller.number = format!("+7916000009{before}");
        caller.patience = Patience::HangsUp(Duration::from_millis(600));
        scene.make(&caller).await;
        let kept = scene.until(|kept| kept["call"]["caller"] == caller.number && has_legs(1)(kept)).await;
        assert_eq!(legs(&kept), ["queue:sales caller-gone"], "{way:?}: nothing rang yet");
        assert_eq!(scene.kept().await, before + 1, "{way:?}");
    }
}

/// The file is locked while telephones are tried: the caller is served as fast as ever, and the story is whole afterwards.
#[tokio::test]
async fn a_locked_file_makes_no_caller_wait_and_nothing_is_lost() {
    let _alone = MACHINE.lock().await;
    let Some(scene) = Scene::new("[\"103\", \"104\", \"103\", \"101\"]").await else { return };
    for way in WAYS {
        let usual = scene.make(&scene.caller(way)).await;
        scene.until(has_legs(4)).await;
        let before = scene.kept().await;
        let file = scene.home.path("kept/call-details.sqlite3");
        let holder = rusqlite::Connection::open(file).expect("the file");
        holder.execute_batch("BEGIN EXCLUSIVE").expect("nobody else writes for long");
        let locked = scene.make(&scene.caller(way)).await;
        assert!(locked < usual + TOLERANCE, "{way:?}: {locked:?} instead of {usual:?}");
        drop(holder);
        let is_next = |kept: &serde_json::Value| kept["seq"].as_u64() > u64::try_from(before).ok();
        let kept = scene.until(|kept| is_next(kept) && has_legs(4)(kept)).await;
        assert_eq!(legs(&kept).last().map(String::as_str), Some("101 answered"), "{way:?}");
        assert_eq!(scene.kept().await, before + 1, "{way:?}");
    }
}

/// A server that hangs from the answer on makes nobody wait: neither between telephones nor at the end.
#[tokio::test]
async fn a_hung_server_makes_no_caller_wait_for_reports() {
    let _alone = MACHINE.lock().await;
    let Some(scene) = Scene::new("[{ number = \"102\", ring_time = \"5s\" }, \"103\", \"101\"]").await else { return };
    for way in WAYS {
        let usual = scene.make(&scene.caller(way)).await;
        scene.until(has_legs(3)).await;
        let before = scene.kept().await;
        let caller = scene.caller(way);
        let hang = async {
            // The call is resolved once its details are kept; then the first telephone rings for five seconds.
            scene.until(|kept| kept["outcome"].is_null() && kept["seq"].as_u64() > u64::try_from(before).ok()).await;
            scene.server.signal("-STOP");
        };
        let (hung, ()) = tokio::join!(scene.make(&caller), hang);
        scene.server.signal("-CONT");
        assert!(hung < usual + TOLERANCE, "{way:?}: {hung:?} instead of {usual:?}");
        let kept = scene.until(has_legs(3)).await;
        assert_eq!(legs(&kept), ["102 no-answer", "103 busy", "101 answered"], "{way:?}");
    }
}

/// The token is in no line of the log, even where the server cannot be reached.
#[tokio::test]
async fn the_token_is_not_logged() {
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    scene.call(Way::Http, has_legs(1)).await;
    scene.server.signal("-KILL");
    scene.make(&scene.caller(Way::Http)).await;
    let said = scene.asterisk.said();
    assert!(said.contains("v1/resolve-call") && said.contains("no-decision"), "the failure is in the log: {said}");
    assert!(!said.contains(TOKEN), "{said}");
}
