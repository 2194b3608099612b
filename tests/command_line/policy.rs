//! `test`: a PBX administrator's own cases, without Rust.

use serde_json::Value;
use test_support::Home;

const CASE: &str = "about = \"Sales\"\nat = \"2026-11-22T12:00:00+03:00\"\ncaller = \"+7 916 123-45-67\"\n";

fn case(home: &Home, name: &str, expect: &str) {
    std::fs::create_dir_all(home.path(&format!("cases/{name}"))).expect("a folder");
    home.write(&format!("cases/{name}/call.toml"), format!("{CASE}{expect}\n"));
}

#[test]
fn policy_tests_pass_and_say_which_reasons_no_case_reaches() {
    let home = Home::new();
    case(&home, "sales", "expect.employee = \"anna\"");
    case(&home, "hidden", "expect.reason = \"caller-hidden\"\n[[call]]\ncaller = \"\"");
    let ended = home.run(["test", "cases"]);
    ended.assert(0, &[]);
    for part in ["ok     hidden", "ok     sales", "2 passed, 0 failed", "no case reaches", "contact-not-found"] {
        assert!(ended.stdout.contains(part), "lacks {part}: {ended:?}");
    }
    assert!(!ended.stdout.contains("caller-hidden,"), "{ended:?}");
}

#[test]
fn policy_tests_that_fail_end_with_5_and_show_what_differs_to_people_and_programs() {
    let home = Home::new();
    case(&home, "sales", "expect.employee = \"boris\"");
    let ended = home.run(["test", "cases", "--junit", "result.xml"]);
    ended.assert(5, &[]);
    for part in ["FAILED sales", "call 1, employee", "expected \"boris\"", "actual   \"anna\"", "0 passed, 1 failed"] {
        assert!(ended.stdout.contains(part), "lacks {part}: {ended:?}");
    }
    let junit = std::fs::read_to_string(home.path("result.xml")).expect("the result");
    assert!(junit.contains("failures=\"1\""), "{junit}");

    let ended = home.run(["test", "cases", "--json"]);
    ended.assert(5, &[]);
    let json: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((&json["version"], &json["failed"]), (&1.into(), &1.into()), "{json}");
}

#[test]
fn policy_tests_write_whole_answers_down_that_then_hold() {
    let home = Home::new();
    case(&home, "sales", "");
    home.run(["test", "cases"]).assert(5, &[]);
    home.run(["test", "cases", "--bless"]).assert(0, &[]);
    assert!(home.path("cases/sales/expected.json").exists());
    home.run(["test", "cases"]).assert(0, &[]);
}

#[test]
fn policy_tests_without_cases_are_an_error_that_says_what_a_case_is() {
    let home = Home::new();
    home.run(["test", "nowhere"]).assert(2, &["nowhere", "cannot be read"]);
    std::fs::create_dir(home.path("empty")).expect("a folder");
    home.run(["test", "empty"]).assert(2, &["there is no case in empty", "call.toml"]);
}

#[test]
fn policy_tests_that_cannot_be_read_are_told_before_a_component_is_looked_at() {
    let home = Home::new();
    case(&home, "sales", "expect.employee = \"anna\"");
    case(&home, "broken", "expect.employe = \"anna\"");
    case(&home, "silent", "");
    case(&home, "spoilt", "");
    home.write("cases/spoilt/expected.json", "{");
    // Whatever looks at this component says that it is none.
    home.write("no-component.wasm", "no component");
    let test = ["test", "cases", "--component", "no-component.wasm"];
    let ended = home.run(test.iter().chain(&["--junit", "result.xml"]));
    ended.assert(5, &[]);
    ended.assert_prints(&[
        "FAILED broken",
        "unknown field `employe`",
        "FAILED silent",
        "nothing says what to expect",
        "FAILED spoilt",
        "expected.json is not JSON",
        "3 cannot be read, so no case was run",
    ]);
    assert!(!ended.stdout.contains("sales"), "{ended:?}");
    let junit = std::fs::read_to_string(home.path("result.xml")).expect("the result");
    assert!(junit.contains("failures=\"3\""), "{junit}");
    let ended = home.run(test.iter().chain(&["--json"]));
    ended.assert(5, &[]);
    let json: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((&json["failed"], &json["coverage"]), (&3.into(), &Value::Null), "{json}");

    for broken in ["broken", "silent", "spoilt"] {
        std::fs::remove_dir_all(home.path(&format!("cases/{broken}"))).expect("a folder");
    }
    home.run(test).assert(3, &["component rejected", "not a WebAssembly component"]);
}
