//! Callers who are handed on: an attended transfer, and a colleague who picks up.

use std::time::Duration;

use test_support::client::PATIENCE;

use crate::phone::Phone;
use crate::scene::{Office, Scene, WAYS, has_legs, legs, own_address};

/// The manager asks a colleague first, and then joins the two.
#[tokio::test]
async fn a_manager_who_hands_the_caller_over_after_asking_has_answered() {
    let phone = Phone::on(own_address()).await;
    let pjsip = format!("[from-phone]\ntype = identify\nendpoint = phones\nmatch = {}\n", phone.address().ip());
    let office =
        Office { numbers: "[\"+79035550101\"]", phone: Some(phone.address()), pjsip: &pjsip, ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    for way in WAYS {
        let manager = async {
            let caller = phone.answer().await;
            let colleague = phone.call(scene.listen, "108").await;
            phone.join(scene.listen, &caller, &colleague).await;
        };
        tokio::join!(scene.talk(way, Duration::from_secs(3)), manager);
        let kept = scene.until(has_legs(1)).await;
        assert_eq!(legs(&kept), ["+79035550101 answered"], "{way:?}");
        assert_eq!((&kept["ended"], kept.get("missed_by")), (&"answered".into(), None), "{way:?} {kept}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

/// Somebody else takes the call from his own telephone while the manager's rings.
#[tokio::test]
async fn a_call_that_a_colleague_picks_up_is_answered() {
    let pjsip = "call_group = 1\n[colleague]\ntype = endpoint\ncontext = office\npickup_group = 1\ndisallow = all\nallow = alaw\n\
                 direct_media = no\n[from-colleague]\ntype = identify\nendpoint = colleague\nmatch = {colleague}\n";
    let dialplan = "exten => *8,1,Pickup()\n";
    let office = Office { numbers: "[\"102\"]", dialplan, pjsip, ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    for (way, calls) in WAYS.into_iter().zip(1..) {
        let mut colleague = scene.caller(way);
        (colleague.from, colleague.called) = (scene.colleague, "*8".to_owned());
        let picks_up = async {
            let deadline = std::time::Instant::now() + PATIENCE;
            while scene.asterisk.said().matches("is ringing").count() < calls {
                assert!(std::time::Instant::now() < deadline, "nothing rings");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            scene.make(&colleague).await;
        };
        let caller = scene.caller(way);
        tokio::join!(scene.make_whatever(&caller), picks_up);
        let kept = scene.until(|kept| kept["seq"] == calls && has_legs(1)(kept)).await;
        assert_eq!((legs(&kept), &kept["ended"]), (vec!["102 answered".to_owned()], &"answered".into()), "{way:?}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
