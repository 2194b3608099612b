//! Whom a call rings, for how long, and where it goes when that one does not answer.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule};
use tokio::net::UdpSocket;

use host_harness::demo_pbx::Telephones;

use crate::scene::{CALLED, CALLER, MACHINE, Scene, ring_ms};

/// The header on the manager's numbers.
const MANAGER: &str = "personal-manager";
/// The header on the linked operation after them.
const DID_NOT_ANSWER: &str = "manager-did-not-answer";
/// By how much a ring time may differ.
const TOLERANCE_MS: f64 = 300.0;

fn rang(legs: &[(&str, &str)]) -> Vec<(String, String)> {
    legs.iter().map(|(user, reason)| ((*user).to_owned(), (*reason).to_owned())).collect()
}

#[tokio::test]
async fn the_manager_answers() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\", \"+79035550101\"]").await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 1).await;
    assert_eq!(legs, ["101 answered"]);
    assert_eq!(kept["outcome"]["answered_by"]["number"], "101");
    assert_eq!(kept["outcome"]["legs"][0]["sip_status"], 200);
    assert_eq!(kept["call"]["caller"], CALLER);
    assert_eq!(scene.telephony.rang(&call), rang(&[("101", MANAGER)]));
}

#[tokio::test]
async fn a_number_rings_for_its_time_then_a_busy_one_then_the_queue_answers() {
    let _quiet = MACHINE.read().await;
    let numbers = "[{ number = \"102\", ring_time = \"5s\" }, \"+79035550103\"]";
    let Some(scene) = Scene::new(numbers).await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 3).await;
    assert_eq!(legs, ["102 no-answer", "+79035550103 busy", "queue:sales answered"]);
    assert_eq!(
        scene.telephony.rang(&call),
        rang(&[("102", MANAGER), ("+79035550103", MANAGER), ("sales", DID_NOT_ANSWER)])
    );
    let heard = ring_ms(&scene.telephony.desks, &call);
    assert!((heard - 5_000.0).abs() <= TOLERANCE_MS, "it rang for {heard} ms");
    let reported = kept["outcome"]["legs"][0]["ring_ms"].as_f64().unwrap();
    assert!((reported - 5_000.0).abs() <= TOLERANCE_MS, "{reported} ms were reported");
    assert_eq!(kept["outcome"]["legs"][1]["q850_cause"], 17);
    assert_eq!(kept["outcome"]["result"], "answered");
    assert_eq!(kept["outcome"]["answered_by"]["linked_operation"], "queue:sales");
}

#[tokio::test]
async fn whoever_does_not_answer_is_followed_by_the_next() {
    let _quiet = MACHINE.read().await;
    // A telephone that declines, and one that sends the caller elsewhere.
    let Some(scene) = Scene::new("[\"104\", \"+79035550105\"]").await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 3).await;
    assert_eq!(legs, ["104 declined", "+79035550105 failed", "queue:sales answered"]);
    let statuses: Vec<_> =
        kept["outcome"]["legs"].as_array().unwrap().iter().map(|leg| leg["sip_status"].clone()).collect();
    assert_eq!(statuses, [603, 302, 200]);
    let rang = scene.telephony.rang(&call);
    let users: Vec<_> = rang.iter().map(|(user, _)| user.as_str()).collect();
    assert_eq!(users, ["104", "+79035550105", "sales"], "nobody is sent where a telephone redirects to");
}

#[tokio::test]
async fn a_dead_telephone_costs_its_silence_and_no_more() {
    let _quiet = MACHINE.read().await;
    // One says nothing, and at the address of the other there is nobody.
    let nobody = host_harness::demo_pbx::free_address(crate::scene::own_address()).unwrap();
    let scene = Scene::with("[\"106\", \"+79035550101\"]", |configuration| {
        let lines = configuration.lines().map(|line| match line.split_once(" = ") {
            Some(("external", _)) => format!("external = \"sip:{{number}}@{nobody}\"\n"),
            _ => format!("{line}\n"),
        });
        lines.collect()
    });
    let Some(scene) = scene.await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 3).await;
    assert_eq!(legs, ["106 unavailable", "+79035550101 unavailable", "queue:sales answered"]);
    assert_eq!(kept["outcome"]["legs"][0]["ring_ms"], 0);
    // `[kamailio] silence` is two seconds.
    let first = |user: &str| {
        let telephony = &scene.telephony;
        let messages = [&telephony.desks, &telephony.queues].map(|telephones| telephones.messages(&call)).concat();
        messages.iter().find(|message| message.text.starts_with(&format!("INVITE sip:{user}@"))).unwrap().at
    };
    let (asked, queue) = (first("106"), first("sales"));
    let waited = queue.duration_since(asked).as_millis();
    assert!((2_000..5_000).contains(&waited), "the queue was asked after {waited} ms");
}

#[tokio::test]
async fn callers_who_are_unknown_or_hidden_go_straight_to_the_queue_with_the_reason() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    for (number, reason) in
        [("+79035550199", "contact-not-found"), ("anonymous", "caller-hidden"), ("+7916$si", "caller-unusable")]
    {
        let (mut caller, call) = scene.caller();
        number.clone_into(&mut caller.number);
        scene.make(&caller).await;
        let (legs, kept) = scene.story(&call, 1).await;
        assert_eq!(legs, ["queue:sales answered"]);
        assert_eq!(kept["reason"]["code"], reason, "{kept}");
        assert_eq!(scene.telephony.rang(&call), rang(&[("sales", reason)]));
        // What stands in an address is data, never a variable of Kamailio's.
        assert_eq!(kept["call"]["caller"].as_str().unwrap_or("anonymous"), number);
        assert_eq!(kept["call"]["called"], CALLED);
    }
}

/// Nobody answers, so Kamailio comes back, and is given the numbers of the operation that the exit leads to.
#[tokio::test]
async fn e2_after_no_answer_the_numbers_of_the_next_operation_ring() {
    let _quiet = MACHINE.read().await;
    let numbers = "[{ number = \"102\", ring_time = \"5s\" }]";
    let scene = Scene::asking("manager", numbers, |configuration| {
        let second = configuration.replace("[[integration]]", "[[integration]]\nid = \"main\"");
        let account = second.split("[[integration.employee]]").next().unwrap().replace("\"main\"", "\"other\"");
        let linked = "linked_operation = \"queue:sales\"\n";
        let first = format!(
            "id = \"manager\"\nintegration = \"main\"\n{linked}exits = {{ not-answered = \"operation:deputy\" }}\n"
        );
        let deputy = "[[integration.employee]]\nid = \"boris\"\nname = \"Борис\"\namocrm_user = 504141\nnumbers = [\"+79035550101\"]\n";
        let next = format!("[[operation]]\nid = \"deputy\"\nintegration = \"other\"\n{linked}");
        format!("{}{account}{deputy}{next}", second.replace(linked, &first))
    });
    let Some(scene) = scene.await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 2).await;
    assert_eq!(legs, ["102 no-answer", "+79035550101 answered"]);
    assert_eq!(scene.telephony.rang(&call), rang(&[("102", MANAGER), ("+79035550101", MANAGER)]), "each once");
    let step = &kept["steps"][0];
    assert_eq!((&step["placement"], &step["reason"]), (&"manager".into(), &serde_json::Value::Null));
    assert_eq!(step["legs"], serde_json::json!([{"number": "102", "result": "no-answer"}]));
    assert_eq!((&kept["placement"], &kept["route"]["employee"]["id"]), (&"deputy".into(), &"boris".into()));
}

/// The manager was never seen in amoCRM, and the deputy is there: the deputy's telephone rings and is told why.
#[tokio::test]
async fn e4_an_absent_managers_call_rings_the_deputy() {
    let _quiet = MACHINE.read().await;
    let scene = Scene::with("[\"102\"]", |configuration| {
        let boris = format!(
            "[[integration.employee]]\nid = \"boris\"\namocrm_user = 504142\nnumbers = [\"101\"]\npresence = \"{}\"\n[[operation]]\n",
            jiff::Timestamp::now()
        );
        configuration
            .replace("requests_per_second = 50\n", "requests_per_second = 50\nconsider_manager_status = true\n")
            .replace("numbers = [\"102\"]\n", "numbers = [\"102\"]\npresence = \"never-seen\"\ndeputy = \"boris\"\n")
            .replace("[[operation]]\n", &boris)
            .replace("settings = { ", "settings = { forward_to_deputy = true, ")
    });
    let Some(scene) = scene.await else { return };
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 1).await;
    assert_eq!(legs, ["101 answered"]);
    assert_eq!(scene.telephony.rang(&call), rang(&[("101", "deputy")]));
    let details = &kept["details"];
    assert_eq!((&details["deputy_for"], &details["deputy_reason"]), (&"anna".into(), &"manager-absent".into()));
}

/// The deputy answered this caller last: the next call rings him before anybody asks for the manager.
#[tokio::test]
async fn e5_who_answered_last_rings_before_the_manager() {
    let _quiet = MACHINE.read().await;
    let scene = Scene::with("[\"102\"]", |configuration| {
        let boris =
            "[[integration.employee]]\nid = \"boris\"\namocrm_user = 504142\nnumbers = [\"101\"]\n[[operation]]\n";
        configuration
            .replace("numbers = [\"102\"]\n", "numbers = [\"102\"]\nenabled = false\ndeputy = \"boris\"\n")
            .replace("[[operation]]\n", boris)
            .replace("settings = { ", "settings = { forward_to_deputy = true, prefer_last_talked = 1, ")
    });
    let Some(scene) = scene.await else { return };
    let sources = [("crm", "deputy"), ("last-talk", MANAGER)];
    for (source, reason) in sources {
        let call = scene.call().await;
        let (legs, kept) = scene.story(&call, 1).await;
        assert_eq!((legs, &kept["details"]["manager_source"]), (vec!["101 answered".to_owned()], &source.into()));
        assert_eq!(scene.telephony.rang(&call), rang(&[("101", reason)]));
    }
}

/// Inside the hours a call goes on to the manager, on a holiday to the place of its own that the exit names.
#[tokio::test]
async fn e1_e3_inside_the_hours_the_manager_rings_and_on_a_holiday_the_exit_does() {
    let _quiet = MACHINE.read().await;
    for (holidays, legs, header) in [
        ("[]", "101 answered", ("101", MANAGER)),
        ("[\"01-01..12-31\"]", "queue:night answered", ("night", "out-of-hours")),
    ] {
        let scene = Scene::asking("hours", "[\"101\"]", |configuration| {
            let hours = format!(
                "[[operation]]\nid = \"hours\"\ncomponent = \"working-hours\"\nlinked_operation = \"operation:manager\"\n\
                 exits = {{ out-of-hours = \"queue:night\" }}\nsettings = {{ week = [\"daily 00:00-24:00\"], holidays = {holidays}, \
                 time_zone = \"Europe/Moscow\" }}\n[[operation]]\nid = \"manager\"\n"
            );
            let sales = configuration.split("\"queue:sales\" = \"sip:sales@").nth(1).unwrap();
            let night = format!(
                "linked_operations = {{ \"queue:night\" = \"sip:night@{}\", ",
                sales.split('"').next().unwrap()
            );
            configuration.replace("[[operation]]\n", &hours).replace("linked_operations = { ", &night)
        });
        let Some(scene) = scene.await else { return };
        let call = scene.call().await;
        let (seen, kept) = scene.story(&call, 1).await;
        assert_eq!(seen, [legs], "{kept}");
        assert_eq!(scene.telephony.rang(&call), rang(&[header]));
    }
}

/// The telephone shows the contact's name in place of the network's, and the linked operation does not.
#[tokio::test]
async fn e6_the_telephone_shows_who_calls() {
    let _quiet = MACHINE.read().await;
    let scene = Scene::with("[\"102\"]", |configuration| {
        configuration.replace("settings = { ", "settings = { show_contact_name = true, ")
    });
    let Some(scene) = scene.await else { return };
    let call = scene.call().await;
    scene.story(&call, 2).await;
    let shown = |telephones: &Telephones| {
        let invite = telephones.messages(&call).into_iter().find(|message| message.text.starts_with("INVITE "));
        invite.and_then(|invite| invite.header("From").map(str::to_owned)).expect("an INVITE")
    };
    assert!(shown(&scene.telephony.desks).starts_with("\"Иван Петров\" <sip:"), "{}", shown(&scene.telephony.desks));
    assert!(!shown(&scene.telephony.queues).contains("Иван"), "{}", shown(&scene.telephony.queues));
}

/// The answer takes longer than a caller waits before the INVITE is sent again.
#[tokio::test]
async fn an_invite_that_is_repeated_is_one_call_with_one_decision() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    scene.home.simulator.add_fault(FaultRule::new(Fault::DelayHeaders(Duration::from_millis(800))));
    let socket = UdpSocket::bind((scene.address, 0)).await.unwrap();
    let (here, there) = (socket.local_addr().unwrap(), scene.kamailio.address());
    let invite = format!(
        "INVITE sip:{CALLED}@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK-repeated\r\n\
         From: \"a\\\"b $ru \\\\ Иван\" <sip:{CALLER}@{here}>;tag=repeated\r\nTo: <sip:{CALLED}@{there}>\r\n\
         Call-ID: repeated\r\nCSeq: 1 INVITE\r\nContact: <sip:{CALLER}@{here}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    for pause in [0, 200, 200] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        socket.send_to(invite.as_bytes(), there).await.unwrap();
    }
    let (legs, kept) = scene.story("repeated", 1).await;
    assert_eq!(legs, ["101 answered"]);
    assert_eq!(kept["call"]["caller"], CALLER);
    assert_eq!(scene.home.simulator.count_of(Endpoint::Contacts), 1);
    let messages = scene.telephony.desks.messages("repeated");
    assert_eq!(messages.iter().filter(|message| message.text.starts_with("INVITE ")).count(), 1);
}
