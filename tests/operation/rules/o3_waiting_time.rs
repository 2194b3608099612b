//! O3 Waiting time: no answer in time, an empty answer or a technical failure sends the call to the linked operation, never later than the
//! waiting time, whatever amoCRM does.
//!
//! The host gives a component up a margin after its waiting time and calls that `operation-failed`, so any other outcome came from a
//! component that answered by itself. How long it waited is its own measurement; half of the margin is left to a busy machine.

use std::time::Duration;

use amocrm_simulator::{Endpoint, Fault, FaultRule};
use runtime::capabilities::http::RequestTimeouts;
use test_support::{CALLER, MARGIN, Outcome, Scene};

/// The least waiting time that can be set.
const SHORT: Duration = Duration::from_millis(500);

/// Faults under which amoCRM never gives an answer: the waiting time must run out.
const NEVER_ANSWERS: [&str; 5] = ["delay-headers=1h", "hang", "hang-mid-body", "slow-body=1/1s", "endless-body"];

async fn call_with(fault: &str) -> Outcome {
    let mut scene = Scene::new().await;
    scene.set_waiting_time(SHORT);
    scene.fault(fault);
    scene.call(CALLER).await
}

fn assert_answered_in_time(outcome: &Outcome, fault: &str) {
    assert_ne!(outcome.code(), "operation-failed", "{fault}: the host had to give the component up");
    assert_eq!(outcome.json["route"]["target"], "queue:sales", "{fault}");
    let waited = outcome.detail("waited_ms").as_u64().expect("a number");
    assert!(Duration::from_millis(waited) < SHORT + MARGIN / 2, "{fault}: waited {waited} ms");
}

#[tokio::test]
async fn o3_no_fault_of_amocrm_makes_a_call_wait_longer() {
    let faults = Fault::one_of_each();
    assert!(faults.len() >= 18, "every kind of fault is tried");
    for fault in faults {
        let outcome = call_with(&format!("contacts:{fault}")).await;
        // What is only slow may still arrive in time, and an odd answer is understood; every other fault ends at the linked operation.
        if outcome.code() == "forward" {
            let fault = fault.to_string();
            assert!(
                ["slow-body", "delay-headers", "odd="].iter().any(|kind| fault.starts_with(kind)),
                "{fault} forwarded"
            );
        } else {
            assert_answered_in_time(&outcome, &fault.to_string());
        }
    }
}

#[tokio::test]
async fn o3_no_answer_is_no_answer_in_time() {
    for fault in NEVER_ANSWERS {
        let outcome = call_with(&format!("contacts:{fault}")).await;
        assert_answered_in_time(&outcome, fault);
        // An endless body meets the bound on bodies or the deadline, whichever the machine's speed brings first.
        let expected: &[&str] = if fault == "endless-body" {
            &["answer-not-understood", "no-answer-in-time"]
        } else {
            &["no-answer-in-time"]
        };
        assert!(expected.contains(&outcome.code()), "{fault}: {}", outcome.code());
    }
}

#[tokio::test]
async fn o3_the_component_keeps_its_waiting_time_by_itself() {
    // A host is free to ignore the bounds that a component sets for its requests; the deadline must not depend on them.
    for fault in ["hang", "hang-mid-body", "slow-body=1/50ms", "slow-body=1/1h"] {
        let mut scene = Scene::new().await;
        scene.integration.request_timeouts = RequestTimeouts::Ignored;
        scene.set_waiting_time(SHORT);
        scene.fault(&format!("contacts:{fault}"));
        let outcome = scene.call(CALLER).await;
        assert_answered_in_time(&outcome, fault);
        assert_eq!(outcome.code(), "no-answer-in-time", "{fault}");
    }
}

#[tokio::test]
async fn o3_an_empty_answer_goes_to_the_linked_operation() {
    let scene = Scene::new().await;
    let outcome = scene.call("+7 495 000-00-99").await;
    assert_eq!((outcome.code(), outcome.class()), ("contact-not-found", "empty-answer"));
    assert_eq!(outcome.detail("requests")[0]["status"], 204);
}

#[tokio::test]
async fn o3_one_waiting_time_covers_all_requests_together() {
    // Each of the three requests of a first status check takes 200 ms: together they are more than the waiting time.
    let mut scene = Scene::new().await;
    scene.set_waiting_time(SHORT);
    scene.integration.configuration.set("consider_manager_status", "true");
    scene.fault("*:delay-headers=200ms");
    let outcome = scene.call(CALLER).await;
    assert_answered_in_time(&outcome, "three slow answers");
    assert_eq!(outcome.code(), "status-unknown");
    assert_eq!(outcome.requests(), ["contacts:ok", "account:ok", "events:no-answer-in-time"]);
}

#[tokio::test]
async fn o3_an_answer_inside_the_waiting_time_is_used() {
    let mut scene = Scene::new().await;
    scene.set_waiting_time(Duration::from_secs(30));
    scene.fault("contacts:delay-headers=700ms");
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
}

#[tokio::test]
async fn o3_a_connection_that_nobody_accepts_ends_in_time() {
    // A listener whose queue is full answers no connection request.
    let listener = tokio::net::TcpSocket::new_v4().and_then(|socket| {
        socket.bind("127.0.0.1:0".parse().expect("an address"))?;
        socket.listen(1)
    });
    let listener = listener.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut queued = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(100), tokio::net::TcpStream::connect(address)).await
    {
        queued.push(stream);
        assert!(queued.len() < 64, "the queue of a listener with a backlog of 1 fills up");
    }
    let mut scene = Scene::new().await;
    scene.set_waiting_time(SHORT);
    scene.set_account(&format!("http://{address}"));
    let outcome = scene.call(CALLER).await;
    assert_answered_in_time(&outcome, "no accept");
    assert_eq!(outcome.code(), "no-answer-in-time");
}

#[tokio::test]
async fn o3_a_technical_failure_of_one_endpoint_does_not_wait_for_others() {
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    scene.simulator.add_fault(FaultRule::new(Fault::CloseBeforeHeaders).on(Endpoint::Contacts));
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "crm-unreachable");
    assert_eq!(outcome.requests(), ["contacts:crm-unreachable"]);
}
