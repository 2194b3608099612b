//! `host-harness check`: says whether a component fits the contract, or another wasm host, what to do where it does not, and what it asks for.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{Outcome, Stop, component, print_json, print_lines};
use crate::other_hosts::OtherHost;
use call::one_line::Lines;
use node::requirements::{Capability, DescribedKey, Requirements};
use runtime::engine::{Engine, EngineSettings, Finding, Fit, Severity, read_component};

/// What a component is judged by, unless a host is named.
const CONTRACT: &str = "telephony:operation@0.2.0";

/// Say whether a component fits the contract, and what it asks for: each missing or foreign import or export, and the fix
#[derive(Args)]
pub(super) struct Check {
    /// The component's file
    #[arg(value_name = "COMPONENT")]
    file: PathBuf,
    /// Judge it by what another wasm host links, not by the contract
    #[arg(long, value_name = "HOST")]
    host: Option<OtherHost>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What was found. Versioned: fields may be added, none is renamed.
#[derive(Serialize)]
struct Checked {
    version: u32,
    file: String,
    /// What it was judged by: the contract, or a host.
    judged_by: &'static str,
    fits: bool,
    findings: Vec<CheckFinding>,
    /// Nothing of one that does not fit, or was judged by another host.
    operation: Option<CheckedOperation>,
}

#[derive(Serialize)]
struct CheckFinding {
    severity: &'static str,
    what: String,
    /// None where `what` says it.
    fix: Option<String>,
}

#[derive(Serialize)]
struct CheckedOperation {
    id: String,
    version: String,
    sha256: String,
    requirements: Requirements,
    /// What one call may use, in bytes.
    #[serde(skip)]
    memory_limit: usize,
}

impl Check {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let bytes = read_component(&self.file)?;
        let engine = Engine::with_compilation(EngineSettings::default(), component::usual_compilation())?;
        let checked = match self.host {
            Some(host) => {
                let fit = match engine.validate(&bytes) {
                    Ok(()) => host.judge(&bytes),
                    Err(fit) => fit,
                };
                self.checked(host.title(), &fit, None)
            }
            None => self.by_contract(&engine, &bytes).await,
        };
        let outcome = if checked.fits { Outcome::Done } else { Outcome::ComponentRejected };
        if self.json {
            print_json(&checked)?;
        } else {
            print_lines(&checked.text());
        }
        Ok(outcome)
    }

    async fn by_contract(&self, engine: &Engine, bytes: &[u8]) -> Checked {
        let operation = match engine.load(bytes) {
            Ok(operation) => operation,
            Err(fit) => return self.checked(CONTRACT, &fit, None),
        };
        match operation.describe().await {
            Ok(description) => {
                let requirements = Requirements::of(&operation, &description);
                let described = CheckedOperation {
                    id: description.id,
                    version: description.version,
                    sha256: operation.digest().to_string(),
                    requirements,
                    memory_limit: engine.limits().memory_bytes,
                };
                self.checked(CONTRACT, operation.fit(), Some(described))
            }
            Err(undescribed) => {
                let finding = CheckFinding { severity: "rejected", what: undescribed.to_string(), fix: None };
                Checked { fits: false, findings: vec![finding], ..self.checked(CONTRACT, operation.fit(), None) }
            }
        }
    }

    fn checked(&self, judged_by: &'static str, fit: &Fit, operation: Option<CheckedOperation>) -> Checked {
        Checked {
            version: 1,
            file: self.file.display().to_string(),
            judged_by,
            fits: fit.is_fit(),
            findings: fit.findings.iter().map(CheckFinding::from).collect(),
            operation,
        }
    }
}

impl From<&Finding> for CheckFinding {
    fn from(finding: &Finding) -> Self {
        let severity = match finding.severity {
            Severity::Rejected => "rejected",
            Severity::Undecided => "undecided",
            Severity::Remark => "remark",
        };
        Self { severity, what: finding.what.en.clone(), fix: Some(finding.fix.en.clone()) }
    }
}

impl Checked {
    fn text(&self) -> Lines {
        let mut lines = Lines::default();
        let verdict = if self.fits { "fits" } else { "does not fit" };
        lines.line(format_args!("{} {verdict} {}", self.file, self.judged_by));
        for (name, value) in self.operation.iter().flat_map(CheckedOperation::rows) {
            lines.line(format_args!("  {name:<16}{value}"));
        }
        for CheckFinding { severity, what, fix } in &self.findings {
            match fix {
                Some(fix) => lines.line(format_args!("  {severity}: {what}: {fix}")),
                None => lines.line(format_args!("  {severity}: {what}")),
            }
        }
        lines
    }
}

impl CheckedOperation {
    /// What it is and what it asks for, a row for each.
    fn rows(&self) -> Vec<(&'static str, String)> {
        let asked = &self.requirements;
        let mut rows = vec![
            ("operation", format!("{} {}", self.id, self.version)),
            ("sha256", self.sha256.clone()),
            ("size", format!("{} bytes", asked.size)),
            ("memory at rest", format!("{} bytes of {} that a call may use", asked.memory_at_rest, self.memory_limit)),
            (
                "waiting time",
                asked.waiting_time.map_or_else(
                    || "not described: the host's own".to_owned(),
                    |time| {
                        let show = |ms| humantime::format_duration(Duration::from_millis(ms)).to_string();
                        format!(
                            "{}; from {} to {}",
                            show(time.default_ms),
                            show(time.minimum_ms),
                            show(time.maximum_ms)
                        )
                    },
                ),
            ),
        ];
        rows.extend(asked.capabilities.iter().filter_map(|capability| row(*capability)));
        rows.extend([
            ("configuration", keys(&asked.configuration)),
            ("settings", keys(&asked.settings)),
            ("notices", if asked.takes_notices { "taken" } else { "not taken" }.to_owned()),
        ]);
        rows.extend(asked.imports.iter().map(|import| ("import", import.clone())));
        rows
    }
}

/// What a host gives where it is asked for this; the configuration has a row of its own.
fn row(capability: Capability) -> Option<(&'static str, String)> {
    let (name, given) = match capability {
        Capability::HttpToAccount => {
            ("HTTP to account", "GET below /api/v4/, and what `account_requests` grants; the host adds the token")
        }
        Capability::HttpElsewhere => ("HTTP elsewhere", "only to servers that `granted` names"),
        Capability::KeyValue => ("kept values", "in a bucket of its integration"),
        Capability::Configuration => return None,
        Capability::Directory => ("employees", "the PBX's directory, and who was the last to answer the caller"),
        Capability::Clocks => ("clocks", "the time of day and timers"),
        Capability::Diagnostics => ("diagnostics", "lines in the log at the level `debug`"),
    };
    Some((name, given.to_owned()))
}

fn keys(keys: &[DescribedKey]) -> String {
    if keys.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<_> = keys
        .iter()
        .map(|DescribedKey { key, required, .. }| if *required { format!("{key} (required)") } else { key.clone() })
        .collect();
    shown.join(", ")
}
