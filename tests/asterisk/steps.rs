//! Operations after one another: by the host's own scenario (`ROUTE_AFTER`), and by the dialplan.

use crate::scene::{Office, Scene, WAYS, has_legs, legs};

/// Nobody answers, and the host names the next operation: one call with every step.
#[tokio::test]
async fn e2_the_dialplan_comes_back_when_nobody_answers() {
    let office = Office {
        numbers: "[\"103\", \"104\"]",
        operation: "exits = { not-answered = \"operation:second\" }\n\
                    [[operation]]\nid = \"second\"\nlinked_operation = \"queue:sales\"\n",
        asked: "main",
        ..Office::default()
    };
    let Some(scene) = Scene::with(office).await else { return };
    for (way, seq) in WAYS.into_iter().zip(1..) {
        let mut caller = scene.caller(way);
        caller.called = "74950000000".to_owned();
        scene.make(&caller).await;
        let kept = scene.until(|kept| kept["seq"] == seq && has_legs(5)(kept)).await;
        let expected = ["103 busy", "104 declined", "103 busy", "104 declined", "queue:sales answered"];
        assert_eq!(legs(&kept), expected, "{way:?}");
        let step = &kept["steps"][0];
        let told: Vec<_> = step["legs"].as_array().expect("legs").iter().map(|leg| leg["result"].clone()).collect();
        assert_eq!((told, &step["placement"]), (vec!["busy".into(), "declined".into()], &"main".into()), "{way:?}");
        assert_eq!((&kept["placement"], &kept["ended"]), (&"second".into(), &"linked-operation".into()), "{way:?}");
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

/// The dialplan itself leads from one operation to another: two calls of one channel, each with its own story.
#[tokio::test]
async fn a_second_operation_by_the_dialplan_is_a_call_of_its_own() {
    let office = Office {
        numbers: "[\"103\", \"101\"]",
        operation: "[[operation]]\nid = \"first\"\nlinked_operation = \"queue:second\"\n\
                    settings = { waiting_time = \"2s\" }\n",
        dialplan: "[linked-operations](+)\nexten => second,1,Set(OPERATION=main)\n\
                   same => n,Goto(ring-the-manager,s,1)\n",
        asked: "first",
        server: "linked_operations = { \"queue:second\" = \"second\", \"queue:sales\" = \"queue-sales\" }\n",
        ..Office::default()
    };
    let Some(scene) = Scene::with(office).await else { return };
    for (way, seq) in WAYS.into_iter().zip([2, 4]) {
        let mut caller = scene.caller(way);
        // Nobody has this number, so the first operation goes to the second, and that to the queue.
        caller.number = "+79165559999".to_owned();
        scene.make(&caller).await;
        let second = scene.until(|kept| kept["seq"] == seq && has_legs(1)(kept)).await;
        assert_eq!((legs(&second), &second["operation"]), (vec!["queue:sales answered".to_owned()], &"main".into()));
        let first = scene.by_seq(seq - 1).await;
        let id = first["call"]["id"].as_str().expect("an identifier");
        assert_eq!(second["call"]["id"], format!("{id}-2"), "{way:?}");
        assert_eq!((&first["operation"], &first["reason"]["code"]), (&"first".into(), &"contact-not-found".into()));
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
