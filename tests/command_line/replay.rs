//! `call --record` and `replay`: a call is resolved again where there is no amoCRM, and what departs is shown.

use std::fs;

use host_harness::OPERATION;
use serde_json::Value;
use test_support::{ACCOUNT_TOKEN, CALLER, Ended, Home};

use crate::amocrm::{Amocrm, LOOPBACK, config_for};

/// Records a call against an amoCRM that is gone afterwards.
fn record(home: &Home, arguments: &[&str]) {
    let amocrm = Amocrm::start(home, &[]);
    home.write("pbx.toml", config_for(&amocrm.base_url, LOOPBACK));
    let call = ["call", CALLER, "--config", "pbx.toml", "--record", "call.json"].iter().chain(arguments);
    let mut command = home.command(call);
    command.env("AMOCRM_TOKEN", ACCOUNT_TOKEN);
    let recorded = Ended::of(command.output().expect("the binary starts"));
    assert!(recorded.stderr.contains("recorded in call.json"), "{recorded:?}");
}

fn recording(home: &Home) -> Value {
    serde_json::from_slice(&fs::read(home.path("call.json")).expect("a recording")).expect("JSON")
}

/// Changes the recording as a person with an editor does.
fn edit(home: &Home, from: &str, to: &str) {
    let text = fs::read_to_string(home.path("call.json")).expect("a recording");
    assert!(text.contains(from), "{from} is not in {text}");
    home.write("call.json", text.replacen(from, to, 1));
}

/// The operation under another digest.
fn another_component(home: &Home) {
    let mut bytes = OPERATION.to_vec();
    // A custom section: its kind, its size, the length of its name, its name.
    bytes.extend([0, 6, 5]);
    bytes.extend(b"other");
    home.write("other.wasm", bytes);
}

#[test]
fn a_recorded_call_is_replayed_without_amocrm_to_the_instruction() {
    let home = Home::new();
    record(&home, &[]);
    let replayed = home.run(["replay", "call.json"]);
    let instructions = format!("the same {} instructions", recording(&home)["instructions"]);
    let imports = recording(&home)["imports"].as_array().map_or(0, Vec::len);
    let imports = format!("the same {imports} imports");
    replayed.assert(0, &[]).assert_prints(&["the same resolution", &imports, &instructions]);
    replayed.assert_prints(&["Forwarded: Anna (anna)", "Request contacts: 200 ok"]);
    // The kept manager, in another recording of the same caller: the numbers are hidden by one key.
    let first = recording(&home);
    record(&home, &[]);
    assert_eq!(recording(&home)["call"]["caller"], first["call"]["caller"], "equal numbers stay equal");
}

#[test]
fn d10_a_recording_holds_no_token_and_no_whole_number_and_is_its_owners_alone() {
    let home = Home::new();
    record(&home, &[]);
    let text = fs::read_to_string(home.path("call.json")).expect("text");
    for secret in [ACCOUNT_TOKEN, "9161234567", "123-45-67", "9035550101"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    #[cfg(unix)]
    for file in ["call.json", "state/host-harness/recordings.key"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(home.path(file)).expect(file).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let whole = Home::new();
    record(&whole, &["--whole-numbers"]);
    assert!(fs::read_to_string(whole.path("call.json")).expect("text").contains("9161234567"));
    whole.run(["replay", "call.json"]).assert(0, &[]).assert_prints(&["As recorded: the same"]);
}

/// A telephone shows it, and the operation reads and keeps it; the recording of the call and that of the next one have another in its place.
#[test]
fn e6_d10_a_recording_never_has_the_contacts_name() {
    let home = Home::new();
    for asked in [true, false] {
        let called = home.run(["call", CALLER, "--set", "show_contact_name=true", "--record", "call.json"]);
        called.assert_prints(&["the telephone shows: Иван Петров"]);
        let text = fs::read_to_string(home.path("call.json")).expect("text");
        assert_eq!(text.contains("/api/v4/contacts?"), asked, "{text}");
        assert!(text.contains("contact_name\\\":\\\"xxxx"), "{text}");
        for name in ["Иван", "Петров", "u0418\\u0432"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
        home.run(["replay", "call.json"]).assert(0, &[]).assert_prints(&["the same resolution"]);
    }
}

#[test]
fn d10_a_recording_blanks_what_the_operation_did_not_read() {
    let home = Home::new();
    record(&home, &["--whole-numbers"]);
    let whole = fs::read_to_string(home.path("call.json")).expect("text");
    record(&home, &["--state", "memory"]);
    let text = fs::read_to_string(home.path("call.json")).expect("text");
    for read in ["PHONE", "responsible_user_id"] {
        assert!(whole.contains(read) && text.contains(read), "{read}: {text}");
    }
    let is_blanked = |text: &str, field: &str| {
        // A document in a document: each quote is escaped.
        let begin = format!("{field}\\\":\\\"");
        let values = text.split(&begin).skip(1).map(|rest| rest.split("\\\"").next().unwrap_or(rest));
        let values: Vec<_> = values.collect();
        assert!(!values.is_empty(), "{field}: {text}");
        values.iter().all(|value| value.chars().all(|character| character == 'x'))
    };
    for field in ["first_name", "name", "href"] {
        assert!(!is_blanked(&whole, field) && is_blanked(&text, field), "{field}: {text}");
    }
    assert_eq!(recording(&home)["unread"], "blanked");
    home.run(["replay", "call.json"]).assert(0, &[]).assert_prints(&["the same resolution"]);
}

#[test]
fn a_changed_answer_is_shown_as_the_first_import_that_differs() {
    let home = Home::new();
    record(&home, &[]);
    edit(&home, "\"status\": 200", "\"status\": 402");
    let replayed = home.run(["replay", "call.json"]);
    replayed.assert(
        6,
        &[
            // How many there are is a matter of how the answer's pieces came in.
            "departed from call.json, first at import ",
            "recorded  wasi:",
            "now       ",
            "after     wasi:http/outgoing-handler.handle GET http://127.0.0.1:",
            "→ 402, 0 bytes",
            "reason",
            "account-unpaid",
        ],
    );
}

#[test]
fn another_component_or_setting_shows_what_would_have_happened() {
    let home = Home::new();
    // What a slow disk adds to the call is not what is looked at here.
    record(&home, &["--state", "memory"]);
    another_component(&home);
    let same = home.run(["replay", "call.json", "--component", "other.wasm"]);
    same.assert(0, &[]).assert_prints(&["recorded", "would have been", "goes to     anna 101"]);
    assert!(!same.stdout.contains("What differs"), "{same:?}");

    let asked = home.run(["replay", "call.json", "--set", "open_lead_first=true"]);
    asked.assert(0, &[]).assert_prints(&[
        "* requests    contacts",
        "contacts, leads",
        "What would have been is not known: the recording has no answer to these questions",
        "/api/v4/leads",
        "if nothing answers",
    ]);
    assert!(asked.stdout.find("is not known") < asked.stdout.find("crm-unreachable"), "{asked:?}");

    let json = home.run(["replay", "call.json", "--set", "waiting_time=30s", "--json"]);
    let json: Value = serde_json::from_str(&json.assert(0, &[]).stdout).expect("JSON");
    assert_eq!((&json["exactly"], &json["departure"]), (&Value::Bool(false), &Value::Null));
    assert_eq!(json["replayed"]["details"]["waiting_time_ms"], 30_000);
    assert_eq!(json["recorded"]["route"], json["replayed"]["route"]);
}

#[test]
fn a_recording_becomes_a_policy_test_with_one_command() {
    let home = Home::new();
    record(&home, &[]);
    home.run(["replay", "call.json", "--golden", "cases/known"]).assert(0, &["host-harness test cases"]);
    home.run(["test", "cases"]).assert(0, &[]).assert_prints(&["ok     known", "1 passed"]);
    another_component(&home);
    home.run(["test", "cases", "--component", "other.wasm"]).assert(0, &[]).assert_prints(&["1 passed"]);

    let expected = fs::read_to_string(home.path("cases/known/expected.json")).expect("what is expected");
    home.write("cases/known/expected.json", expected.replace("\"anna\"", "\"boris\""));
    home.run(["test", "cases"]).assert(5, &[]).assert_prints(&[
        "FAILED known",
        "route.employee.id",
        "expected \"boris\"",
    ]);
    home.write("cases/known/notes.txt", "");
    home.run(["test", "cases"]).assert(5, &[]).assert_prints(&["`notes.txt` is not a file of a recorded case"]);
}

#[test]
fn what_is_no_recording_or_anothers_is_said_so() {
    let home = Home::new();
    home.run(["replay", "call.json"]).assert(2, &["call.json cannot be read"]);
    home.write("call.json", "{\"version\": 1}");
    home.run(["replay", "call.json"]).assert(2, &["call.json is not a recording", "--record FILE"]);
    home.write("call.json", [0xff; 100]);
    home.run(["replay", "call.json"]).assert(2, &["is not a recording"]);
    home.write("call.json", "{\"recording\": 9}");
    home.run(["replay", "call.json"]).assert(2, &["recording of version 9", "reads version 1"]);
    home.write("call.json", vec![b' '; 16 * 1024 * 1024 + 1]);
    home.run(["replay", "call.json"]).assert(2, &["larger than 16 MiB"]);

    record(&home, &[]);
    edit(&home, "\"component\": \"", "\"component\": \"0000");
    home.run(["replay", "call.json"]).assert(2, &["was recorded with the component 0000", "--component FILE"]);
    record(&home, &[]);
    home.run(["replay", "call.json", "--set", "waiting_time=1h"]).assert(2, &["set a duration from 500ms to 30s"]);
    home.run(["replay", "call.json", "--set", "waiting_time"]).assert(2, &["such as waiting_time=1s"]);
    edit(&home, "\"import\": \"wasi:config/store.get\"", "\"import\": \"wasi:random/random.get\"");
    home.run(["replay", "call.json"]).assert(2, &["is not a recording (imports", "wasi:random/random.get"]);
}
