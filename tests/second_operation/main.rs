//! A second operation, written in Python from the contract and the README alone, loaded by the same host: the contract is no property of one
//! operation or language.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Where the workspace keeps what is built from time to time.
const KEPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/second-operation");
/// How the build says that its toolchain cannot be had.
const NO_TOOLCHAIN: i32 = 3;
const SCHEDULE: &str =
    "*7001 mon-fri 09:00-18:00 101/15, +79035550101; *7001 sat 10:00-14:00 102; *7002 fri 20:00-08:00 +79035550177/40";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace")
}

/// The component, built once for these sources. None, with a loud word, where Python or its toolchain is not to be had.
fn component() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let operation = workspace().join("tests/second_operation/operation");
        let mut sources = Sha256::new();
        let contract = ["types", "operation", "directory", "world", "package", "notices"];
        let contract = contract.map(|name| workspace().join("wit").join(name).with_extension("wit"));
        for file in ["app.py", "build", "requirements.txt"].map(|name| operation.join(name)).iter().chain(&contract) {
            sources.update(std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
        }
        let name: String = sources.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let file = Path::new(KEPT).join(format!("{name}.wasm"));
        if file.is_file() {
            return Some(file);
        }
        std::fs::create_dir_all(KEPT).expect("a folder");
        let unfinished = Path::new(KEPT).join(format!("{name}.{}", std::process::id()));
        let mut build = Command::new(operation.join("build"));
        let output = build.arg(&unfinished).env("TOOLS", Path::new(KEPT).join("tools")).output().expect("bash");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(NO_TOOLCHAIN) {
            assert!(std::env::var_os("CI").is_none(), "{said}");
            // Past the capture of the test's output.
            let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: the second operation is not tested. {said}\n");
            return None;
        }
        assert!(output.status.success(), "{said}");
        std::fs::rename(&unfinished, &file).expect("a name");
        Some(file)
    });
    built.as_deref()
}

/// The binary with this command and the component; what the host compiled is kept from run to run.
fn harness(command: &str, component: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    process.arg(command).args(arguments).env("LANG", "C");
    match command {
        "check" => process.arg(component),
        _ => process.args(["--state", KEPT]).arg("--component").arg(component),
    };
    let output = process.output().expect("the binary");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text")).concat();
    (output.status.code(), said)
}

fn call(component: &Path, called: &str, at: &str, settings: &[&str]) -> Value {
    let mut arguments = vec!["+7 916 123-45-67", "--to", called, "--at", at, "--json"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let (code, said) = harness("call", component, &arguments);
    let json: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(code, Some(i32::from(json["reason"].is_object())), "{said}");
    json
}

/// One test, so that the host compiles Python's runtime once.
#[test]
fn an_operation_in_python_is_one_like_any_other() {
    let Some(component) = component() else { return };
    let schedule = format!("schedule={SCHEDULE}");
    let at = |called: &str, at: &str| call(component, called, at, &[&schedule]);
    let reason = |json: &Value| json["reason"]["code"].as_str().unwrap_or("forwarded").to_owned();

    // Monday noon in Moscow, at either end of the hours, on a Saturday, and past midnight into one.
    let noon = at("+7 (495) 123-70-01", "2026-11-23T12:00:00+03:00");
    assert_eq!(noon["route"]["employee"]["id"], "rule-1", "{noon}");
    assert_eq!(noon["route"]["numbers"][0], serde_json::json!({"number": "101", "ring_seconds": 15}));
    assert_eq!(noon["route"]["numbers"][1], serde_json::json!({"number": "+79035550101", "ring_seconds": 20}));
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
    for (schedule, part) in [
        ("* mon 09:00-18:00", "1: CALLED DAYS HOURS NUMBERS"),
        ("* daily 09:00-18:00 101; * monday 09:00-18:00 101", "2: DAYS"),
        ("* daily 9-18 101", "1: HOURS"),
        ("* daily 09:00-18:00 101&102", "1: NUMBERS"),
        ("* daily 09:00-18:00 101/3", "1: NUMBERS"),
    ] {
        let wrong = call(component, "1", "2026-11-23T12:00:00Z", &[&format!("schedule={schedule}")]);
        assert_eq!(reason(&wrong), "schedule-wrong", "{wrong}");
        assert!(wrong["reason"]["text_en"].as_str().unwrap().contains(part), "{wrong}");
    }
    // The host judges settings by the operation's own description.
    let (code, said) = harness("call", component, &["1", "--set", "ring_time=1s", "--set", &schedule]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ring_time") && said.contains("5s"), "{said}");

    let (code, said) = harness("check", component, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("fits telephony:operation@0.1.0") && said.contains("forward-by-schedule 0.1.0"), "{said}");
}
