//! What a PBX saw of a call comes back: it completes the details, for everybody who reads them.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::{Answer, authorised};

use crate::scene::{Serving, calls};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn report(serving: &Serving, call: &str, kind: &str, body: impl ToString) -> Answer {
    let request = authorised(Method::POST, &format!("/v1/calls/{call}/outcome")).header("content-type", kind);
    serving.process.client.send(request, body.to_string()).await
}

async fn report_by_seq(serving: &Serving, seq: u64, body: &str) -> Answer {
    let request = authorised(Method::POST, &format!("/v1/calls/{seq}/outcome?by=seq")).header("content-type", FORM);
    serving.process.client.send(request, body.to_owned()).await
}

/// A PBX that counts its calls does not complete a stranger's call when its own is not kept.
#[tokio::test]
async fn a_number_is_never_taken_for_the_place_of_a_call() {
    let serving = Serving::new("").await;
    serving.call("pbx-1", Some(CALLER), "sales").await;
    serving.kept(1).await;
    assert_eq!(report(&serving, "1", FORM, "leg=1&result=busy").await.status, StatusCode::NOT_FOUND);
    assert_eq!(serving.get("/v1/calls/pbx-1").await["outcome"], Value::Null);
    assert_eq!(report_by_seq(&serving, 2, "leg=1&result=busy").await.status, StatusCode::NOT_FOUND);
    assert_eq!(report_by_seq(&serving, 1, "leg=1&result=busy").await.status, StatusCode::OK);
    // At a terminal a person means the place in the list.
    assert!(calls(&serving.home, &["show", "1", "--lang", "en"]).stdout.contains("busy"));
}

#[tokio::test]
async fn legs_complete_a_call_and_everybody_reads_one_story() {
    let mut serving = Serving::new("").await;
    // An identifier as PBXs make them, with what has to be encoded.
    serving.call("a/b 1@pbx", Some(CALLER), "sales").await;
    let id = "a%2Fb%201%40pbx";
    // At once: the call itself may not have been written yet.
    let first = report(&serving, id, FORM, "leg=1&sip_status=408&ring_ms=20000&q850_cause=0").await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(first.json()["outcome"]["result"], "no-answer");
    let second =
        report(&serving, id, JSON, json!({"legs": [{"leg": 2, "dial_status": "ANSWER", "ring_ms": 4100}]})).await;
    let outcome = json!({
        "result": "answered",
        "answered_by": {"linked_operation": "queue:sales"},
        "legs": [
            {"leg": 1, "number": "101", "result": "no-answer", "ring_ms": 20000, "sip_status": 408, "q850_cause": null},
            {"leg": 2, "linked_operation": "queue:sales", "result": "answered", "ring_ms": 4100, "sip_status": null, "q850_cause": null},
        ],
    });
    assert_eq!(second.json(), json!({"seq": 1, "outcome": outcome, "passed_on": false}));
    // A report that comes again changes nothing, and one that says otherwise counts.
    assert_eq!(report_by_seq(&serving, 1, "leg=2&dial_status=ANSWER&ring_ms=4100").await.json(), second.json());

    assert_eq!(serving.get(&format!("/v1/calls/{id}")).await["outcome"], outcome);
    let shown = calls(&serving.home, &["show", "1", "--lang", "en"]).stdout;
    let story: Vec<_> = [
        "contacts 200 ok",
        "Анна Соколова",
        "101",
        "rang 20.0 s",
        "no answer (SIP 408)",
        "linked operation queue:sales",
        "rang 4.1 s",
        "answered by: queue:sales",
    ]
    .map(|part| shown.find(part).unwrap_or_else(|| panic!("lacks {part}: {shown}")))
    .into();
    assert!(story.is_sorted(), "in the order in which it happened: {shown}");
    let russian = calls(&serving.home, &["show", "1", "--lang", "ru"]).stdout;
    for part in ["Что видела АТС", "звонил 20.0 с", "нет ответа", "ответили: queue:sales"]
    {
        assert!(russian.contains(part), "{russian}");
    }

    // It is there after the next start, too.
    serving.again();
    assert_eq!(serving.get(&format!("/v1/calls/{id}")).await["outcome"], outcome);
}

#[tokio::test]
async fn a_wrong_report_is_told_what_is_wrong_and_changes_nothing() {
    let serving = Serving::new("").await;
    serving.call("pbx-1", Some(CALLER), "sales").await;
    for (kind, body, status, part) in [
        (JSON, "", 400, "JSON"),
        (JSON, "{}", 400, "`leg`"),
        (JSON, r#"{"leg": 1}"#, 400, "`sip_status`"),
        (JSON, r#"{"leg": 1, "result": "hung up"}"#, 400, "caller-gone"),
        (JSON, r#"{"legs": [{"leg": 40, "result": "busy"}]}"#, 400, "1 to 32"),
        (FORM, "leg=1&sip_status=busy", 400, "`sip_status`"),
        ("text/plain", "leg=1", 400, "Content-Type"),
    ] {
        let answer = report(&serving, "pbx-1", kind, body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {answer:?}");
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(said.contains(part), "{body} lacks {part}: {said}");
    }
    let long = format!("leg=1&result=busy&x={}", "x".repeat(20_000));
    assert_eq!(report(&serving, "pbx-1", FORM, long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let nobody = report(&serving, "nobody", FORM, "leg=1&result=busy").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert!(String::from_utf8_lossy(&nobody.body).contains("no call with this identifier"), "{nobody:?}");
    let unproved = http::Request::builder().method(Method::POST).uri("/v1/calls/pbx-1/outcome");
    assert_eq!(serving.process.client.send(unproved, "leg=1").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(serving.get("/v1/calls/pbx-1").await["outcome"], Value::Null);
}

/// As earlier versions of the server left it: without what facts are called, and without the column of what PBXs saw.
#[tokio::test]
async fn a_file_of_a_format_before_keeps_its_calls_and_takes_reports() {
    let mut serving = Serving::new("").await;
    serving.call("old", Some(CALLER), "sales").await;
    serving.kept(1).await;
    const SINCE_5: &str = "DROP INDEX calls_of_caller; ALTER TABLE calls DROP COLUMN caller_key;";
    const SINCE_4: &str = "DROP INDEX calls_of_caller; ALTER TABLE calls DROP COLUMN caller_key; DROP INDEX calls_reported; ALTER TABLE calls DROP COLUMN reported; \
        ALTER TABLE calls DROP COLUMN missed; ALTER TABLE calls DROP COLUMN ended;";
    for older in [
        format!("{SINCE_5} PRAGMA user_version = 5"),
        format!("{SINCE_4} PRAGMA user_version = 4"),
        format!("{SINCE_4} DROP TABLE answered; PRAGMA user_version = 3"),
        format!("{SINCE_4} DROP TABLE answered; DROP TABLE titles; PRAGMA user_version = 2"),
        format!(
            "{SINCE_4} ALTER TABLE calls DROP COLUMN legs; DROP TABLE answered; DROP TABLE titles; PRAGMA user_version = 1"
        ),
    ] {
        serving.process.signal("-KILL");
        let file = serving.other_program();
        file.execute_batch(&older).unwrap();
        drop(file);
        serving.again();
        let old = serving.get("/v1/calls/old").await;
        let has_titles = !older.contains("titles");
        assert_eq!((&old["outcome"], old.get("titles").is_some()), (&Value::Null, has_titles), "{older}");
        let shown = calls(&serving.home, &["show", "old", "--lang", "en"]).stdout;
        assert!(has_titles || shown.contains("manager_source: crm"), "a key is better than nothing: {shown}");
    }
    let reported = report(&serving, "old", FORM, "leg=1&sip_status=486").await;
    assert_eq!(reported.json()["outcome"]["result"], "busy");
    // The next call of the component tells what its facts are called.
    serving.call("new", Some(CALLER), "sales").await;
    serving.kept(1).await;
    assert!(serving.get("/v1/calls/old").await["titles"]["manager_source"].is_object());
}

/// How calls ended is worked out for those of an older file too.
#[tokio::test]
async fn calls_of_an_older_file_are_found_by_how_they_ended() {
    let mut serving = Serving::new("").await;
    serving.four_calls().await;
    assert_eq!(report(&serving, "pbx-1", FORM, "leg=1&result=answered").await.status, StatusCode::OK);
    assert_eq!(report(&serving, "pbx-2", FORM, "leg=1&result=caller-gone").await.status, StatusCode::OK);
    serving.process.signal("-KILL");
    let older = "DROP INDEX calls_of_caller; ALTER TABLE calls DROP COLUMN caller_key; DROP INDEX calls_reported; ALTER TABLE calls DROP COLUMN reported; \
        ALTER TABLE calls DROP COLUMN missed; ALTER TABLE calls DROP COLUMN ended; PRAGMA user_version = 4";
    serving.other_program().execute_batch(older).unwrap();
    // A command that reads it brings it up to date, as a server does.
    assert_eq!(serving.ids(&["--ended", "answered"]), ["pbx-1"]);
    serving.again();
    assert_eq!(serving.ids(&["--ended", "missed", "--employee", "boris"]), ["pbx-2"]);
    assert_eq!(serving.ids(&["--ended", "not-reported"]), ["pbx-3", "pbx-4"]);
}

#[tokio::test]
async fn a_managers_missed_calls_are_a_list_whoever_took_them() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    serving.call("pbx-5", Some(CALLER), "sales").await;
    serving.call("pbx-6", Some(CALLER), "sales").await;
    serving.kept(6).await;
    for (call, legs) in [
        ("pbx-1", "leg=1&result=answered"),
        ("pbx-2", "leg=1&result=caller-gone"),
        ("pbx-3", "leg=1&result=answered"),
        ("pbx-4", "leg=1&result=no-answer"),
        ("pbx-5", "legs=1:NOANSWER/2:ANSWER"),
        ("pbx-6", "leg=1&result=busy"),
    ] {
        assert_eq!(report(&serving, call, FORM, legs).await.status, StatusCode::OK);
    }
    for (filter, found) in [
        (&["--ended", "answered"][..], &["pbx-1"][..]),
        (&["--ended", "caller-gone"], &["pbx-2"]),
        (&["--ended", "linked-operation"], &["pbx-3", "pbx-5"]),
        (&["--ended", "unanswered"], &["pbx-4"]),
        // The queue has it, and has not answered yet.
        (&["--ended", "not-reported"], &["pbx-6"]),
        (&["--ended", "missed"], &["pbx-2", "pbx-5", "pbx-6"]),
        (&["--ended", "missed", "--employee", "anna"], &["pbx-5", "pbx-6"]),
        (&["--ended", "missed", "--employee", "boris"], &["pbx-2"]),
        (&["--ended", "missed", "--employee", "vera"], &[]),
    ] {
        assert_eq!(serving.ids(filter), found, "{filter:?}");
        let mut query = format!("/v1/calls?ended={}", filter[1]);
        if let Some(employee) = filter.get(3) {
            query += &format!("&employee={employee}");
        }
        let listed = serving.get(&query).await;
        let mut ids: Vec<_> =
            listed["calls"].as_array().unwrap().iter().map(|call| call["call"]["id"].clone()).collect();
        ids.reverse();
        assert_eq!(json!(ids), json!(found), "{query}");
    }
    let queued = serving.get("/v1/calls/pbx-5").await;
    assert_eq!(
        (&queued["ended"], &queued["missed_by"]),
        (&"linked-operation".into(), &json!([{"id": "anna", "name": "Анна Соколова"}]))
    );
    for (lang, parts) in [
        ("en", ["answered by 101", "the caller hung up", "taken by queue:sales", "nobody answered"]),
        ("ru", ["ответили: 101", "звонящий положил трубку", "принят: queue:sales", "никто не ответил"]),
    ] {
        let listed = calls(&serving.home, &["--lang", lang]).stdout;
        for (line, part) in listed.lines().skip(1).zip(parts) {
            assert!(line.ends_with(part), "{line}");
        }
    }
    let wrong = calls(&serving.home, &["--ended", "lost", "--lang", "en"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("caller-gone, unanswered"), "{wrong:?}");
    let wrong = serving.process.client.get("/v1/calls?ended=lost").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&wrong.body).contains("`ended`"), "{wrong:?}");
}

/// A call that goes on to another operation is missed by everybody who was asked before.
#[tokio::test]
async fn whoever_was_asked_before_has_missed_a_call_that_came_back() {
    let operations = "[[operation]]\nid = \"first\"\nlinked_operation = \"queue:sales\"\n\
        exits = { \"not-answered\" = \"operation:second\" }\n\
        [[operation]]\nid = \"second\"\nlinked_operation = \"queue:support\"\n";
    let serving = Serving::of(operations, "").await;
    serving.call("pbx-1", Some(CALLER), "first").await;
    serving.kept(1).await;
    assert_eq!(serving.ids(&["--ended", "missed"]), [""; 0]);
    let back =
        json!({"id": "pbx-1", "caller": CALLER, "called": "+74951234567", "after": "first", "legs": ["no-answer"]});
    assert_eq!(serving.process.client.call(&back).await.status, StatusCode::OK);
    serving
        .until("it is brought up to date", |_| serving.ids(&["--ended", "missed", "--employee", "anna"]) == ["pbx-1"])
        .await;
}
