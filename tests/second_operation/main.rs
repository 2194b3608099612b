//! Operations in Python and JavaScript, written from the contract and the README alone, loaded by the same host: the contract is not a property of
//! one operation or language.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod javascript;
mod templates;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use replay::policy::{self, Mode};
use runtime::bindings::exports::telephony::operation::operation::SettingKind;
use runtime::bindings::telephony::operation::types::{ItemValue, SettingValue};
use runtime::engine::{Compilation, CompiledShelf, Engine, EngineSettings, Operation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use test_support::russian::assert_named_in_both_languages;
use test_support::{CALLER, Ended, Home, Scene, client, skip, workspace};

/// Where the workspace keeps what is built from time to time.
const KEPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/second-operation");
/// How the build says that its toolchain cannot be had.
const NO_TOOLCHAIN: i32 = 3;
const SCHEDULE: [&str; 3] = [
    "*7001 mon-fri 09:00-18:00 101/15, +79035550101",
    "*7001 sat 10:00-14:00 102",
    "*7002 fri 20:00-08:00 +79035550177/40",
];

/// The component in Python.
fn component() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| built("operation", &["app.py", "build", "requirements.txt"], "tools", None)).as_deref()
}

/// The component of a folder, built once for these files, with its toolchain kept under a name, and perhaps of another source. None where the
/// language or its toolchain is missing: the test is then [skipped](skip).
fn built(folder: &str, files: &[&str], tools: &str, source: Option<&Path>) -> Option<PathBuf> {
    // A toolchain is installed once, whoever needs it first.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let operation = workspace().join("tests/second_operation").join(folder);
    let mut sources = Sha256::new();
    let contract = ["types", "operation", "directory", "world", "package", "notices"];
    let contract = contract.map(|name| workspace().join("wit").join(name).with_extension("wit"));
    let files: Vec<_> = files.iter().map(|name| operation.join(name)).chain(contract).collect();
    for file in files.iter().map(PathBuf::as_path).chain(source) {
        sources.update(std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
    }
    let name = base16ct::lower::encode_string(&sources.finalize()[..8]);
    let file = Path::new(KEPT).join(format!("{name}.wasm"));
    if file.is_file() {
        return Some(file);
    }
    std::fs::create_dir_all(KEPT).expect("a folder");
    let unfinished = Path::new(KEPT).join(format!("{name}.{}", std::process::id()));
    let mut build = Command::new(operation.join("build"));
    build.arg(&unfinished).args(source).env("TOOLS", Path::new(KEPT).join(tools));
    let output = build.output().expect("bash");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(NO_TOOLCHAIN) {
        skip(&format!("the operation in `{folder}` is"), said.trim_end());
        return None;
    }
    assert!(output.status.success(), "{said}");
    std::fs::rename(&unfinished, &file).expect("a name");
    Some(file)
}

/// Loads the component in this process. What the host compiled is kept from run to run, where the binary finds it too: Python's runtime takes most
/// of a minute without optimisation.
fn load(component: &Path, settings: EngineSettings) -> Operation {
    let bytes = std::fs::read(component).expect("the component");
    let shelf = CompiledShelf::new(Path::new(KEPT).join("compiled"));
    let compilation = Compilation { shelf: Some(shelf), compiler: None };
    let engine = Engine::with_compilation(settings, compilation).expect("wasmtime runs on this machine");
    engine.load(&bytes).unwrap_or_else(|fit| panic!("{fit}"))
}

/// The component as a single call takes it.
fn operation() -> Option<Operation> {
    static LOADED: OnceLock<Option<Operation>> = OnceLock::new();
    LOADED.get_or_init(|| Some(load(component()?, EngineSettings::default()))).clone()
}

/// The binary's `call` with the component.
fn harness(component: &Path, arguments: &[&str]) -> Ended {
    operation();
    let home = Home::new();
    let mut process = home.command(["call"]);
    process.args(arguments).args(["--state", KEPT]).arg("--component").arg(component);
    Ended::of(process.output().expect("the binary starts"))
}

fn call(component: &Path, called: &str, at: &str, settings: &[&str]) -> Value {
    let mut arguments = vec!["+7 916 123-45-67", "--to", called, "--at", at, "--json"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let Ended { code, stdout, stderr } = harness(component, &arguments);
    let json: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
    assert_eq!(code, Some(i32::from(json["reason"].is_object())), "{stdout}{stderr}");
    json
}

#[test]
fn an_operation_in_python_is_one_like_any_other() {
    let Some(component) = component() else { return };
    // Rules have commas in them, so they are written as a list.
    let setting = |rules: &[&str]| format!("schedule={}", json!(rules));
    let schedule = setting(&SCHEDULE);
    let at = |called: &str, at: &str| call(component, called, at, &[&schedule]);
    let reason = |json: &Value| json["reason"]["code"].as_str().unwrap_or("forwarded").to_owned();

    // Monday noon in Moscow, at either end of the hours, on a Saturday, and past midnight into one.
    let noon = at("+7 (495) 123-70-01", "2026-11-23T12:00:00+03:00");
    assert_eq!(noon["route"]["employee"]["id"], "schedule:*7001", "{noon}");
    assert_eq!(noon["route"]["numbers"][0], json!({"number": "101", "ring_seconds": 15}));
    assert_eq!(noon["route"]["numbers"][1], json!({"number": "+79035550101", "ring_seconds": 20}));
    let said = harness(component, &["1", "--to", "74951237001", "--lang", "en", "--set", &schedule]).stdout;
    assert!(said.contains("Waited: 0 ms\n"), "{said}");
    assert_eq!((&noon["details"]["rule"], &noon["details"]["local_time"]), (&1.into(), &"mon 12:00".into()));
    for (called, time, expected) in [
        ("74951237001", "2026-11-23T08:59:59+03:00", "outside-schedule"),
        ("74951237001", "2026-11-23T09:00:00+03:00", "forwarded"),
        ("74951237001", "2026-11-23T18:00:00+03:00", "outside-schedule"),
        ("74951237001", "2026-11-28T11:00:00+03:00", "forwarded"),
        ("74951237002", "2026-11-28T07:59:00+03:00", "forwarded"),
        ("74951237002", "2026-11-28T20:00:00+03:00", "outside-schedule"),
        ("74951237003", "2026-11-23T12:00:00+03:00", "no-schedule"),
    ] {
        assert_eq!(reason(&at(called, time)), expected, "{called} {time}");
    }
    // Settings: another zone and ring time, and what does not fit.
    let settings = [schedule.as_str(), "utc_offset=-300", "ring_time=30s"];
    let there = call(component, "74951237001", "2026-11-23T22:30:00Z", &settings);
    assert_eq!(there["route"]["numbers"][1]["ring_seconds"], 30, "{there}");
    for (rules, part) in [
        (&["* mon 09:00-18:00"][..], "1: CALLED DAYS HOURS NUMBERS"),
        (&["* daily 09:00-18:00 101", "* monday 09:00-18:00 101"], "2: DAYS"),
        (&["* daily 9-18 101"], "1: HOURS"),
        (&["* daily 09:00-09:00 101"], "1: HOURS"),
        (&[&format!("* daily {}:00-18:00 101", "9".repeat(300))], "1: HOURS"),
        (&["* daily 09:00-18:00 101&102"], "1: NUMBERS"),
        (&["* daily 09:00-18:00 101/3"], "1: NUMBERS"),
    ] {
        let wrong = call(component, "1", "2026-11-23T12:00:00Z", &[&setting(rules)]);
        assert_eq!(reason(&wrong), "schedule-wrong", "{wrong}");
        assert!(wrong["reason"]["text_en"].as_str().unwrap().contains(part), "{wrong}");
    }
    // The host judges settings by the operation's own description.
    let Ended { code, stderr: said, .. } = harness(component, &["1", "--set", "ring_time=1s", "--set", &schedule]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ring_time") && said.contains("5s"), "{said}");
    let too_long = setting(&["x".repeat(401).as_str()]);
    let Ended { code, stderr: said, .. } = harness(component, &["1", "--set", &too_long]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("item 1: set at most 400 characters"), "{said}");
}

#[tokio::test]
async fn it_fits_and_describes_itself_whole_in_both_languages() {
    let Some(operation) = operation() else { return };
    assert!(operation.fit().is_fit(), "{}", operation.fit());
    let description = operation.describe().await.expect("a description");
    assert_eq!(description.id, "forward-by-schedule");
    let settings: Vec<_> =
        description.settings.iter().map(|setting| (setting.key.as_str(), setting.required)).collect();
    assert_eq!(settings, [("schedule", true), ("utc_offset", false), ("ring_time", false)]);
    let bounds = description.settings.iter().filter_map(|setting| match &setting.kind {
        SettingKind::Duration(kind) => Some((kind.minimum, kind.default, kind.maximum)),
        _ => None,
    });
    assert_eq!(bounds.collect::<Vec<_>>(), [(5_000, 20_000, 120_000)]);
    let reasons: Vec<_> = description.reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!(reasons, ["outside-schedule", "no-schedule", "schedule-wrong", "setting-wrong"]);
    assert_named_in_both_languages(&description);
}

#[tokio::test]
async fn its_policy_tests_hold_and_reach_every_reason() {
    let Some(operation) = operation() else { return };
    let cases = workspace().join("tests/second_operation/cases");
    let report = policy::run(&cases, &operation, Mode::Compare, |_| {}).await.expect("cases");
    assert_eq!((report.cases.len(), report.failed().count()), (3, 0), "\n{report}");
    assert_eq!(report.coverage.as_ref().expect("they were run").unreached().count(), 0, "\n{report}");
}

/// A schedule of these rules.
fn rules(rules: &[&str]) -> SettingValue {
    SettingValue::List(rules.iter().map(|rule| ItemValue::Text((*rule).to_owned())).collect())
}

/// A PBX of another make may send what the command line here would refuse: the contract has the operation judge settings itself.
#[tokio::test]
async fn it_judges_settings_that_no_host_has_judged() {
    let Some(operation) = operation() else { return };
    let placed = async |key: &str, value: SettingValue| {
        let mut scene = Scene::new().await;
        scene.operation = operation.clone();
        scene.set("schedule", rules(&["* daily 00:00-24:00 101"]));
        scene.set(key, value);
        let outcome = scene.call_to(CALLER, "+74951237001").await;
        assert!(scene.requests().is_empty(), "{key}");
        outcome
    };
    let unknown = placed("colour", SettingValue::Text("red".to_owned())).await;
    assert_eq!(unknown.code(), "forward", "{}", unknown.json);
    assert!(unknown.has_note("unknown-setting"), "{}", unknown.json);
    for (key, value) in [
        ("schedule", SettingValue::Flag(true)),
        ("schedule", SettingValue::Text("* daily 00:00-24:00 101".to_owned())),
        ("schedule", SettingValue::List(vec![ItemValue::Integer(1)])),
        ("schedule", rules(&["* daily 00:00-24:00 101"; 101])),
        ("schedule", rules(&["x".repeat(401).as_str()])),
        ("utc_offset", SettingValue::Integer(841)),
        ("utc_offset", SettingValue::Integer(i64::MIN)),
        ("utc_offset", SettingValue::Text("180".to_owned())),
        ("ring_time", SettingValue::Duration(4_999)),
        ("ring_time", SettingValue::Duration(u64::MAX)),
        ("ring_time", SettingValue::Integer(20_000)),
    ] {
        let wrong = placed(key, value.clone()).await;
        assert_eq!((wrong.code(), wrong.class()), ("setting-wrong", "configuration"), "{key} = {value:?}");
        assert!(wrong.json["reason"]["text_en"].as_str().expect("a text").contains(key), "{}", wrong.json);
    }
}

/// A server keeps memory for its calls beforehand: Python's runtime has to fit there too.
#[tokio::test]
async fn a_server_takes_it() {
    let Some(component) = component() else { return };
    // A server counts no instructions, so it compiles otherwise.
    load(component, EngineSettings::for_calls(1));
    let home = Home::new();
    // Nothing listens at the account's address, and nothing is asked there: an operation belongs to an integration, whatever it needs.
    let config = format!(
        "[[integration]]\naccount = \"http://127.0.0.1:9\"\ntoken = \"file:token\"\nplain_http = \"granted\"\n\
         private_addresses = \"granted\"\n[[operation]]\nlinked_operation = \"queue:sales\"\ncomponent = '{}'\n\
         settings = {{ schedule = [\"*7001 daily 00:00-24:00 101/15\"] }}\n[server]\ntoken = \"file:token\"\n",
        component.display()
    );
    for (name, text) in [("config.toml", config.as_str()), ("token", client::TOKEN)] {
        home.write(name, text);
    }
    let server = home.serve(&["--config", "config.toml", "--state", KEPT]);
    let call = async |called: &str| server.client.call(&json!({"caller": CALLER, "called": called})).await.json();
    let first = json!({"number": "101", "ring_seconds": 15});
    assert_eq!(call("74951237001").await["route"]["numbers"][0], first);
    assert_eq!(call("74951237002").await["reason"]["code"], "no-schedule");
}
