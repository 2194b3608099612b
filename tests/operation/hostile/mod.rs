//! Components that misbehave: whatever one does, its call ends at the linked operation, in time, and the details say which limit it was.
//!
//! The guests are in `tests/hostile/guests/examples`, one behaviour each; the test of a guest has its name.

mod advisories;
mod any_order;
mod by_hand;
mod features;
mod fuzzing;
mod handmade;
mod key_value_filler;
mod out_of_bounds;
mod output_flooder;
mod own_configuration;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::IncomingCall;
use hostile_components::{
    ACCOUNT_WRITER, ALL, AUTHORIZATION_SETTER, BIG_HOST_CALL, ENDLESS_DESCRIBE, ENDLESS_LOOP, FOREIGN_IMPORT,
    FORWARDS_TO_NOBODY, HANDLE_HOARDER, HUNG_IMPORT, LONG_WAITING_TIME, MEMORY_BOMB, MEMORY_HOLDER, MISSING_EXPORT,
    REQUIRED_SETTING, STACK_OVERFLOW, STRANGER_CALLER, TRAP,
};
use node::{Placement, ReadyOperation};
use runtime::bindings::exports::telephony::operation::operation::{Description, DurationKind, SettingKind};
use runtime::engine::{Engine, EngineSettings, Failure, Fit, LimitReached, Undescribed};
use test_support::{CALLER, Outcome, Scene, engine};

async fn call(component: &[u8]) -> Outcome {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(component).expect("it fits the contract");
    scene.call(CALLER).await
}

/// Asserts that the host gave the call a route by itself, and that the reason says why.
fn assert_failed(outcome: &Outcome, because: &str) {
    assert_eq!((outcome.code(), outcome.class()), ("operation-failed", "technical-failure"));
    assert_eq!(outcome.json["route"]["target"], "queue:sales");
    assert_eq!(outcome.json["reason"]["status"], "Переадресация не удалась");
    let text = outcome.json["reason"]["text_en"].as_str().expect("a text");
    assert!(text.contains(because), "`{text}` does not say `{because}`");
}

/// What a component that answered has to tell.
fn story(outcome: &Outcome) -> &str {
    assert_eq!(outcome.code(), "told");
    outcome.json["reason"]["text_en"].as_str().expect("a text")
}

#[tokio::test]
async fn endless_loop() {
    let outcome = call(ENDLESS_LOOP).await;
    assert_failed(&outcome, "computing time limit of 1000 ms reached");
    assert_eq!(outcome.resolved.run.instructions, None, "the count of a call that was given up would be wrong");
}

#[tokio::test]
async fn endless_loop_lets_other_calls_run_meanwhile() {
    // One thread for both: the looping component yields at every tick.
    let looping = call(ENDLESS_LOOP);
    let other = async { Scene::new().await.call(CALLER).await };
    let (looping, other) = tokio::join!(looping, other);
    assert_failed(&looping, "computing time");
    assert_eq!(other.employee(), Some("anna"));
}

#[tokio::test]
async fn endless_describe() {
    let operation = engine().load(ENDLESS_DESCRIBE).expect("it fits the contract");
    let failure = operation.describe().await.expect_err("it never ends");
    let limit =
        matches!(failure, Undescribed::Failed(Failure::Limit(LimitReached::ComputingTime(_) | LimitReached::Time(_))));
    assert!(limit, "{failure}");
}

#[tokio::test]
async fn memory_bomb() {
    let outcome = call(MEMORY_BOMB).await;
    assert_failed(&outcome, "memory limit of 32 MiB reached");
    assert!(outcome.resolved.run.memory_bytes.is_some_and(|bytes| bytes <= 32 * 1024 * 1024));
}

#[tokio::test]
async fn o3_memory_of_all_calls_that_is_used_up_ends_the_call_that_asks_for_more() {
    let settings = EngineSettings { guest_memory: Some(16 * 1024 * 1024), ..EngineSettings::default() };
    let engine = Engine::new(settings).expect("an engine");
    let mut scene = Scene::new().await;
    scene.operation = engine.load(MEMORY_BOMB).expect("it fits the contract");
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("host-overloaded", "technical-failure"));
    let text = outcome.json["reason"]["text_en"].as_str().expect("a text");
    assert!(text.contains("the limit of 16 MiB for all calls together reached"), "{text}");
    let memory = engine.guest_memory().expect("a limit");
    assert_eq!((memory.limit, memory.in_use), (16 * 1024 * 1024, 0), "it was given back");
    assert!(memory.refused > 0);

    scene.operation = engine.load(host_harness::OPERATION).expect("it fits the contract");
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"), "the next call has it");
}

/// Calls that hold much memory while they wait, as many as come, and small calls beside them.
#[tokio::test]
async fn memory_holder() {
    const HELD: usize = 8 * 1024 * 1024;
    const BUDGET: usize = 40 * 1024 * 1024;
    const CALLS: usize = 12;
    // Three quarters of the budget are for large calls.
    const MOST_HOLDING: usize = BUDGET * 3 / 4 / HELD;
    let settings = EngineSettings { guest_memory: Some(BUDGET), ..EngineSettings::default() };
    let engine = Engine::new(settings).expect("an engine");
    let mut hostile = Scene::new().await;
    hostile.operation = engine.load(MEMORY_HOLDER).expect("it fits the contract");
    hostile.fault("account:hang");
    let line = hostile.line(&hostile.integrate()).await;
    let calls: Vec<_> = (0..CALLS).map(|_| line.call_beside(CALLER)).collect();
    let ended = || calls.iter().filter(|call| call.is_finished()).count();
    let held = async {
        while ended() < CALLS - MOST_HOLDING {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), held).await.expect("those that get no memory end at once");
    let memory = || engine.guest_memory().expect("a limit");
    assert!(memory().in_use >= HELD, "others hold theirs: {:?}", memory());

    let mut small = Scene::new().await;
    small.operation = engine.load(host_harness::OPERATION).expect("it fits the contract");
    let beside = small.line(&small.integrate()).await;
    for _ in 0..20 {
        assert_eq!(beside.call(CALLER).await.employee(), Some("anna"), "a small call goes on");
    }
    assert!(ended() < CALLS, "meanwhile they held it");

    let (mut refused, mut holding) = (0, 0);
    for call in calls {
        if call.is_finished() {
            assert_eq!(call.await.expect("no panic").code(), "host-overloaded");
            refused += 1;
        } else {
            call.abort();
            assert!(call.await.is_err());
            holding += 1;
        }
    }
    assert!(refused >= CALLS - MOST_HOLDING && holding >= 1, "{refused} refused, {holding} held");
    assert_eq!(memory().in_use, 0, "all was given back");
}

#[tokio::test]
async fn trap() {
    assert_failed(&call(TRAP).await, "the operation trapped: wasm `unreachable` instruction executed");
}

#[tokio::test]
async fn stack_overflow() {
    assert_failed(&call(STACK_OVERFLOW).await, "call stack limit reached");
}

#[tokio::test]
async fn hung_import() {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(HUNG_IMPORT).expect("it fits the contract");
    let outcome = scene.call(CALLER).await;
    assert_failed(&outcome, "no answer from the operation within 4000 ms");
    assert!(outcome.resolved.run.wall < Duration::from_secs(30), "nothing else ended it");
}

#[tokio::test]
async fn long_waiting_time() {
    let operation = engine().load(LONG_WAITING_TIME).expect("it fits the contract");
    let refusal = operation.describe().await.expect_err("nobody waits for ten minutes").to_string();
    assert_eq!(
        refusal,
        "what `describe` answers is not taken: `waiting_time` must be a duration in milliseconds with bounds from 500 to 30000"
    );
}

/// Whatever a host was told or has kept of an operation: its callers wait for half a minute at most.
#[tokio::test(start_paused = true)]
async fn o3_no_caller_waits_longer_than_half_a_minute() {
    let scene = Scene::new().await;
    let operation = engine().load(HUNG_IMPORT).expect("it fits the contract");
    let mut description: Description = test_support::operation().describe().await.expect("a description");
    for setting in &mut description.settings {
        if setting.key == "waiting_time" {
            setting.kind =
                SettingKind::Duration(DurationKind { default: u64::MAX, minimum: u64::MAX, maximum: u64::MAX });
        }
    }
    let placed =
        ReadyOperation::described(operation, &description, scene.integrate(), "queue:sales".to_owned(), Vec::new())
            .expect("it suits the configuration");
    assert_eq!(placed.waiting_time(), Duration::from_secs(30));
    let call = IncomingCall { id: "1".to_owned(), caller: None, called: String::new(), ..IncomingCall::default() };
    let outcome = Outcome::new(placed.resolve(call, &scene.clock).await);
    assert_failed(&outcome, "no answer from the operation within 31000 ms");
}

#[tokio::test]
async fn forwards_to_nobody() {
    assert_failed(&call(FORWARDS_TO_NOBODY).await, "forwarded the call to no number");
}

#[tokio::test]
async fn handle_hoarder() {
    assert_failed(&call(HANDLE_HOARDER).await, "limit of 256 resources at once reached");
}

#[tokio::test]
async fn big_host_call() {
    assert_failed(&call(BIG_HOST_CALL).await, "limit of 4 MiB in one call of an import reached");
}

#[tokio::test]
async fn authorization_setter() {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(AUTHORIZATION_SETTER).expect("it fits the contract");
    let outcome = scene.call(CALLER).await;
    assert!(story(&outcome).contains("HttpRequestDenied"), "{}", story(&outcome));
    assert_eq!(scene.simulator.connections(), 0, "nothing left the host");
    assert!(outcome.has_note("refused-by-host"));
}

/// With the token it may read what operations need; nothing else leaves the host.
#[tokio::test]
async fn account_writer() {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(ACCOUNT_WRITER).expect("it fits the contract");
    let outcome = scene.call(CALLER).await;
    assert_eq!(story(&outcome), "17 refused; /api/v4/account 200");
    let seen: Vec<_> = scene.simulator.requests().into_iter().map(|request| (request.method, request.path)).collect();
    assert_eq!(seen, [("GET".to_owned(), "/api/v4/account".to_owned())], "amoCRM saw nothing else");
    assert!(outcome.has_note("refused-by-host"));
}

#[tokio::test]
async fn required_setting() {
    let operation = engine().load(REQUIRED_SETTING).expect("it fits the contract");
    let scene = Scene::new().await;
    let placement = |settings: BTreeMap<String, String>| {
        let integration = (scene.integration.id.as_str().into(), scene.integrate());
        Placement::new("main", integration, "queue:sales".into(), settings, operation.clone())
    };
    let missing: Vec<_> = placement(BTreeMap::new())
        .await
        .expect("it can be placed")
        .missing()
        .iter()
        .map(|misfit| misfit.what().en)
        .collect();
    assert_eq!(missing, ["setting `director` (Director) is missing, and the operation cannot work without it"]);
    let written = BTreeMap::from([("director".to_owned(), "anna".to_owned())]);
    assert!(placement(written).await.expect("it can be placed").missing().is_empty());
}

#[tokio::test]
async fn stranger_caller() {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(STRANGER_CALLER).expect("it fits the contract");
    let outcome = scene.call(CALLER).await;
    let story = story(&outcome);
    assert_eq!(story.split("; ").count(), 7);
    for attempt in story.split("; ") {
        assert!(attempt.contains("Denied") || attempt.ends_with("refused"), "{attempt}");
    }
    assert_eq!(scene.simulator.connections(), 0, "nothing left the host");
}

fn rejection(component: &[u8]) -> Fit {
    engine().load(component).err().expect("it does not fit the contract")
}

#[test]
fn foreign_import() {
    let fit = rejection(FOREIGN_IMPORT);
    assert_eq!(
        fit.rejections().map(ToString::to_string).collect::<Vec<_>>(),
        ["foreign import `hostile:guests/door`: remove it: the contract does not offer this interface"]
    );
}

#[test]
fn missing_export() {
    let fit = rejection(MISSING_EXPORT);
    let rejections: Vec<_> = fit.rejections().map(ToString::to_string).collect();
    assert_eq!(rejections.len(), 1);
    assert!(rejections[0].starts_with("missing export `telephony:operation/operation@0.2.0`"), "{}", rejections[0]);
    assert!(fit.to_string().contains("foreign export `greet`"));
}

#[test]
fn what_is_no_component_is_named() {
    let module = [0, b'a', b's', b'm', 1, 0, 0, 0];
    let cut_short = &host_harness::OPERATION[..10_000];
    for (bytes, what, fix) in [
        (&module[..], "core WebAssembly module", "wasm-tools component new"),
        (b"#!/bin/sh", "not a WebAssembly component", "`.wasm` file"),
        (b"", "not a WebAssembly component", "`.wasm` file"),
        (cut_short, "cannot be read", "cut short"),
    ] {
        let text = rejection(bytes).to_string();
        assert!(text.contains(what) && text.contains(fix), "{text}");
    }
}

#[test]
fn every_guest_has_a_test_of_its_name() {
    let source = [include_str!("mod.rs"), include_str!("any_order.rs"), include_str!("advisories.rs")].concat();
    let tested: BTreeSet<_> = ALL
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| [format!("fn {name}()"), format!("mod {name};")].iter().any(|test| source.contains(test)))
        .collect();
    assert_eq!(
        tested.len(),
        ALL.len(),
        "guests without a test: {:?}",
        ALL.iter().map(|(name, _)| *name).filter(|name| !tested.contains(name)).collect::<Vec<_>>()
    );
}
