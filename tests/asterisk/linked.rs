//! Linked operations of every kind, and trunks that name no number.

use std::time::Duration;

use host_harness::demo_pbx::Patience;

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

/// The end of a queue and of a voicemail is told, as the caller leaves them.
#[tokio::test]
async fn a_queue_and_a_voicemail_are_told_of_as_they_end() {
    let dialplan = "[linked-operations](+)\nexten => queue,1,Queue(sales,,,,3)\n same => n,Return()\n\
                    exten => nobody,1,Queue(empty,,,,2)\n same => n,Return()\n\
                    exten => mailbox,1,VoiceMail(100@default,s)\n same => n,Return()\n";
    let queues = "[general]\n[sales]\nstrategy = ringall\ntimeout = 2\nmember => Local/101@office\n\
                  [empty]\njoinempty = yes\nstrategy = ringall\ntimeout = 1\nretry = 1\nmember => Local/102@office\n";
    let files =
        [("queues.conf", queues), ("voicemail.conf", "[general]\nformat = wav\n[default]\n100 => 1234,Office\n")];
    for (extension, expected, ended) in [
        ("queue", "queue:sales answered", "linked-operation"),
        ("nobody", "queue:sales no-answer", "unanswered"),
        ("mailbox", "queue:sales answered", "linked-operation"),
    ] {
        let server = format!("linked_operations = {{ \"queue:sales\" = \"{extension}\" }}\n");
        let office = Office { numbers: "[\"103\"]", dialplan, server: &server, files: &files, ..Office::default() };
        let Some(scene) = Scene::with(office).await else { return };
        for (way, seq) in WAYS.into_iter().zip(1..) {
            let mut caller = scene.caller(way);
            if extension == "nobody" {
                // Nothing answers this caller; the queue gives up, and the call with it.
                caller.patience = Patience::HangsUp(Duration::from_secs(20));
                scene.make_whatever(&caller).await;
            } else {
                scene.make(&caller).await;
            }
            let kept = scene.until(|kept| kept["seq"] == seq && has_legs(2)(kept)).await;
            assert_eq!(legs(&kept), ["103 busy", expected], "{way:?} {extension}");
            assert_eq!(
                (&kept["ended"], &kept["missed_by"][0]["id"]),
                (&ended.into(), &"anna".into()),
                "{way:?} {kept}"
            );
        }
    }
}

/// Whoever leaves before an agent answers has left, also where the dialplan answered before, and also during a greeting.
#[tokio::test]
async fn whoever_leaves_before_an_agent_answers_was_not_taken_by_the_queue() {
    let dialplan = "[linked-operations](+)\nexten => waiting,1,Answer()\n same => n,Queue(empty,,,,20)\n same => n,Return()\n\
                    exten => taken,1,Set(GREETING=yes)\n same => n,Answer()\n same => n,Set(GREETING=)\n same => n,Queue(sales,,,,20)\n same => n,Return()\n\
                    exten => greeted,1,Set(GREETING=yes)\n same => n,Answer()\n same => n,Wait(5)\n same => n,Set(GREETING=)\n\
                    same => n,Queue(sales,,,,20)\n same => n,Return()\n";
    let queues = "[general]\n[sales]\nstrategy = ringall\ntimeout = 5\nmember => Local/101@office\n\
                  [empty]\njoinempty = yes\nstrategy = ringall\ntimeout = 10\nretry = 1\nmember => Local/102@office\n";
    for (extension, expected) in [
        ("waiting", "queue:sales caller-gone"),
        ("taken", "queue:sales answered"),
        ("greeted", "queue:sales caller-gone"),
    ] {
        let server = format!("linked_operations = {{ \"queue:sales\" = \"{extension}\" }}\n");
        let files = [("queues.conf", queues)];
        let office = Office { numbers: "[\"103\"]", dialplan, server: &server, files: &files, ..Office::default() };
        let Some(scene) = Scene::with(office).await else { return };
        for (way, seq) in WAYS.into_iter().zip(1..) {
            scene.talk(way, Duration::from_millis(1_500)).await;
            let kept = scene.until(|kept| kept["seq"] == seq && has_legs(2)(kept)).await;
            assert_eq!(legs(&kept), ["103 busy", expected], "{way:?} {extension}");
        }
    }
}
