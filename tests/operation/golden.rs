//! Golden cases: policy tests of the built-in operation, which are added without writing Rust (`tests/golden/README.md` says how).

mod runner_tests;

use host_harness::component_source::BuiltIn;
use replay::policy::{Cases, Mode, Report};
use test_support::{operation, workspace};

/// Runs all cases.
async fn run() -> Report {
    let cases = Cases::read(&workspace().join("tests/golden/cases"), Mode::Compare).expect("cases");
    let cases = cases.carrying(|name| BuiltIn::named(name).map(BuiltIn::component));
    cases.run(&operation(), |_| {}).await.expect("an operation that describes itself")
}

#[tokio::test]
async fn golden_cases() {
    let report = run().await;
    assert!(report.cases.len() >= 16, "only {} cases", report.cases.len());
    assert_eq!(report.failed().count(), 0, "\n{report}");
}

/// A reason that no case reaches is shown to nobody before it is met in earnest.
#[tokio::test]
async fn golden_cases_reach_every_reason() {
    let report = run().await;
    let unreached: Vec<_> =
        report.coverage.as_ref().expect("they were run").unreached().map(|reason| reason.code.as_str()).collect();
    assert_eq!(unreached, ["directory-unavailable"], "configured employees are always at hand");
}
