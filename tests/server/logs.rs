//! `--log` of the binary: what a program reads off the standard error.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use test_support::CALLER;
use test_support::client::{TOKEN, authorised};
use test_support::{ACCOUNT_TOKEN, ConnectedHome, OPERATIONS, Process};

use crate::scene::until;

/// The server's lines as JSON, after it has ended.
async fn lines(process: Process) -> (String, Vec<Value>) {
    process.signal("-TERM");
    let (status, stderr) = process.ended().await;
    assert_eq!(status.code(), Some(0), "{stderr}");
    let object = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(object["level"].is_string() && object["message"].is_string(), "{line}");
        assert!(object["timestamp"].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok()), "{line}");
        object
    };
    let lines = stderr.lines().map(object).collect();
    (stderr, lines)
}

#[tokio::test]
async fn every_line_is_a_json_object_and_each_call_has_one_with_its_reason_and_masked_number() {
    // Together they say nearly all that a server says: everything that it does, to the last detail.
    for filter in [&["--log", "trace", "--log-format", "json"][..], &["--log-format", "json"]] {
        let home = ConnectedHome::new(OPERATIONS, "").await;
        // Something to warn of before there is a call.
        std::fs::create_dir_all(home.path("kept").join("call-details.sqlite3")).expect("a directory");
        let process = home.serve(filter);
        let call = |id: &str, caller: Option<&str>, operation: &str| {
            let (client, call) =
                (process.client.clone(), json!({"id": id, "caller": caller, "called": "101", "operation": operation}));
            async move { client.call(&call).await }
        };
        assert_eq!(call("one", Some(CALLER), "sales").await.goes_to(), "anna");
        assert_eq!(call("two", Some(CALLER), "sales").await.goes_to(), "anna");
        assert_eq!(call("three", None, "support").await.reason(), "caller-hidden");
        assert_eq!(
            call("four\n{\"level\": \"forged\"}", Some("8 916 123 45 67"), "none").await.reason(),
            "operation-unknown"
        );
        home.simulator.add_fault("contacts:status=500".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
        assert_eq!(call("five", Some("+79035550112"), "sales").await.reason(), "crm-error");
        assert_eq!(process.client.send(Request::get("/v1/calls"), "").await.status, StatusCode::UNAUTHORIZED);

        let (text, lines) = lines(process).await;
        let calls: Vec<_> = lines.iter().filter(|line| line["target"] == "host_harness::calls").collect();
        let said: Vec<_> = calls
            .iter()
            .map(|line| ["id", "message", "reason", "caller", "employee"].map(|key| line[key].as_str().unwrap_or("-")))
            .collect();
        assert_eq!(
            said,
            [
                ["one", "forwarded", "-", "+7916•••4567", "anna"],
                ["two", "forwarded", "-", "+7916•••4567", "anna"],
                ["three", "linked operation", "caller-hidden", "withheld", "-"],
                ["four\\n{\"level\": \"forged\"}", "linked operation", "operation-unknown", "8916•••4567", "-"],
                ["five", "linked operation", "crm-error", "+7903•••0112", "-"],
            ],
            "{filter:?}"
        );
        assert!(calls.iter().all(|line| line["waited_ms"].is_number() && line["requests"].is_u64()), "{calls:?}");
        let first = lines.first().expect("the warning");
        let warned =
            lines.iter().find(|line| line["message"].as_str().is_some_and(|said| said.contains("tried again")));
        assert!(warned.is_some_and(|line| line["level"] == "WARN"), "{first}");
        assert!(text.contains("not authenticated") && text.contains("call-details.sqlite3"), "{text}");
        for hidden in [TOKEN, ACCOUNT_TOKEN, CALLER, "9161234567", "916 123 45 67", "9035550112"] {
            assert!(!text.contains(hidden), "{filter:?}: `{hidden}` is in the log: {text}");
        }
    }
}

#[tokio::test]
async fn what_keeps_a_server_from_beginning_is_a_json_object_too() {
    let home = ConnectedHome::new(OPERATIONS, "[call_details]\nnumbers = \"some\"\n").await;
    let ended = home.run(&["serve", "--config", "config.toml", "--log-format", "json"]);
    let said = ended.stderr;
    assert_eq!(ended.code, Some(2), "{said}");
    let line: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(line["level"], "ERROR");
    assert!(line["message"].as_str().is_some_and(|message| message.contains("`numbers`")), "{line}");
}

#[tokio::test]
async fn calls_that_do_not_end_before_the_stop_are_warned_of() {
    let home = ConnectedHome::new(OPERATIONS, "shutdown_grace = \"100ms\"\n").await;
    home.simulator.add_fault("contacts:hang".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    let process = home.serve(&["--log", "warn"]);
    let request = authorised(Method::POST, "/v1/resolve-call").header("content-type", "application/json");
    let (client, call) = (process.client.clone(), json!({"caller": CALLER, "operation": "sales"}).to_string());
    let call = tokio::spawn(async move { client.try_send(request, call).await });
    until(|| !home.simulator.requests().is_empty()).await;
    process.signal("-TERM");
    let (_, said) = process.ended().await;
    let warnings: Vec<_> = said.lines().filter(|line| line.contains("some calls did not end in time")).collect();
    assert!(matches!(&warnings[..], [line] if line.contains("calls=1")), "{said}");
    call.abort();
}
