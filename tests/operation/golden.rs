//! Golden cases: policy tests of the built-in operation, which are added without writing Rust (`tests/golden/README.md` says how).

mod runner_tests;

use replay::policy::{self, Mode};
use test_support::{operation, workspace};

#[tokio::test]
async fn golden_cases() {
    let cases = workspace().join("tests/golden/cases");
    let report = policy::run(&cases, &operation(), Mode::Compare, |_| {}).await.expect("cases");
    assert!(report.cases.len() >= 16, "only {} cases in {}", report.cases.len(), cases.display());
    assert_eq!(report.failed().count(), 0, "\n{report}");
}

/// A reason that no case reaches is shown to nobody before it is met in earnest.
#[tokio::test]
async fn golden_cases_reach_every_reason() {
    let cases = workspace().join("tests/golden/cases");
    let report = policy::run(&cases, &operation(), Mode::Compare, |_| {}).await.expect("cases");
    let unreached: Vec<_> =
        report.coverage.as_ref().expect("they were run").unreached().map(|reason| reason.code.as_str()).collect();
    assert_eq!(unreached, ["directory-unavailable"], "configured employees are always at hand");
}
