//! `serve --watch` as a process: whoever works on an operation sees each change within a moment, and calls notice nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use host_harness::OPERATION;
use hostile_components::REQUIRED_SETTING;
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use test_support::CALLER;
use test_support::client::{Client, PATIENCE};
use test_support::{ConnectedHome, Process};

use crate::scene::{until, variant};

const OPERATIONS: &str =
    "[[operation]]\nid = \"main\"\nlinked_operation = \"queue:sales\"\ncomponent = \"forward.wasm\"\n";

fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

async fn in_force(client: &Client) -> String {
    let operations = client.get("/v1/operations").await.json();
    operations["operations"][0]["component"].as_str().expect("a digest").to_owned()
}

/// Waits for the next line, which is about this file.
async fn line(process: &Process, number: usize) -> String {
    until("a line of the change", || async { process.stdout().lines().count() > number + 1 }).await;
    process.stdout().lines().nth(number + 1).expect("a line").to_owned()
}

#[tokio::test]
async fn a_changed_file_is_in_force_with_a_line_of_how_long_it_took_and_a_broken_one_is_refused_with_the_reason() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    home.write("forward.wasm", OPERATION);
    let process = home.serve(&["--watch"]);
    assert_eq!(in_force(&process.client).await, digest(OPERATION));
    home.write("beside", variant("two"));
    std::fs::rename(home.path("beside"), home.path("forward.wasm")).expect("the same directory");
    let told = line(&process, 0).await;
    let two = digest(&variant("two"));
    assert!(
        told.starts_with(&format!("forward.wasm changed: sha256 {} in force at `main` after ", &two[..12])),
        "{told}"
    );
    let milliseconds = told.split(" after ").nth(1).and_then(|rest| rest.split(" ms").next()?.parse::<u64>().ok());
    assert!(milliseconds.is_some_and(|took| took < 30_000), "{told}");
    assert_eq!(in_force(&process.client).await, two);
    let call = json!({"caller": CALLER, "called": "+74951234567"});
    assert_eq!(process.client.call(&call).await.json()["run"]["component"], two.as_str());

    for (broken, part) in [(&b"no component"[..], "component"), (hostile_components::FOREIGN_IMPORT, "import")] {
        let number = process.stdout().lines().count() - 1;
        home.write("forward.wasm", broken);
        let told = line(&process, number).await;
        assert!(told.contains("the last good version stays") && told.contains(part), "{told}");
        assert_eq!(in_force(&process.client).await, two);
    }
    let number = process.stdout().lines().count() - 1;
    home.write("forward.wasm", variant("three"));
    assert!(line(&process, number).await.contains(" in force "));
    assert_eq!(in_force(&process.client).await, digest(&variant("three")));
    process.signal("-TERM");
    let (status, stderr) = process.ended().await;
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn calls_under_way_while_the_file_changes_are_all_answered_each_by_one_of_the_two() {
    const LINES: usize = 4;
    let home = ConnectedHome::new(OPERATIONS, "").await;
    home.write("forward.wasm", OPERATION);
    // Each request takes a while, so that there are always calls under way.
    home.simulator.add_fault("contacts:delay-headers=100ms".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    let process = home.serve(&["--watch"]);
    let (enough, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let lines: Vec<_> = (0..LINES)
        .map(|line| {
            let (client, enough, answered) = (process.client.clone(), Arc::clone(&enough), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut calls: Vec<Value> = Vec::new();
                while !enough.load(Ordering::Relaxed) {
                    // Callers of their own: the next one is not known from the cache.
                    let caller = format!("+7916{line}{:06}", calls.len());
                    let answer = client.call(&json!({"caller": caller, "called": "101"})).await;
                    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
                    calls.push(answer.json());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                calls
            })
        })
        .collect();
    let more = |calls: usize| {
        let (from, answered) = (answered.load(Ordering::Relaxed), Arc::clone(&answered));
        async move { until("more calls", || async { answered.load(Ordering::Relaxed) >= from + calls }).await }
    };
    more(2 * LINES).await;
    home.write("beside", variant("next"));
    std::fs::rename(home.path("beside"), home.path("forward.wasm")).expect("the same directory");
    let changed = Instant::now();
    assert!(line(&process, 0).await.contains(" in force "));
    assert!(changed.elapsed() < PATIENCE + Duration::from_secs(1));
    more(2 * LINES).await;
    enough.store(true, Ordering::Relaxed);
    let (before, after) = (digest(OPERATION), digest(&variant("next")));
    for calls in lines {
        let calls = calls.await.expect("no call failed");
        let components: Vec<_> =
            calls.iter().map(|call| call["run"]["component"].as_str().expect("a digest")).collect();
        assert!(components.iter().all(|component| [&*before, &*after].contains(component)), "{components:?}");
        assert!(components.is_sorted_by_key(|component| *component == &*after), "none goes back: {components:?}");
        assert_eq!(components.last(), Some(&&*after));
        // Each came to a proper end: nobody of that number is known.
        for call in &calls {
            assert_eq!(call["reason"]["code"], "contact-not-found", "{call}");
        }
    }
}

#[tokio::test]
async fn what_an_operation_cannot_work_without_is_said_when_a_server_or_a_call_begins() {
    let without = OPERATIONS.replace("forward.wasm", "director.wasm");
    for (operations, is_missing) in
        [(without.clone(), true), (format!("{without}settings = {{ director = \"anna\" }}\n"), false)]
    {
        let home = ConnectedHome::new(&operations, "").await;
        home.write("director.wasm", REQUIRED_SETTING);
        let process = home.serve(&[]);
        process.signal("-TERM");
        let (_, served) = process.ended().await;
        let called = home.run(&["call", CALLER, "--config", "config.toml", "--state", "memory"]).stderr;
        for said in [served, called] {
            let lines: Vec<_> = said.lines().filter(|line| line.contains("`director` (Director) is missing")).collect();
            assert_eq!(lines.len(), usize::from(is_missing), "{said}");
            let has_fix = |line: &&str| line.starts_with("warning: ") && line.contains("write it into `settings`");
            assert!(lines.iter().all(has_fix), "{said}");
        }
    }
}
