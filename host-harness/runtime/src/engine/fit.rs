//! The judgement of a component: what was found, whether it keeps the component from being loaded, and the fix.

use std::fmt;

use call::{Bilingual, Localized};

/// How a component fits the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// What does not fit, then what is worth knowing.
    pub findings: Vec<Finding>,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it keeps the component from being loaded.
    pub severity: Severity,
    /// What was found, naming the import or export.
    pub what: Localized,
    /// What to do about it.
    pub fix: Localized,
}

/// Whether a finding keeps a component from being loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does.
    Rejected,
    /// The host could not find out, and may another time.
    Undecided,
    /// It does not.
    Remark,
}

impl Fit {
    /// Whether the component can be loaded.
    pub fn is_fit(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Remark)
    }

    /// The findings that keep the component from being loaded.
    pub fn rejections(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity != Severity::Remark)
    }

    /// Whether the same component may fit another time, since something outside it kept the host from finding out.
    pub fn is_undecided(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Undecided)
    }

    /// The judgement that rejects a component for one thing.
    pub fn rejected(what: Localized, fix: Localized) -> Self {
        Self::of(Finding::rejected(what, fix))
    }

    /// The judgement that something outside the component kept the host from finding out.
    pub(super) fn undecided(what: Localized, fix: Localized) -> Self {
        Self::of(Finding { severity: Severity::Undecided, what, fix })
    }

    fn of(finding: Finding) -> Self {
        Self { findings: vec![finding] }
    }
}

impl Finding {
    /// What keeps a component from being loaded, and what to do about it.
    pub const fn rejected(what: Localized, fix: Localized) -> Self {
        Self { severity: Severity::Rejected, what, fix }
    }

    pub(super) const fn remark(what: Localized, fix: Localized) -> Self {
        Self { severity: Severity::Remark, what, fix }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.fix)
    }
}

impl Bilingual for Finding {
    fn ru(&self) -> String {
        format!("{}: {}", self.what.ru, self.fix.ru)
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.findings.iter();
        if let Some(first) = lines.next() {
            write!(formatter, "{first}")?;
        }
        lines.try_for_each(|finding| write!(formatter, "\n{finding}"))
    }
}

impl std::error::Error for Fit {}
