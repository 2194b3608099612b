//! `/v1/calls`, `/v1/calls/{id}` and `/v1/reasons`, as programs ask them.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use test_support::CALLER;

use crate::scene::Serving;

/// The identifiers of a page.
fn ids(page: &Value) -> Vec<&str> {
    let calls = page["calls"].as_array().expect("calls");
    calls.iter().map(|call| call["call"]["id"].as_str().expect("an identifier")).collect()
}

#[tokio::test]
async fn kept_calls_are_listed_found_and_paged() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    for (query, found) in [
        ("", &["pbx-4", "pbx-3", "pbx-2", "pbx-1"][..]),
        ("reason=forwarded", &["pbx-2", "pbx-1"]),
        ("employee=anna", &["pbx-1"]),
        ("digits=0112", &["pbx-2"]),
        ("operation=support", &["pbx-4", "pbx-2"]),
        ("integration=another", &[]),
        ("after=2", &["pbx-4", "pbx-3"]),
        ("after=1&before=4&operation=sales", &["pbx-3"]),
        ("since=2000-01-01T00:00:00Z&until=2000-01-02T00:00:00Z", &[]),
        // As the page leaves what was not filled in.
        ("reason=&employee=&digits=&since=&until=", &["pbx-4", "pbx-3", "pbx-2", "pbx-1"]),
    ] {
        assert_eq!(ids(&serving.get(&format!("/v1/calls?{query}")).await), found, "{query}");
    }
    let first = serving.get("/v1/calls?limit=3").await;
    assert_eq!((ids(&first), &first["next"]), (vec!["pbx-4", "pbx-3", "pbx-2"], &json!(2)));
    let last = serving.get("/v1/calls?limit=3&before=2").await;
    assert_eq!((ids(&last), &last["next"]), (vec!["pbx-1"], &Value::Null));

    let answered = serving.call("pbx-5", Some(CALLER), "sales").await.json();
    serving.kept(5).await;
    let mut kept = serving.get("/v1/calls/pbx-5").await;
    assert_eq!(kept, serving.get("/v1/calls/5?by=seq").await, "by its number too");
    let own = kept.as_object_mut().expect("an object");
    assert_eq!(own.remove("seq"), Some(json!(5)));
    assert_eq!(own.remove("operation"), Some(json!("sales")));
    assert_eq!(own.remove("integration"), Some(json!("main")));
    assert_eq!(own.remove("outcome"), Some(Value::Null), "the PBX has reported nothing");
    assert_eq!(own.remove("ended"), Some(json!("not-reported")));
    let titles = own.remove("titles").expect("what its facts are called");
    let source = json!({"ru": "Источник сведений о менеджере", "en": "Where the manager is known from", "values": {
        "crm": {"ru": "amoCRM", "en": "amoCRM"}, "cache": {"ru": "память АТС", "en": "cache"},
        "last-talk": {"ru": "последний разговор", "en": "last talk"},
    }});
    assert_eq!(titles["manager_source"], source);
    assert_eq!(titles["requests"]["values"]["contacts"], json!({"ru": "контакты", "en": "contacts"}));
    for fact in answered["details"].as_object().expect("details").keys() {
        let is_fact = !["waiting_time_ms", "waited_ms", "exchanges", "notes"].contains(&fact.as_str());
        assert_eq!(titles.get(fact).is_some(), is_fact, "{fact}");
    }
    assert_eq!(serving.get("/v1/calls?limit=1").await["calls"][0].get("titles"), None, "once, not with each of a list");
    assert_eq!(kept, answered, "what the PBX was told is what is kept");
    // A PBX may count its calls too: a number is an identifier unless the request says otherwise.
    for nobody in ["/v1/calls/5", "/v1/calls/pbx-5?by=seq", "/v1/calls/5?by=number"] {
        let refused = serving.process.client.get(nobody).await.status;
        assert!(refused.is_client_error(), "{nobody}: {refused}");
    }
    let nobody = serving.process.client.get("/v1/calls/nobody").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert_eq!(nobody.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_wrong_parameter_is_named_with_what_to_write() {
    let serving = Serving::new("").await;
    for (path, key) in [
        ("/v1/calls?limit=many", "limit"),
        ("/v1/calls?limit=0", "limit"),
        ("/v1/calls?limit=1001", "limit"),
        ("/v1/calls?after=x", "after"),
        ("/v1/calls?before=1.5", "before"),
        ("/v1/calls?since=yesterday", "since"),
        ("/v1/calls?until=1", "until"),
        ("/v1/calls?digits=12345", "digits"),
        ("/v1/calls?digits=4567%27", "digits"),
        ("/v1/calls?numbers=all", "numbers"),
        ("/v1/calls?resaon=forwarded", "resaon"),
        ("/v1/calls?reason=a&reason=b", "reason"),
        ("/v1/calls/pbx-1?numbers=all", "numbers"),
        ("/v1/calls/stream?numbers=all", "numbers"),
        ("/v1/calls/stream?after=x", "after"),
        ("/v1/reasons?since=x", "since"),
        ("/v1/reasons?until=x", "until"),
        ("/v1/reasons?step=0s", "step"),
        ("/v1/reasons?step=often", "step"),
        ("/v1/reasons?steps=60s", "steps"),
    ] {
        let answer = serving.process.client.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}: {answer:?}");
        let problem = answer.json();
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains(&format!("`{key}`")), "{path} is answered without `{key}`: {detail}");
    }
}

#[tokio::test]
async fn nothing_is_told_without_proof() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    for path in ["/v1/calls", "/v1/calls/pbx-1", "/v1/calls/stream", "/v1/reasons"] {
        let answer = serving.process.client.send(Request::get(path), "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("pbx-"), "{answer:?}");
        let wrong = Request::get(path).header("authorization", "Bearer another-token-0123456789");
        assert_eq!(serving.process.client.send(wrong, "").await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn calls_are_counted_by_reason_over_time() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let other = serving.other_program();
    for (seq, at) in [(1, "09:00:00"), (2, "09:00:59"), (3, "09:01:00"), (4, "11:30:00")] {
        let at: jiff::Timestamp = format!("2026-11-22T{at}Z").parse().expect("a time");
        other.execute("UPDATE calls SET at = ?1 WHERE seq = ?2", [at.as_millisecond(), seq]).expect("a call");
    }
    let counted = serving.get("/v1/reasons?since=2026-11-22T09:00:00Z&until=2026-11-22T12:00:00Z").await;
    assert_eq!(
        counted,
        json!({"from": "2026-11-22T09:00:00Z", "step_seconds": 60, "buckets": [
            {"at": "2026-11-22T09:00:00Z", "counts": {"forwarded": 2}},
            {"at": "2026-11-22T09:01:00Z", "counts": {"caller-hidden": 1}},
            {"at": "2026-11-22T11:30:00Z", "counts": {"contact-not-found": 1}},
        ]})
    );
    let hours = serving.get("/v1/reasons?since=2026-11-22T09:00:00Z&until=2026-11-22T12:00:00Z&step=1h").await;
    assert_eq!(hours["step_seconds"], 3_600);
    assert_eq!(hours["buckets"][0]["counts"], json!({"forwarded": 2, "caller-hidden": 1}));
    // So many steps are not counted; it says which ones are.
    let year = serving.get("/v1/reasons?since=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z&step=1s").await;
    let step = year["step_seconds"].as_i64().expect("a number");
    let from: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    assert!(step > 1, "{year}");
    for bucket in year["buckets"].as_array().expect("buckets") {
        let at: jiff::Timestamp = bucket["at"].as_str().expect("text").parse().expect("a time");
        assert_eq!(at.duration_since(from).as_secs() % step, 0, "{bucket} is not one of the steps of {step} s");
    }
}
