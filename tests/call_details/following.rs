//! `host-harness calls --follow`: calls as they come, until nobody wants them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::Value;
use test_support::CALLER;
use test_support::client::{PATIENCE, authorised};

use crate::scene::Serving;

/// A follower; killed when it is dropped.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

fn start(serving: &Serving, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = serving.home.command(&["calls", "--state", "kept", "--follow"]);
    command.args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    (child, stdout)
}

impl Follower {
    fn start(serving: &Serving, arguments: &[&str]) -> Self {
        let (child, stdout) = start(serving, arguments);
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end, and gives the exit code and what was complained of.
fn ended(child: &mut Child) -> (Option<i32>, String) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("a process of one's own") {
            let mut said = String::new();
            child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
            return (status.code(), said);
        }
        assert!(Instant::now() < deadline, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn a_follower_shows_what_was_there_then_each_call_once_and_ends_at_an_interrupt() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let mut follower = Follower::start(&serving, &["--json", "--limit", "1"]);
    let seq = |line: &str| serde_json::from_str::<Value>(line).expect("an object a line")["seq"].clone();
    assert_eq!(seq(&follower.line()), 4, "the newest of those that were there");
    for number in 5..8 {
        serving.call(&format!("pbx-{number}"), Some(CALLER), "sales").await;
        let line = follower.line();
        assert_eq!(seq(&line), number, "{line}");
        assert!(line.contains("+7916•••4567") && !line.contains("9161234567"), "{line}");
    }
    follower.interrupt();
    assert_eq!(ended(&mut follower.child), (Some(0), String::new()));
    assert!(follower.lines.recv_timeout(PATIENCE).is_err(), "nothing was shown twice");
}

#[tokio::test]
async fn a_follower_with_a_filter_shows_only_what_was_asked_for() {
    let serving = Serving::new("").await;
    let follower = Follower::start(&serving, &["--reason", "caller-hidden"]);
    // There is nothing to be seen of a follower before its first line, so calls go on until it has one.
    let mut calls = 0;
    let titles = loop {
        serving.call("known", Some(CALLER), "sales").await;
        serving.call("hidden", None, "sales").await;
        calls += 1;
        assert!(calls < 3_000, "nothing is shown");
        if let Ok(line) = follower.lines.recv_timeout(Duration::from_millis(50)) {
            break line;
        }
    };
    assert!(titles.contains("caller") && !titles.contains("caller-hidden"), "{titles}");
    let mut lines = vec![follower.line()];
    lines.extend(follower.lines.try_iter());
    assert!(lines.iter().all(|line| line.contains("caller-hidden") && !line.contains("Анна")), "{lines:?}");
}

#[tokio::test]
async fn a_follower_whose_reader_has_gone_ends_without_a_complaint() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let (mut child, mut stdout) = start(&serving, &[]);
    let mut first = String::new();
    stdout.read_line(&mut first).expect("a line");
    drop(stdout);
    // It notices when it has something to say.
    for number in 0.. {
        serving.call(&format!("later-{number}"), None, "sales").await;
        if child.try_wait().expect("a process of one's own").is_some() {
            break;
        }
        assert!(number < 3_000, "it does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ended(&mut child), (Some(0), String::new()));
}

/// The answer is shown while people talk, and a filter shows a call when it begins to fit.
#[tokio::test]
async fn a_follower_is_told_who_answered_when_the_pbx_reports_it() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let all = Follower::start(&serving, &["--json", "--limit", "1"]);
    let missed = Follower::start(&serving, &["--json", "--limit", "1", "--ended", "missed"]);
    let said = |line: &str| {
        let call: Value = serde_json::from_str(line).expect("an object a line");
        (call["seq"].as_u64().expect("a number"), call["ended"].as_str().expect("a word").to_owned())
    };
    assert_eq!(said(&all.line()), (4, "not-reported".to_owned()));
    serving.call("pbx-5", Some(CALLER), "sales").await;
    assert_eq!(said(&all.line()), (5, "not-reported".to_owned()));
    for (seq, leg, ended) in [
        (5, "leg=1&result=answered", "answered"),
        (1, "leg=1&result=busy", "not-reported"),
        (1, "leg=2&result=answered", "linked-operation"),
    ] {
        let path = format!("/v1/calls/{seq}/outcome?by=seq");
        let form = "application/x-www-form-urlencoded";
        // What comes again is nothing new.
        for _ in 0..2 {
            let request = authorised(Method::POST, &path).header("content-type", form);
            serving.process.client.send(request, leg.to_owned()).await;
        }
        assert_eq!(said(&all.line()), (seq, ended.to_owned()));
    }
    assert_eq!(said(&missed.line()), (1, "not-reported".to_owned()));
    assert_eq!(said(&missed.line()), (1, "linked-operation".to_owned()));
    assert!(all.lines.try_recv().is_err(), "nothing was shown twice");
}
