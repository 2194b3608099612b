//! Numbers of an employee that ring all at once, each with its own story.

use std::time::Duration;

use host_harness::demo_pbx::Patience;

use crate::scene::{MACHINE, Scene, WAYS, has_legs, legs};

#[tokio::test]
async fn one_answers_and_the_others_are_let_off() {
    let Some(scene) = Scene::new("[\"102\", \"103\", \"101\"]\nring = \"together\"").await else { return };
    for way in WAYS {
        let kept = scene.call(way, has_legs(3)).await;
        assert_eq!(legs(&kept), ["102 answered-elsewhere", "103 busy", "101 answered"], "{way:?}");
        assert_eq!((&kept["ended"], &kept["outcome"]["answered_by"]["number"]), (&"answered".into(), &"101".into()));
        for leg in [0, 2] {
            let rang = kept["outcome"]["legs"][leg]["ring_ms"].as_u64().expect("it rang");
            assert!((250..900).contains(&rang), "{way:?}: {rang} ms, and the telephone is answered after 300");
        }
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

#[tokio::test]
async fn each_number_is_told_of_as_it_ended_and_then_the_queue() {
    let _alone = MACHINE.lock().await;
    let numbers = "[{ number = \"103\", ring_time = \"5s\" }, { number = \"104\", ring_time = \"5s\" }, { number = \"102\", ring_time = \"5s\" }, { number = \"105\", ring_time = \"6s\" }]";
    let Some(scene) = Scene::new(&format!("{numbers}\nring = \"together\"")).await else { return };
    for way in WAYS {
        let took = scene.make(&scene.caller(way)).await;
        let kept = scene.until(|kept| kept["seq"] == if way == WAYS[0] { 1 } else { 2 } && has_legs(5)(kept)).await;
        assert_eq!(
            legs(&kept),
            ["103 busy", "104 declined", "102 no-answer", "105 failed", "queue:sales answered"],
            "{way:?}"
        );
        // All ring for as long as the longest: six seconds, and not eleven.
        let rang = kept["outcome"]["legs"][2]["ring_ms"].as_u64().unwrap();
        assert!((5_700..6_300).contains(&rang), "{way:?}: {rang} ms");
        assert!(took < Duration::from_secs(9), "{way:?}: {took:?}");
        let statuses: Vec<_> =
            kept["outcome"]["legs"].as_array().unwrap().iter().map(|leg| leg["sip_status"].clone()).collect();
        assert_eq!(serde_json::json!(statuses), serde_json::json!([486, 603, null, 302, 200]), "{way:?}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

#[tokio::test]
async fn a_caller_who_leaves_has_left_all_of_them() {
    let Some(scene) = Scene::new("[\"102\", \"112\"]\nring = \"together\"").await else { return };
    for way in WAYS {
        let mut caller = scene.caller(way);
        caller.patience = Patience::HangsUp(Duration::from_millis(1_200));
        scene.make(&caller).await;
        let kept = scene.until(has_legs(2)).await;
        assert_eq!(legs(&kept), ["102 caller-gone", "112 caller-gone"], "{way:?}");
        assert_eq!(kept["missed_by"][0]["id"], "anna", "{way:?}");
        assert!(kept["outcome"]["legs"][0]["ring_ms"].as_u64() > Some(500), "{way:?}: {kept}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
