//! The runner itself fails where it must, and says what to do.

use std::fs;
use std::path::Path;

use replay::policy::{self, Mode, Report};
use tempfile::TempDir;
use test_support::operation;

const CALL: &str = "about = \"forwarded\"\nat = \"2026-11-22T09:00:00Z\"\ncaller = \"+7 916 123-45-67\"\n";

/// A folder of one case with these files.
fn one_case(files: &[(&str, &str)]) -> TempDir {
    let cases = tempfile::tempdir().expect("a temporary folder");
    let case = cases.path().join("my-case");
    fs::create_dir(&case).expect("a folder");
    for (name, text) in files {
        fs::write(case.join(name), text).expect("a file");
    }
    cases
}

async fn run_all(cases: &Path, mode: Mode) -> Report {
    policy::run(cases, &operation(), mode, |_| {}).await.expect("a folder of cases")
}

async fn failure_of(files: &[(&str, &str)]) -> String {
    let cases = one_case(files);
    let report = run_all(cases.path(), Mode::Compare).await;
    assert_eq!((report.cases.len(), report.failed().count()), (1, 1), "{report:?}");
    assert!(!cases.path().join("my-case/expected.json").exists() || files.iter().any(|file| file.0 == "expected.json"));
    report.to_string()
}

fn assert_says(report: &str, parts: &[&str]) {
    for part in parts {
        assert!(report.contains(part), "lacks `{part}`:\n{report}");
    }
}

/// Blesses the only case and gives what was written.
async fn bless(cases: &Path) -> String {
    let report = run_all(cases, Mode::Bless).await;
    assert_eq!(report.failed().count(), 0, "{report}");
    fs::read_to_string(cases.join("my-case/expected.json")).expect("the expectation was written")
}

#[tokio::test]
async fn golden_runner_fails_on_a_wrong_expectation_and_names_case_path_and_both_values() {
    let cases = one_case(&[("call.toml", CALL)]);
    let expected = bless(cases.path()).await.replace("\"101\"", "\"109\"").replace("504141", "504142");
    let report = failure_of(&[("call.toml", CALL), ("expected.json", &expected)]).await;
    assert_says(
        &report,
        &[
            "0 passed, 1 failed",
            "case `my-case`",
            "  details.manager_user_id\n    expected 504142\n    actual   504141\n",
            "  route.numbers[0].number\n    expected \"109\"\n    actual   \"101\"\n",
        ],
    );
    assert_eq!(report.matches("expected ").count(), 2, "and nothing else differs:\n{report}");
}

#[tokio::test]
async fn golden_runner_fails_on_a_missing_expectation_and_says_how_to_bless() {
    let report = failure_of(&[("call.toml", CALL)]).await;
    assert_says(
        &report,
        &["case `my-case`", "nothing says what to expect", "write `expect` into call.toml", "--bless"],
    );
}

#[tokio::test]
async fn golden_runner_fails_on_an_expectation_of_fewer_or_more_calls() {
    let two = format!("{CALL}[[call]]\n[[call]]\nafter = \"1h\"\n");
    let cases = one_case(&[("call.toml", &two)]);
    let expected = bless(cases.path()).await;
    let report = failure_of(&[("call.toml", CALL), ("expected.json", &expected)]).await;
    assert_says(&report, &["the whole answer"]);
    let three = format!("{two}[[call]]\n");
    let report = failure_of(&[("call.toml", &three), ("expected.json", &expected)]).await;
    assert_says(&report, &["  [2]\n    expected nothing\n    actual   {"]);
}

#[tokio::test]
async fn golden_runner_blesses_an_expectation_that_then_holds_and_stays_as_it_is() {
    let cases = one_case(&[("call.toml", CALL)]);
    let written = bless(cases.path()).await;
    for volatile in ["\"run\"", "\"id\": \"call-1\"", "waited_ms", "at_ms"] {
        assert!(!written.contains(volatile), "{volatile} differs from run to run");
    }
    assert!(run_all(cases.path(), Mode::Compare).await.failed().next().is_none());
    assert_eq!(bless(cases.path()).await, written);
}

#[tokio::test]
async fn golden_runner_accepts_the_output_of_the_command_line_as_an_expectation() {
    // Whoever pastes what `call --json` printed has the volatile values in the file too.
    let cases = one_case(&[("call.toml", CALL)]);
    let expected = bless(cases.path()).await.replacen('{', "{ \"run\": { \"instructions\": 5 },", 1);
    fs::write(cases.path().join("my-case/expected.json"), expected).expect("a file");
    assert!(run_all(cases.path(), Mode::Compare).await.failed().next().is_none());
}

#[tokio::test]
async fn golden_runner_refuses_what_it_does_not_know_and_names_case_file_and_key() {
    let call = |more: &str| format!("{CALL}expect.employee = \"anna\"\n{more}\n");
    let employee = "[[employee]]\nid = \"anna\"\namocrm_user = 504141\n";
    for (file, text, parts) in [
        ("call.toml", call("caler = \"1\""), ["call.toml", "unknown field `caler`"]),
        ("call.toml", call("[[call]]\nafer = \"1h\""), ["call.toml", "unknown field `afer`"]),
        ("call.toml", call("[integration]\nenable = true"), ["call.toml: [integration]", "`enable`: unknown"]),
        ("call.toml", call("integration.default_country_code = 0"), ["[integration]", "`default_country_code` = `0`"]),
        ("call.toml", call("integration.kv_bucket = \"b\""), ["[integration]", "this host provides it"]),
        ("call.toml", call("[settings]\nwaiting = \"3s\""), ["`waiting`", "the operation has `waiting_time`"]),
        ("call.toml", call("[settings]\nwaiting_time = \"31s\""), ["`waiting_time`", "500ms to 30s"]),
        ("call.toml", call("faults = [\"contacts:explode\"]"), ["explode", "the kinds are"]),
        ("call.toml", call("[[call]]\nafter = \"soon\""), ["`soon`", "write \"5h59m\""]),
        ("call.toml", call("[[call]]\nmanagers = { 99 = 504142 }"), ["`managers`", "no contact 99"]),
        ("call.toml", CALL.replace("at =", "# at ="), ["call 1", "there is no `at`"]),
        ("call.toml", CALL.replace("09:00:00Z", "9 am"), ["9 am", "write \"2026-11-22T12:00:00+03:00\""]),
        ("call.toml", CALL.replace("caller =", "# caller ="), ["call 1", "there is no `caller`"]),
        ("account.toml", "[[contacts]]\nfone = \"1\"\n".to_owned(), ["account.toml", "fone"]),
        ("employees.toml", format!("{employee}fone = \"1\"\n"), ["employees.toml, line 4", "fone"]),
        ("employees.toml", format!("{employee}numbers = [\"1o1\"]\n"), ["employee `anna`", "`1o1` cannot be dialled"]),
        ("employee.toml", employee.to_owned(), ["`employee.toml` is not a file of a case", "employees.toml"]),
        ("expected.json", "{".to_owned(), ["expected.json is not JSON", "line 1"]),
    ] {
        let mut files = vec![(file, text.as_str())];
        if file != "call.toml" {
            files.push(("call.toml", CALL));
        }
        let report = failure_of(&files).await;
        assert_says(&report, &["case `my-case`"]);
        assert_says(&report, &parts);
    }
}

#[tokio::test]
async fn golden_runner_judges_what_call_toml_expects_and_nothing_else() {
    let call = |expect: &str| format!("{CALL}{expect}\n");
    let right = call(
        "expect = { employee = \"anna\", numbers = [\"101\", \"+79035550101\"], requests = 1, notes = [\"hits-unverified\"], details = { manager_source = \"crm\" } }",
    );
    let cases = one_case(&[("call.toml", &right)]);
    assert_eq!(run_all(cases.path(), Mode::Compare).await.failed().count(), 0);
    for (expect, parts) in [
        ("expect.employee = \"boris\"", ["call 1, employee", "expected \"boris\"", "actual   \"anna\""]),
        ("expect.numbers = [\"101\"]", ["call 1, numbers", "expected [\"101\"]", "\"+79035550101\"]"]),
        (
            "expect.reason = \"contact-not-found\"",
            ["call 1, reason", "expected \"contact-not-found\"", "actual   null"],
        ),
        ("expect.requests = 0", ["call 1, requests", "expected 0", "actual   1"]),
        (
            "expect.notes = [\"status-reused\"]",
            ["call 1, notes", "expected [\"status-reused\"]", "actual   [\"hits-unverified\"]"],
        ),
        (
            "expect.details.manager_source = \"cache\"",
            ["details.manager_source", "expected \"cache\"", "actual   \"crm\""],
        ),
        ("expect.details.manger_source = \"crm\"", ["details.manger_source", "expected \"crm\"", "actual   null"]),
        ("[expect]", ["call 1", "`expect` says nothing", "expect.employee"]),
        ("expect.employe = \"anna\"", ["call.toml", "unknown field `employe`", "employee"]),
    ] {
        assert_says(&failure_of(&[("call.toml", &call(expect))]).await, &parts);
    }
}

#[tokio::test]
async fn golden_runner_expects_of_each_call_what_it_says() {
    let calls = format!(
        "{CALL}expect.employee = \"anna\"\n[[call]]\n[[call]]\nafter = \"1h\"\nexpect.requests = 0\n[[call]]\ncaller = \"\"\nexpect.reason = \"caller-hidden\"\n"
    );
    let cases = one_case(&[("call.toml", &calls)]);
    let report = run_all(cases.path(), Mode::Compare).await;
    assert_eq!(report.failed().count(), 0, "{report}");
    assert_eq!(report.coverage.as_ref().expect("they were run").forwarded, 2);
    assert!(!report.coverage.as_ref().expect("they were run").unreached().any(|reason| reason.code == "caller-hidden"));
}

#[tokio::test]
async fn golden_results_are_json_and_junit_for_programs() {
    let cases = one_case(&[("call.toml", &format!("{CALL}expect.employee = \"boris <b>\"\n"))]);
    let report = run_all(cases.path(), Mode::Compare).await;
    let json = report.json();
    assert_eq!((&json["failed"], &json["cases"][0]["name"]), (&1.into(), &"my-case".into()), "{json}");
    assert!(json["cases"][0]["failure"].as_str().is_some_and(|failure| failure.contains("boris")), "{json}");
    let junit = report.junit().expect("XML");
    for part in
        ["<testsuite name=\"policy\" tests=\"1\"", "failures=\"1\"", "<testcase name=\"my-case\"", "boris &lt;b&gt;"]
    {
        assert!(junit.contains(part), "lacks {part}: {junit}");
    }
}

#[tokio::test]
async fn golden_runner_refuses_a_folder_without_cases() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    for folder in [empty.path().to_owned(), empty.path().join("missing")] {
        let error = policy::run(&folder, &operation(), Mode::Compare, |_| {}).await.expect_err("no cases");
        assert!(format!("{error:#}").contains(&folder.display().to_string()), "{error:#}");
    }
}
