//! The classes of wasmtime's advisories that matter to a component with HTTP and key-value, each as a regression against this host.
//!
//! | advisory | class | test |
//! |---|---|---|
//! | GHSA-5qpp-g3j2-8frx | a request to another host by an absolute address | [`a_request_goes_to_the_host_that_was_judged`] |
//! | GHSA-w36r-2hch-9xp9 | a long address crashes the host | [`a_long_address_is_an_answer_and_no_crash`] |
//! | GHSA-w4qr-p94g-mjhv | timeouts of zero panic | [`timeouts_of_nothing_and_of_eternity_are_timeouts`] |
//! | GHSA-c9gc-w9vx-w86p | memory by an outgoing body | [`an_outgoing_body_takes_no_memory_of_the_host`] |
//! | GHSA-r8xh-cgf7-392j, GHSA-h4wp-g4x3-7398 | contradicting lengths of content | [`contradicting_lengths_smuggle_nothing`] |
//! | GHSA-q554-3cjc-rx7p | handles that nobody counts | [`handles_of_every_kind_are_counted`] |
//! | GHSA-m63x-6p34-q65x, GHSA-jqpg-j7w6-42pr | computing that is not counted | [`waiting_and_trapping_are_counted_and_end`] |
//! | | fields of any size; handles that do not exist | `any_order::what_no_host_can_answer_ends_the_call` |
//! | GHSA-5qpp-g3j2-8frx, GHSA-r8xh-cgf7-392j, GHSA-h4wp-g4x3-7398 | the same, by whatever order of imports | `any_order::nothing_but_well_formed_requests_to_the_account_leave_the_host` |
//!
//! What only a component made by hand reaches is in [`super::by_hand`]: calls by reference (GHSA-m63x-6p34-q65x), answers that take more than they
//! hold (GHSA-jqpg-j7w6-42pr), memory in many pieces. What is switched off, and stays so, is in [`super::features`].

use std::collections::BTreeMap;

use hostile_components::ADVISORIES;
use test_support::{CALLER, Outcome, Scene, engine};

/// Runs one attack; what it tells, or why it was ended.
async fn attack(name: &str) -> (Outcome, Scene) {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(ADVISORIES).expect("it fits the contract");
    let outcome = scene.call_to(CALLER, name).await;
    (outcome, scene)
}

fn told(outcome: &Outcome) -> &str {
    assert_eq!(outcome.code(), "told", "{}", outcome.json);
    outcome.json["reason"]["text_en"].as_str().expect("a text")
}

/// GHSA-5qpp-g3j2-8frx: the path may be a whole address; what is connected to is what was judged.
#[tokio::test]
async fn a_request_goes_to_the_host_that_was_judged() {
    let (outcome, scene) = attack("absolute-address").await;
    let told = told(&outcome);
    assert!(!told.contains("OK"), "{told}");
    for request in scene.simulator.requests() {
        assert!(scene.simulator.base_url().ends_with(&request.host), "{told}");
    }
}

/// GHSA-w36r-2hch-9xp9.
#[tokio::test]
async fn a_long_address_is_an_answer_and_no_crash() {
    let (outcome, _) = attack("long-address").await;
    // Refused, answered, or ended: the host is there to say so.
    assert!(["told", "operation-failed"].contains(&outcome.code()), "{}", outcome.json);
}

/// GHSA-w4qr-p94g-mjhv.
#[tokio::test]
async fn timeouts_of_nothing_and_of_eternity_are_timeouts() {
    let (outcome, _) = attack("timeouts").await;
    let told = told(&outcome);
    let parts: BTreeMap<_, _> = told.split("; ").filter_map(|part| part.split_once('=')).collect();
    // An answer that is there at once is in time even then.
    assert!(parts["zero"].contains("imeout") || parts["zero"] == "200", "{told}");
    assert_eq!(parts["eternity"], "200", "{told}");
}

/// GHSA-c9gc-w9vx-w86p: what is written is taken piece by piece as it is sent, never gathered.
#[tokio::test]
async fn an_outgoing_body_takes_no_memory_of_the_host() {
    let (outcome, _) = attack("outgoing-body").await;
    let written: usize = told(&outcome).parse().expect("how much was taken");
    assert!(written <= 8 * 1024 * 1024, "{written} bytes were taken of a body that nobody reads");
}

/// GHSA-r8xh-cgf7-392j, GHSA-h4wp-g4x3-7398: one request is one request.
#[tokio::test]
async fn contradicting_lengths_smuggle_nothing() {
    let (outcome, scene) = attack("lengths").await;
    assert!(["told", "operation-failed"].contains(&outcome.code()), "{}", outcome.json);
    for request in scene.simulator.requests() {
        assert!(!request.path.contains("smuggled"), "a second request was read out of a body: {}", request.path);
    }
}

/// GHSA-q554-3cjc-rx7p.
#[tokio::test]
async fn handles_of_every_kind_are_counted() {
    for kind in ["hoard-fields", "hoard-requests", "hoard-options", "hoard-pollables"] {
        let (outcome, _) = attack(kind).await;
        assert_eq!(outcome.code(), "operation-failed", "{kind}");
        let text = outcome.json["reason"]["text_en"].as_str().expect("a text");
        assert!(text.contains("limit of 256 resources at once reached"), "{kind}: {text}");
    }
    // These are counted twice over.
    let (outcome, _) = attack("hoard-buckets").await;
    let text = outcome.json["reason"]["text_en"].as_str().expect("a text");
    assert!(text.contains("at most 256 key-value operations") || text.contains("256 resources at once"), "{text}");
}

/// GHSA-m63x-6p34-q65x, GHSA-jqpg-j7w6-42pr: what is computed around imports is counted like any other, and instances that trap leave nothing behind.
#[tokio::test]
async fn waiting_and_trapping_are_counted_and_end() {
    let (first, _) = attack("busy-imports").await;
    let (second, _) = attack("busy-imports").await;
    let counted = |outcome: &Outcome| outcome.resolved.run.instructions.expect("it came back");
    assert!(counted(&first) > 100_000, "{}", counted(&first));
    assert_eq!(counted(&first), counted(&second), "nothing leaks into or out of the count");
    for _ in 0..20 {
        let (trapped, _) = attack("trap").await;
        assert_eq!(trapped.code(), "operation-failed");
    }
    assert_eq!(Scene::new().await.call(CALLER).await.employee(), Some("anna"), "and others go on");
}
