//! How the cases went: as text for people, as JSON for programs, as JUnit XML for the servers that run tests.

use std::fmt;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::{CaseReport, Coverage};

/// The version of the JSON.
const VERSION: u32 = 1;

/// How all cases went.
#[derive(Debug)]
pub struct Report {
    /// The cases, in the order of their names.
    pub cases: Vec<CaseReport>,
    /// Which reasons they reach; none where no case was run.
    pub coverage: Option<Coverage>,
}

impl Report {
    /// The cases that failed.
    pub fn failed(&self) -> impl Iterator<Item = &CaseReport> {
        self.cases.iter().filter(|case| case.failure.is_some())
    }

    /// As JSON for programs. Versioned: fields may be added, none is renamed.
    pub fn json(&self) -> Value {
        let case = |case: &CaseReport| {
            json!({
                "name": case.name,
                "folder": case.folder.display().to_string(),
                "about": case.about,
                "passed": case.failure.is_none(),
                "failure": case.failure,
                "ms": case.took.as_millis(),
            })
        };
        let coverage = self.coverage.as_ref().map(|coverage| {
            let reasons = coverage.reasons.iter();
            let reasons: Vec<_> = reasons.map(|reason| json!({ "code": reason.code, "calls": reason.calls })).collect();
            json!({ "forwarded": coverage.forwarded, "reasons": reasons })
        });
        json!({
            "version": VERSION,
            "cases": self.cases.iter().map(case).collect::<Vec<_>>(),
            "failed": self.failed().count(),
            "coverage": coverage,
        })
    }

    /// As JUnit XML.
    pub fn junit(&self) -> Result<String, quick_junit::SerializeError> {
        let mut suite = TestSuite::new("policy");
        for case in &self.cases {
            let status = match &case.failure {
                None => TestCaseStatus::success(),
                Some(failure) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status
                        .set_message(failure.trim().lines().next().unwrap_or_default().trim())
                        .set_description(failure);
                    status
                }
            };
            let mut test = TestCase::new(&case.name, status);
            test.set_classname("policy").set_time(case.took);
            suite.add_test_case(test);
        }
        let mut report = quick_junit::Report::new("host-harness");
        report.add_test_suite(suite);
        report.to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.failed() {
            let failure = case.failure.as_deref().unwrap_or_default().trim_end();
            writeln!(out, "case `{}` ({})\n{failure}\n", case.name, case.folder.display())?;
        }
        let failed = self.failed().count();
        let Some(coverage) = &self.coverage else {
            return writeln!(out, "{failed} cannot be read, so no case was run");
        };
        writeln!(out, "{} passed, {failed} failed", self.cases.len() - failed)?;
        let reasons = coverage.reasons.len();
        let unreached: Vec<_> = coverage.unreached().map(|reason| reason.code.as_str()).collect();
        write!(out, "Reasons reached: {} of {reasons}", reasons - unreached.len())?;
        if !unreached.is_empty() {
            write!(out, "; no case reaches {}", unreached.join(", "))?;
        }
        writeln!(out)
    }
}
