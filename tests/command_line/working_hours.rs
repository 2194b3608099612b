//! The operation «Рабочее время» (rule E3) as an administrator places it: by its name, without uploading anything.

use serde_json::{Value, json};
use test_support::{CALLER, ConnectedHome, Home};

/// Hours first, then the manager, then the queue.
const SCENARIO: &str = "[[operation]]\nid = \"hours\"\ncomponent = \"working-hours\"\nlinked_operation = \"queue:any\"\n\
    exits = { in-hours = \"operation:manager\", out-of-hours = \"voicemail:night\" }\n\
    [operation.settings]\nweek = [\"mon-fri 09:00-18:00\"]\ntime_zone = \"Europe/Moscow\"\n\
    [[operation]]\nid = \"manager\"\nlinked_operation = \"queue:sales\"\n";
/// The exit code of a call that was not forwarded.
const LINKED: i32 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn e3_hours_come_before_the_manager_and_the_recording_replays_without_a_file() {
    let home = ConnectedHome::new(SCENARIO, "").await;
    let call = |arguments: &[&str]| {
        let fixed = ["call", CALLER, "--config", "config.toml", "--state", "kept", "--operation", "hours", "--json"];
        let ended = home.run(&[&fixed[..], arguments].concat());
        let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        (ended.code, document)
    };
    let (code, inside) = call(&["--at", "2026-11-23T12:00:00+03:00", "--record", "inside.json"]);
    assert_eq!((code, &inside["steps"][0]["reason"]["code"]), (Some(0), &json!("in-hours")), "{inside}");
    assert_eq!(inside["route"]["employee"]["id"], "anna");
    let (code, outside) = call(&["--at", "2026-11-23T18:00:00+03:00", "--record", "outside.json"]);
    assert_eq!((code, &outside["route"]["target"]), (Some(LINKED), &json!("voicemail:night")), "{outside}");
    assert_eq!(outside["reason"]["code"], "out-of-hours");
    for file in ["inside.json", "outside.json"] {
        let replayed = home.run(&["replay", file, "--json"]);
        replayed.assert(0, &[]);
        assert!(replayed.stdout.contains("\"exactly\": true"), "{file}: {replayed:?}");
    }
    // Other hours, tried on the call that was recorded.
    let longer = ["--component", "working-hours", "--set", "week=daily 00:00-24:00", "--json"];
    let tried = home.run(&[&["replay", "outside.json"][..], &longer].concat());
    assert!(tried.stdout.contains("in-hours"), "{tried:?}");
}

#[test]
fn e3_it_needs_no_account_and_says_what_is_wrong_with_its_settings() {
    let home = Home::new();
    let operation = "[[operation]]\ncomponent = \"working-hours\"\nlinked_operation = \"queue:any\"\n";
    let configure =
        |settings: &str| home.write("host-harness.toml", format!("{operation}[operation.settings]\n{settings}"));
    let call = |lang: &str| home.run(["call", CALLER, "--config", "host-harness.toml", "--lang", lang]);
    configure("week = [\"пн-пт 09:00-18:00\", \"sat 9-18\"]\ntime_zone = \"Europe/Moscow\"\n");
    call("en").assert(LINKED, &[]).assert_prints(&["settings-invalid", "setting `week`, line 2: write days and hours"]);
    call("ru").assert(LINKED, &[]).assert_prints(&["настройка `week`, строка 2: напишите дни и часы"]);
    configure("time_zone = \"Europe/Moscow\"\n");
    call("en").assert(LINKED, &["`week`"]).assert_prints(&["no hours are set"]);
    configure("week = \"mon-fri 09:00-18:00\"\nhours = \"9-18\"\n");
    call("en").assert(2, &["setting `hours`", "the operation has `week`, `holidays`, `exceptions`, `time_zone`"]);
}

#[test]
fn e3_it_is_described_packaged_and_checked_like_any_other() {
    let home = Home::new();
    home.run(["describe", "--component", "working-hours", "--lang", "ru"]).assert(0, &[]).assert_prints(&[
        "Рабочее время",
        "week — Часы недели",
        "обязательно; список, не больше 100",
        "in-hours (exit) — Рабочее время",
    ]);
    home.run(["package", "--operation", "working-hours", "hours.wasm"]).assert(0, &[]);
    let bytes = std::fs::read(home.path("hours.wasm")).expect("the file was written");
    assert_eq!(bytes, host_harness::WORKING_HOURS);
    home.run(["check", "hours.wasm"])
        .assert(0, &[])
        .assert_prints(&["hours.wasm fits", "operation       working-hours "]);
    home.run(["package", "--operation", "hours"]).assert(2, &["`forward-to-personal-manager` and `working-hours`"]);
    // A folder says that a file is meant.
    home.run(["describe", "--component", "./working-hours"]).assert(2, &["cannot read the component ./working-hours"]);
}
