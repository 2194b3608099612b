//! Other ways to write the configuration of Kamailio: not shipped, and possible with the same server.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule};
use host_harness::demo_pbx::{KAMAILIO_CFG, Kamailio, Patience};

use crate::scene::{MACHINE, Scene, kamailio};

/// Kamailio beside that of the scene, with other text instead of parts of the shipped configuration.
async fn variant(scene: &Scene, changes: &[(&str, &str)]) -> Kamailio {
    let configuration = changes.iter().fold(KAMAILIO_CFG.to_owned(), |configuration, (part, instead)| {
        assert_eq!(configuration.matches(part).count(), 1, "{part}");
        configuration.replace(part, instead)
    });
    let mut settings = kamailio(&scene.telephony, scene.server.client.server, scene.address);
    settings.configuration = configuration.into();
    Kamailio::start(scene.programs, &scene.home.path("variant"), &settings).await.unwrap()
}

/// Asks in the SIP workers themselves. It is not shipped, since one slow answer after another would hold up all SIP; a caller who leaves is let go
/// at once.
#[tokio::test]
async fn it_may_ask_without_asynchronous_workers() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    let (asks, instead) =
        ("if (!async_task_route(\"DECIDE\"))", "t_newtran(); t_reply(\"100\", \"Trying\"); route(DECIDE); if (0)");
    let kamailio = variant(&scene, &[(asks, instead)]).await;

    scene.home.simulator.add_fault(FaultRule::new(Fault::Hang).on(Endpoint::Contacts));
    let (mut caller, call) = scene.caller();
    caller.pbx = kamailio.address();
    caller.patience = Patience::HangsUp(Duration::from_millis(300));
    scene.make(&caller).await;
    assert_eq!(scene.decisions(&call).await, 0, "the caller was let go before there was a decision");
    let (legs, _) = scene.story(&call, 1).await;
    assert_eq!(legs, ["queue:sales caller-gone"]);
    assert_eq!(scene.telephony.rang(&call), []);
}

/// Asks another placed operation where nobody answered. It is not shipped, since the first answer holds every leg already.
#[tokio::test]
async fn it_may_ask_a_second_question_after_no_answer() {
    let _quiet = MACHINE.read().await;
    // The second question is one of an integration of its own, in which Anna has her mobile.
    let scene = Scene::with("[{ number = \"102\", ring_time = \"5s\" }]", |configuration| {
        let (integration, rest) = configuration.split_once("[[operation]]").unwrap();
        let second = integration.replace("{ number = \"102\", ring_time = \"5s\" }", "\"+79035550101\"");
        let named = |integration: &str, name: &str| {
            integration.replace("[[integration]]\n", &format!("[[integration]]\nid = \"{name}\"\n"))
        };
        format!(
            "{}{}[[operation]]\nid = \"second\"\nintegration = \"mobiles\"\nlinked_operation = \"queue:sales\"\n\
             [[operation]]\nid = \"first\"\nintegration = \"desks\"{rest}",
            named(integration, "desks"),
            named(&second, "mobiles"),
        )
    });
    let Some(scene) = scene.await else { return };
    let goes_on = "    if (rtjson_next_route()) {";
    let asks_again = r#"
    if ($T_reply_code == 408 && $avp(again) == $null) {
        $avp(again) = 1;
        $var(call) = "{}";
        jansson_set("string", "id", "$ci-again", "$var(call)");
        jansson_set("string", "called", "$oU", "$var(call)");
        jansson_set("string", "caller", "$fU", "$var(call)");
        $var(status) = http_connect("harness", "/v1/resolve-call?operation=second", "application/json", "$var(call)", "$avp(answer)");
        # A document cannot be taken up here any more: its first route is read.
        if ($var(status) == 200 && jansson_get("routes[0].uri", "$avp(answer)", "$var(uri)")) {
            $ru = $var(uri);
            t_set_fr(30000, 2000);
            t_relay();
            exit;
        }
    }
"#;
    let (any, first) = ("#!define OPERATION \"\"", "#!define OPERATION \"?operation=first\"");
    let kamailio = variant(&scene, &[(any, first), (goes_on, &format!("{asks_again}{goes_on}"))]).await;

    let (mut caller, call) = scene.caller();
    caller.pbx = kamailio.address();
    scene.make(&caller).await;
    let users: Vec<_> = scene.telephony.rang(&call).into_iter().map(|(user, _)| user).collect();
    assert_eq!(users, ["102", "+79035550101"], "{}", kamailio.said());
    assert_eq!(scene.decisions(&call).await, 1);
    assert_eq!(scene.decisions(&format!("{call}-again")).await, 1);
}
