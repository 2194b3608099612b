//! What is rung, both ways, and that the whole of it is told.

use serde_json::json;

use crate::scene::{Office, Scene, WAYS, has_legs, legs};

const EARLY_MEDIA: &str = include_str!("sipp/early-media.xml");
const TRANSFERS: &str = include_str!("sipp/transfers.xml");

#[tokio::test]
async fn the_manager_answers() {
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    for way in WAYS {
        let kept = scene.call(way, has_legs(1)).await;
        assert_eq!(legs(&kept), ["101 answered"], "{way:?}");
        let leg = &kept["outcome"]["legs"][0];
        // Why it ended is not known yet when it is answered.
        assert_eq!((&leg["sip_status"], &leg["q850_cause"]), (&json!(200), &json!(null)), "{way:?}");
        let rang = leg["ring_ms"].as_u64().expect("it rang");
        assert!((250..900).contains(&rang), "{way:?}: {rang} ms, and the telephone is answered after 300");
    }
    assert_eq!(scene.kept().await, 2);
}

#[tokio::test]
async fn each_number_is_told_of_as_it_ended_and_then_the_queue() {
    let Some(scene) = Scene::new("[\"103\", \"104\", \"105\", { number = \"102\", ring_time = \"5s\" }]").await else {
        return;
    };
    for way in WAYS {
        let kept = scene.call(way, has_legs(5)).await;
        assert_eq!(
            legs(&kept),
            ["103 busy", "104 declined", "105 failed", "102 no-answer", "queue:sales answered"],
            "{way:?}"
        );
        let statuses: Vec<_> =
            kept["outcome"]["legs"].as_array().unwrap().iter().map(|leg| leg["sip_status"].clone()).collect();
        assert_eq!(json!(statuses), json!([486, 603, 302, null, 200]), "{way:?}");
        let rang = kept["outcome"]["legs"][3]["ring_ms"].as_u64().unwrap();
        assert!((4_700..5_300).contains(&rang), "{way:?}: {rang} ms");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

/// Usual for mobiles behind a trunk: sound comes before the answer, and nothing says that it rings.
#[tokio::test]
async fn a_telephone_that_sends_sound_and_no_ringing_is_not_said_to_have_been_silent() {
    let office = Office { numbers: "[\"+79035550101\"]", outside: Some(EARLY_MEDIA), ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    for way in WAYS {
        let kept = scene.call(way, has_legs(1)).await;
        assert_eq!(legs(&kept), ["+79035550101 answered"], "{way:?}");
        assert!(kept["outcome"]["legs"][0]["ring_ms"].is_null(), "{way:?}: {kept}");
    }
}

#[tokio::test]
async fn a_manager_who_sends_the_caller_on_has_answered() {
    let office = Office { numbers: "[\"+79035550101\"]", outside: Some(TRANSFERS), ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    for way in WAYS {
        let kept = scene.call(way, has_legs(1)).await;
        assert_eq!(legs(&kept), ["+79035550101 answered"], "{way:?}");
        assert_eq!(kept["outcome"]["answered_by"]["number"], "+79035550101", "{way:?}");
    }
}

/// A report of many legs is a long line.
#[tokio::test]
async fn a_call_of_many_legs_is_told_whole() {
    let numbers: Vec<_> = (0..12).map(|place| format!("\"1{place}3\"")).collect();
    let Some(scene) = Scene::new(&format!("[{}]", numbers.join(", "))).await else { return };
    for way in WAYS {
        let kept = scene.call(way, has_legs(13)).await;
        assert!(legs(&kept)[..12].iter().all(|leg| leg.ends_with(" busy")), "{way:?} {kept}");
    }
}
