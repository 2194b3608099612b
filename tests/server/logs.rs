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
        // A PBX may make its identifiers of numbers, or of seconds as Asterisk does.
        assert_eq!(call("in-89035550112-7", Some("+79035550112"), "sales").await.reason(), "crm-error");
        assert_eq!(call("1795338000.7", None, "sales").await.reason(), "caller-hidden");
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
                ["in-8903•••0112-7", "linked operation", "crm-error", "+7903•••0112", "-"],
                ["1795338000.7", "linked operation", "caller-hidden", "withheld", "-"],
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

/// What `/v1/state` says of the access, and the metric beside it.
async fn access(process: &Process) -> (Value, bool) {
    let state = process.client.get("/v1/state").await.json();
    let metrics = process.client.get("/metrics").await;
    let metrics = String::from_utf8(metrics.body.to_vec()).expect("text");
    let refused =
        metrics.lines().find_map(|line| line.strip_prefix("host_harness_access_refused{integration=\"main\"} "));
    (state["integrations"][0]["access"].clone(), refused.expect("the metric") == "1")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_warned_of_once_without_being_asked_and_healed_by_the_first_answer() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let process = home.serve(&[]);
    let call = async |caller: &str| process.client.call(&json!({"caller": caller, "operation": "sales"})).await;
    assert_eq!(access(&process).await.0["state"], "not-asked");
    home.simulator.add_fault("*:unauthorized-401".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    for caller in ["+79165550101", "+79165550102", "+79165550103"] {
        assert_eq!(call(caller).await.reason(), "credentials-rejected");
    }
    let (shown, refused) = access(&process).await;
    assert_eq!((&shown["state"], refused), (&json!("refused"), true));
    assert!(shown["refused_since"].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok()), "{shown}");
    assert!(shown["action"].as_str().is_some_and(|text| text.contains("create another in amoCRM")), "{shown}");
    assert!(shown["action_ru"].as_str().is_some_and(|text| text.contains("создайте в amoCRM новый")), "{shown}");
    // A command says the same, and that a person is needed.
    let said = home.run(&["access", "--config", "config.toml", "--state", "kept", "--lang", "ru"]);
    said.assert(2, &[]).assert_prints(&["amoCRM отказывает", "Что делать: ", "создайте в amoCRM новый"]);

    home.simulator.set_faults(Vec::new());
    assert_eq!(call(CALLER).await.goes_to(), "anna");
    let (shown, refused) = access(&process).await;
    assert_eq!((&shown["state"], &shown["action"], refused), (&json!("connected"), &json!(null), false));
    process.signal("-TERM");
    let (_, said) = process.ended().await;
    let [warning] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    for part in
        ["WARN", "integration=\"main\"", "amoCRM does not accept the access token (401)", "create another in amoCRM"]
    {
        assert!(warning.contains(part), "lacks {part}: {warning}");
    }
}

#[tokio::test]
async fn a_blocked_account_and_a_forbidden_request_are_warned_of_once_each_with_what_to_do() {
    for (fault, part) in
        [("contacts:html-403", "only its support lifts that"), ("contacts:status=403", "requests for `contacts`")]
    {
        let home = ConnectedHome::new(OPERATIONS, "").await;
        let process = home.serve(&[]);
        home.simulator.add_fault(fault.parse::<amocrm_simulator::FaultRule>().expect("a fault"));
        for caller in ["+79165550101", "+79165550102", "+79165550103"] {
            let answer = process.client.call(&json!({"caller": caller, "operation": "sales"})).await;
            assert_eq!(answer.goes_to(), "queue:sales", "{fault}");
        }
        let (shown, refused) = access(&process).await;
        assert_eq!((&shown["state"], refused), (&json!("refused"), true), "{fault}");
        process.signal("-TERM");
        let (_, said) = process.ended().await;
        let [warning] = said.lines().collect::<Vec<_>>()[..] else { panic!("{fault}: {said}") };
        assert!(warning.contains("WARN") && warning.contains(part), "{fault}: {warning}");
    }
}

#[tokio::test]
async fn a_token_of_the_server_that_expires_soon_is_warned_of_at_the_start() {
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    let hash = server::tokens::TokenHash::of("a-token-that-nobody-uses");
    let token =
        format!("[[server.tokens]]\nname = \"anna\"\nscope = \"viewer\"\nhash = \"{hash}\"\nexpires = {soon:.0}\n");
    let home = ConnectedHome::new(OPERATIONS, &token).await;
    let process = home.serve(&[]);
    process.logs("the token `anna` expires on").await;
    let said = process.stderr();
    assert!(said.contains("WARN") && said.contains("host-harness token new"), "{said}");
}
