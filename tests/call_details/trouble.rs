//! A file that cannot be written: calls are answered all the same, everybody who looks is told, and it heals by itself.

use std::time::Instant;

use http::StatusCode;
use test_support::binary::binary;
use test_support::{CALLER, ConnectedHome, OPERATIONS, Process};

use crate::scene::{OTHER, Serving, calls};

/// Calls that are answered while nothing can be kept.
const CALLS: u64 = 20;

/// Makes calls that are all forwarded, and gives how long the longest took, in seconds.
async fn calls_are_answered(serving: &Serving, name: &str) -> f64 {
    let mut longest = 0.0_f64;
    for number in 0..CALLS {
        let begun = Instant::now();
        let caller = if number % 2 == 0 { CALLER } else { OTHER };
        let answer = serving.call(&format!("{name}-{number}"), Some(caller), "sales").await;
        assert_eq!(answer.reason(), "", "forwarded");
        longest = longest.max(begun.elapsed().as_secs_f64());
    }
    longest
}

/// Asserts that everybody who looks is told.
async fn assert_reported(serving: &Serving, part: &str) {
    serving.until("the failure is reported", |keeping| keeping["failing"].is_object()).await;
    let keeping = serving.keeping().await;
    let failing = keeping["failing"]["en"].as_str().expect("text");
    assert!(failing.contains(part), "lacks `{part}`: {failing}");
    assert!(keeping["waiting"].as_u64() > Some(0), "{keeping}");
    assert_eq!(serving.metric("host_harness_call_details_failing").await, 1);
    assert!(serving.metric("host_harness_call_details_waiting").await > 0);
    let ready = serving.process.client.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK, "calls are still taken");
}

/// Asserts that all calls since the start are kept, and that nothing is wrong any more.
async fn assert_healed(serving: &Serving, calls: u64) {
    serving.kept(calls).await;
    let keeping = serving.keeping().await;
    assert_eq!((&keeping["failing"], &keeping["waiting"], &keeping["lost"]), (&().into(), &0.into(), &0.into()));
    assert_eq!(serving.metric("host_harness_call_details_failing").await, 0);
    assert_eq!(serving.metric("host_harness_call_details_kept_total").await, calls);
    assert_eq!(serving.ids(&["--limit", "10000"]).len() as u64, calls);
}

#[tokio::test]
async fn a_file_that_another_program_holds_delays_no_call_and_all_is_kept_afterwards() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let holder = serving.other_program();
    holder.execute_batch("BEGIN EXCLUSIVE").expect("nobody else writes for long");
    let longest = calls_are_answered(&serving, "held").await;
    // Far less than what writing waits for another program, again and again, would come to.
    assert!(longest < 3.0, "a call took {longest} s");
    assert_reported(&serving, "locked by another program").await;
    // Who holds the file for writing leaves it to readers.
    assert_eq!(serving.ids(&[]).len(), 4);
    assert_eq!(serving.get("/v1/calls").await["calls"].as_array().map(Vec::len), Some(4));
    holder.execute_batch("ROLLBACK").expect("its own transaction");
    assert_healed(&serving, 4 + CALLS).await;
    let said = serving.process.stderr();
    let [warning] = said.lines().collect::<Vec<_>>()[..] else { panic!("once, not for each call: {said}") };
    assert!(warning.contains("WARN") && warning.contains("locked by another program"), "{warning}");
}

#[tokio::test]
async fn a_directory_where_the_file_should_be_is_said_at_the_start_and_keeps_no_call_waiting() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let in_the_way = home.path("kept").join("call-details.sqlite3");
    std::fs::create_dir_all(&in_the_way).expect("a directory");
    let process = home.serve(&[]);
    let serving = Serving { home, process };
    let said = serving.process.stderr();
    let warning = said.lines().find(|line| line.starts_with("warning: ")).unwrap_or_else(|| panic!("{said}"));
    assert!(warning.contains("call-details.sqlite3"), "{warning}");
    assert!(warning.contains("calls are resolved all the same"), "{warning}");
    assert!(calls_are_answered(&serving, "early").await < 3.0);
    assert_reported(&serving, "check the disk").await;
    let refused = serving.process.client.get("/v1/calls").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
    assert!(refused.json()["detail"].as_str().is_some_and(|detail| detail.contains("call-details.sqlite3")));
    let listed = serving.calls(&[]);
    assert_eq!(listed.code, Some(2), "{listed:?}");
    std::fs::remove_dir(&in_the_way).expect("an empty directory");
    assert_healed(&serving, CALLS).await;
}

/// A disk is full when it takes no more bytes. Here no file of the process may grow: what a full disk says, without filling one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_takes_no_more_fails_no_call_and_all_is_kept_when_there_is_room_again() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let home = ConnectedHome::new(OPERATIONS, "").await;
    // The signal that comes with this limit, and not with a full disk, is ignored.
    let mut command = home.home().command_of("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    command.arg(binary()).args(["serve", "--listen", "127.0.0.1:0", "--config", "config.toml", "--state", "kept"]);
    let process = Process::of(command, home.home());
    let serving = Serving { home, process };
    serving.four_calls().await;
    let process = Pid::from_raw(i32::try_from(serving.process.id()).expect("an identifier")).expect("a process");
    let full = Rlimit { current: Some(1), maximum: None };
    let before = prlimit(Some(process), Resource::Fsize, full).expect("a process of one's own");
    assert!(calls_are_answered(&serving, "full").await < 3.0);
    assert_reported(&serving, "check the disk").await;
    assert_eq!(serving.ids(&[]).len(), 4, "what was kept can be read");
    prlimit(Some(process), Resource::Fsize, before).expect("a process of one's own");
    assert_healed(&serving, 4 + CALLS).await;
}

#[tokio::test]
async fn calls_that_were_lost_are_named_where_calls_are_listed() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let gap = "INSERT INTO gaps (first, last, calls) SELECT at, at + 60000, 17 FROM calls WHERE seq = 1";
    serving.other_program().execute(gap, []).expect("a file");
    let listed = serving.calls(&[]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert!(listed.stderr.contains("17 calls between") && listed.stderr.contains("were not kept"), "{listed:?}");
    let json = serving.calls(&["--json"]);
    assert_eq!(json.stdout.lines().count(), 4, "what programs read is calls alone");
    let home = serving.stop().await;
    assert!(calls(&home, &["--since", "1h"]).stderr.contains("17 calls"));
}
