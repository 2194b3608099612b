//! Whatever breaks between the PBX and amoCRM, the caller is sent somewhere.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use host_harness::demo_pbx::{Caller, Kamailio, Patience};
use http::StatusCode;
use serde_json::{Value, json};
use test_support::ConnectedHome;
use tokio::net::TcpListener;

use crate::scene::{CALLER, MACHINE, Scene, Telephony, kamailio, own_address, programs};

/// The header where nothing was decided.
const NO_DECISION: &str = "no-decision";

fn to_the_static_queue() -> Vec<(String, String)> {
    vec![("static".to_owned(), NO_DECISION.to_owned())]
}

#[tokio::test]
async fn a_hanging_amocrm_is_the_servers_own_reason_in_time() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    scene.home.simulator.add_fault(FaultRule::new(Fault::Hang).on(Endpoint::Contacts));
    let call = scene.call().await;
    let (legs, kept) = scene.story(&call, 1).await;
    assert_eq!(legs, ["queue:sales answered"]);
    assert_eq!(scene.telephony.rang(&call), [("sales".to_owned(), "no-answer-in-time".to_owned())]);
    assert!(kept["details"]["waited_ms"].as_f64().unwrap() < 2_500.0, "{kept}");
}

#[tokio::test]
async fn a_server_that_hangs_or_is_gone_is_the_static_linked_operation() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    let call = scene.call().await;
    assert_eq!(scene.telephony.rang(&call), [("101".to_owned(), "personal-manager".to_owned())]);

    scene.server.signal("-STOP");
    let call = scene.call().await;
    assert_eq!(scene.telephony.rang(&call), to_the_static_queue(), "hung");

    scene.server.signal("-CONT");
    let call = scene.call().await;
    assert_eq!(scene.telephony.rang(&call), [("101".to_owned(), "personal-manager".to_owned())], "back again");

    scene.server.signal("-KILL");
    let call = scene.call().await;
    assert_eq!(scene.telephony.rang(&call), to_the_static_queue(), "gone");
    assert!(scene.kamailio.said().contains("gave no route"), "nobody is told: {}", scene.kamailio.said());
}

/// What answers instead of the server: the called number says how.
async fn wrong(State(telephony): State<String>, Json(call): Json<Value>) -> Response {
    match call["called"].as_str().unwrap_or_default() {
        "500" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "slow" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            StatusCode::OK.into_response()
        }
        "text" => "ring Anna".into_response(),
        "object" => "{}".into_response(),
        "routeless" => Json(json!({"version": "1.0", "routing": "serial", "routes": []})).into_response(),
        "cut-off" => "{\"routing\": \"serial\", \"routes\": [{\"uri\": \"sip:101@".into_response(),
        // The only right one: this is how the others would have gone.
        _ => Json(json!({"routing": "serial", "routes": [{"uri": format!("sip:right@{telephony}")}]})).into_response(),
    }
}

#[tokio::test]
async fn whatever_comes_instead_of_a_route_is_the_static_linked_operation() {
    let _quiet = MACHINE.read().await;
    let Some(programs) = programs() else { return };
    let home = ConnectedHome::new("[[operation]]\nlinked_operation = \"queue:sales\"\n", "").await;
    let address = own_address();
    let telephony = Telephony::start(programs, &home, address);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let router =
        axum::Router::new().route("/v1/resolve-call", post(wrong)).with_state(telephony.desks.address().to_string());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut settings = kamailio(&telephony, server, address);
    settings.patience_seconds = 1;
    let kamailio = Kamailio::start(programs, &home.path("kamailio"), &settings).await.unwrap();
    let static_queue = to_the_static_queue();
    let right = vec![("right".to_owned(), String::new())];
    for (called, expected) in [
        ("right", &right),
        ("500", &static_queue),
        ("slow", &static_queue),
        ("text", &static_queue),
        ("object", &static_queue),
        ("routeless", &static_queue),
        ("cut-off", &static_queue),
    ] {
        let caller = Caller {
            from: address,
            pbx: kamailio.address(),
            number: CALLER.to_owned(),
            called: called.to_owned(),
            call: called.to_owned(),
            patience: Patience::Talks,
            calls: 1,
            rate: 1,
        };
        let called_so = caller.call(programs, &home.path("")).await;
        called_so.unwrap_or_else(|error| panic!("{called}: {error:#}; {}", kamailio.said()));
        assert_eq!(&telephony.rang(&format!("{called}-1")), expected, "{called}");
    }
}
