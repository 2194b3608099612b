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
    assert_eq!(second.json(), json!({"seq": 1, "outcome": outcome}));
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
    for older in [
        "DROP TABLE answered; PRAGMA user_version = 3",
        "DROP TABLE answered; DROP TABLE titles; PRAGMA user_version = 2",
        "ALTER TABLE calls DROP COLUMN legs; DROP TABLE answered; DROP TABLE titles; PRAGMA user_version = 1",
    ] {
        serving.process.signal("-KILL");
        let file = serving.other_program();
        file.execute_batch(older).unwrap();
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
