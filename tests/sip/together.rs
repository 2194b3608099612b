//! Numbers of an employee that ring all at once, each with its own story.

use std::time::Duration;

use host_harness::demo_pbx::Patience;

use crate::scene::{MACHINE, Scene, ring_ms};

#[tokio::test]
async fn one_answers_and_the_others_are_let_off() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"102\", \"+79035550101\"]\nring = \"together\"").await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 2).await;
    assert_eq!(legs, ["102 answered-elsewhere", "+79035550101 answered"]);
    assert_eq!((&kept["ended"], kept.get("missed_by")), (&"answered".into(), None));
    let mut rang = scene.telephony.rang(&call);
    rang.sort();
    let manager = "personal-manager".to_owned();
    assert_eq!(rang, [("+79035550101".to_owned(), manager.clone()), ("102".to_owned(), manager)]);
    let heard = ring_ms(&scene.telephony.desks, &call);
    assert!((200.0..900.0).contains(&heard), "it rang for {heard} ms, and the other is answered after 300");
}

/// Whoever declines speaks for one telephone alone, and the others ring on for as long as the longest.
#[tokio::test]
async fn each_number_is_told_of_as_it_ended_and_then_the_queue() {
    let _quiet = MACHINE.read().await;
    let numbers = "[{ number = \"102\", ring_time = \"5s\" }, { number = \"+79035550104\", ring_time = \"6s\" }]";
    let Some(scene) = Scene::new(&format!("{numbers}\nring = \"together\"")).await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 3).await;
    assert_eq!(legs, ["102 no-answer", "+79035550104 declined", "queue:sales answered"]);
    assert_eq!(kept["ended"], "linked-operation");
    let heard = ring_ms(&scene.telephony.desks, &call);
    assert!((heard - 6_000.0).abs() <= 300.0, "it rang for {heard} ms");
    let reported = kept["outcome"]["legs"][0]["ring_ms"].as_f64().expect("a time");
    assert!((reported - 6_000.0).abs() <= 300.0, "{reported} ms were reported");
}

#[tokio::test]
async fn a_caller_who_leaves_has_left_all_of_them() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"102\", \"+79035550102\"]\nring = \"together\"").await else { return };
    let (mut caller, call) = scene.caller();
    caller.patience = Patience::HangsUp(Duration::from_millis(1_200));
    scene.make(&caller).await;
    let (legs, kept) = scene.story(&call, 2).await;
    assert_eq!(legs, ["102 caller-gone", "+79035550102 caller-gone"]);
    assert_eq!(kept["missed_by"][0]["id"], "anna");
}

/// Where another operation comes next, it is told how each of them ended.
#[tokio::test]
async fn e2_a_call_comes_back_with_the_ends_of_all_of_them() {
    let _quiet = MACHINE.read().await;
    let numbers = "[{ number = \"102\", ring_time = \"5s\" }, { number = \"+79035550103\", ring_time = \"5s\" }]";
    let change = |configuration: String| {
        let first = "[[operation]]\nid = \"first\"\nlinked_operation = \"queue:sales\"\n\
                     exits = { not-answered = \"operation:second\" }\nsettings = { waiting_time = \"1s\" }\n\
                     [[operation]]\nid = \"second\"\nlinked_operation = \"queue:sales\"\n";
        configuration
            .replace("[[operation]]\nlinked_operation = \"queue:sales\"\n", first)
            .replace("waiting_time = \"2s\"", "waiting_time = \"1s\"")
    };
    let numbers = format!("{numbers}\nring = \"together\"");
    let Some(scene) = Scene::asking("first", &numbers, change).await else { return };
    let call = scene.call().await;
    // The second operation rings the same telephones once more, which sipp does not answer a second time in one call.
    let (legs, kept) = scene.story(&call, 5).await;
    assert_eq!(&legs[..2], ["102 no-answer", "+79035550103 busy"], "{kept}");
    assert_eq!(legs[4], "queue:sales answered", "{kept}");
    let told: Vec<_> =
        kept["steps"][0]["legs"].as_array().expect("legs").iter().map(|leg| leg["result"].clone()).collect();
    assert_eq!(told, ["no-answer", "busy"]);
}
