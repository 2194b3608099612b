//! A server that is killed: what it kept is there.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use test_support::CALLER;
use test_support::client::Client;

use crate::scene::{Serving, calls, file, ids};

/// Calls that were answered so long before the end may not be lost. Groups are written within milliseconds; a busy machine takes longer.
const KEPT_WITHIN: Duration = Duration::from_secs(2);
/// How many calls come at once.
const LINES: usize = 4;

/// The pauses between calls: none, where the size of a group decides when it is written, and some, where its age does.
const PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(40)];

/// Calls one after another until the server has gone; gives those that were answered, and when.
async fn calls_without_end(client: Client, name: String, pause: Duration) -> Vec<(String, Instant)> {
    let mut answered = Vec::new();
    for number in 0.. {
        let id = format!("{name}-{number}");
        let call = json!({"id": id, "caller": CALLER, "called": "101", "operation": "sales"});
        let request = test_support::client::authorised(http::Method::POST, "/v1/resolve-call");
        let Some(answer) = client.try_send(request.header("content-type", "application/json"), call.to_string()).await
        else {
            break;
        };
        assert_eq!(answer.goes_to(), "anna");
        answered.push((id, Instant::now()));
        tokio::time::sleep(pause).await;
    }
    answered
}

#[tokio::test]
async fn what_was_kept_when_a_server_is_killed_under_calls_is_there_and_the_next_one_goes_on() {
    let mut serving = Serving::new("").await;
    let mut expected = BTreeSet::new();
    let (mut all, mut gaps) = (0, 0);
    for (round, pause) in PAUSES.into_iter().enumerate() {
        let calling: Vec<_> = (0..LINES)
            .map(|line| {
                tokio::spawn(calls_without_end(serving.process.client.clone(), format!("{round}-{line}"), pause))
            })
            .collect();
        tokio::time::sleep(KEPT_WITHIN + Duration::from_millis(700)).await;
        let killed = Instant::now();
        serving.process.signal("-KILL");
        let mut answered = 0;
        for line in calling {
            let calls = line.await.expect("no panic");
            answered += calls.len();
            let safe = calls.into_iter().filter(|(_, at)| *at + KEPT_WITHIN < killed);
            expected.extend(safe.map(|(id, _)| id));
        }
        assert!(answered > 20, "only {answered} calls came before the end");
        // The file is read while nobody serves, then by the next server.
        all += answered;
        let listed = ids(&serving.home, &["--limit", "1000000"]);
        let found: BTreeSet<_> = listed.iter().cloned().collect();
        assert_eq!(found.len(), listed.len(), "no call is there twice");
        let lost: Vec<_> = expected.difference(&found).collect();
        assert!(lost.is_empty(), "{} of {} calls are lost: {lost:?}", lost.len(), expected.len());
        serving.again();
        let newest = serving.get("/v1/calls?limit=1").await["calls"][0]["seq"].as_i64().expect("a number");
        let after = format!("after-{round}");
        serving.call(&after, Some(CALLER), "sales").await;
        serving.kept(1).await;
        let call = serving.get(&format!("/v1/calls/{after}")).await;
        assert_eq!(call["seq"], newest + 1, "the numbers go on");
        expected.insert(after);
        all += 1;
        // What is missing of the calls that were answered is in a gap, counted and told of.
        let lost_before = serving.keeping().await["lost_before"].as_u64().expect("a number");
        gaps += usize::try_from(lost_before).expect("few");
        assert!(listed.len() + 1 + gaps >= all, "{} kept and {gaps} told of, but {all} were answered", listed.len());
        let told = calls(&serving.home, &["--limit", "1"]).stderr;
        assert_eq!(told.contains("the server killed"), gaps > 0, "{told}");
    }
    assert!(expected.len() > 20, "{}", expected.len());
    let home = serving.stop().await;
    let sound: String = Connection::open(file(&home))
        .and_then(|connection| connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("the file opens");
    assert_eq!(sound, "ok");
}
