//! Linked operations of every kind, and trunks that name no number.

use crate::scene::{CALLER, Office, Scene, WAYS, has_legs, legs};

#[tokio::test]
async fn a_trunk_that_names_no_number_is_served_too() {
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    for way in WAYS {
        for (called, told) in [
            ("s", "s"),
            ("line17", "line17"),
            ("office.main", "office.main"),
            ("*11", "*11"),
            ("%2B74951234567", "+74951234567"),
            ("74951234567;npdi", "74951234567"),
        ] {
            let mut caller = scene.caller(way);
            caller.called = called.to_owned();
            scene.make(&caller).await;
            let kept = scene.until(|kept| kept["call"]["called"] == told && has_legs(1)(kept)).await;
            assert_eq!((legs(&kept), &kept["call"]["called"]), (vec!["101 answered".to_owned()], &told.into()));
            assert_eq!(kept["call"]["caller"], CALLER, "{way:?}");
        }
    }
}

/// A menu or a voicemail answers the caller itself; nothing else of it is known.
#[tokio::test]
async fn whatever_answers_the_caller_has_taken_the_call() {
    let dialplan = "[linked-operations](+)\nexten => menu,1,Answer()\n same => n,Wait(5)\n same => n,Return()\n\
                    exten => nothing,1,Return()\n";
    let server = "linked_operations = { \"queue:sales\" = \"menu\" }\n";
    let office = Office { numbers: "[\"103\"]", dialplan, server, ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    for way in WAYS {
        let kept = scene.call(way, has_legs(2)).await;
        assert_eq!(legs(&kept), ["103 busy", "queue:sales answered"], "{way:?}");
    }
}

#[tokio::test]
async fn all_telephones_of_an_employee_ring() {
    let pjsip = "[102]\ntype = endpoint\ncontext = office\ndisallow = all\nallow = alaw\naors = 102\n\
                 [102]\ntype = aor\nmax_contacts = 2\ncontact = sip:1102@{desks}\ncontact = sip:101@{desks}\n";
    let office = Office { numbers: "[\"102\"]", pjsip, internal: Some("PJSIP/{number}"), ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    for way in WAYS {
        // One of the two telephones only rings, the other is answered.
        let kept = scene.call(way, has_legs(1)).await;
        assert_eq!(legs(&kept), ["102 answered"], "{way:?}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

/// Numbers through the office's own dialplan: the reason goes on, and nothing complains of a header.
#[tokio::test]
async fn numbers_may_be_dialled_through_the_offices_own_dialplan() {
    let office = Office { numbers: "[\"101\"]", internal: Some("Local/{number}@office"), ..Office::default() };
    let Some(scene) = Scene::with(office).await else { return };
    for way in WAYS {
        let kept = scene.call(way, has_legs(1)).await;
        assert_eq!(legs(&kept), ["101 answered"], "{way:?}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
