//! A server that records some of its calls: what is recorded can be replayed, and recording never stands in a call's way.

use std::ffi::OsStr;
use std::fs;

use serde_json::Value;
use test_support::{ACCOUNT_TOKEN, CALLER, ConnectedHome, OPERATIONS};

use crate::scene::Serving;

/// Half of all calls, and every unknown caller's.
const SECTION: &str = "[recordings]\nshare = 0.5\nreasons = [\"contact-not-found\"]\nkeep_at_most = 3\n";

async fn recordings(serving: &Serving) -> Value {
    serving.get("/v1/state").await["recordings"].clone()
}

async fn written(serving: &Serving, number: u64) {
    let deadline = std::time::Instant::now() + test_support::client::PATIENCE;
    while recordings(serving).await["written"] != number {
        assert!(std::time::Instant::now() < deadline, "{}", recordings(serving).await);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_share_of_calls_and_those_of_a_reason_are_recorded_and_can_be_replayed() {
    let serving = Serving::new(SECTION).await;
    for (id, caller, so_far) in [
        ("first", CALLER, 0),
        ("second", CALLER, 1),
        ("third", "+7 916 000-00-00", 2),
        ("../fourth/*", CALLER, 3),
        ("fifth", "+7 916 000-00-01", 4),
    ] {
        serving.call(id, Some(caller), "sales").await;
        written(&serving, so_far).await;
    }
    let home = serving.stop().await;
    let mut names: Vec<_> = fs::read_dir(home.path("kept/recordings"))
        .expect("recordings")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "the oldest has gone: {names:?}");
    assert!(names[1].ends_with("-___fourth__.json"), "no name leads elsewhere: {names:?}");
    for name in &names {
        let file = home.path("kept/recordings").join(name);
        let text = fs::read_to_string(&file).expect("text");
        for secret in [ACCOUNT_TOKEN, "9161234567", "9160000000", "9160000001"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
        let replayed = home.home().run([OsStr::new("replay"), file.as_os_str()]);
        assert_eq!(replayed.code, Some(0), "{replayed:?}");
        assert!(
            replayed.stdout.contains("the same resolution") && replayed.stdout.contains("instructions"),
            "{replayed:?}"
        );
    }
}

#[tokio::test]
async fn recordings_that_cannot_be_written_keep_no_call_waiting_and_are_reported() {
    let serving = Serving::new("[recordings]\nshare = 1\n").await;
    fs::write(serving.home.path("kept/recordings"), "in the way").expect("a file");
    let answer = serving.call("first", Some(CALLER), "sales").await;
    assert_eq!(answer.reason(), "", "forwarded");
    let deadline = std::time::Instant::now() + test_support::client::PATIENCE;
    while !recordings(&serving).await["failing"].is_string() {
        assert!(std::time::Instant::now() < deadline, "nobody is told");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    fs::remove_file(serving.home.path("kept/recordings")).expect("a file");
    serving.call("second", Some(CALLER), "sales").await;
    written(&serving, 1).await;
    assert_eq!(recordings(&serving).await["failing"], Value::Null, "it heals by itself");
}

#[tokio::test]
async fn a_reason_that_no_operation_has_is_refused_at_the_start() {
    let home = ConnectedHome::new(OPERATIONS, "[recordings]\nreasons = [\"no-anser\"]\n").await;
    let ended = home.run(&["serve", "--config", "config.toml", "--state", "kept", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("the reason `no-anser`; there are"), "{ended:?}");
}
