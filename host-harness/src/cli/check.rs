//! `host-harness check`: says whether a component fits the contract, or another wasm host, and what to do where it does not.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, Stop, component, print};
use crate::other_hosts::OtherHost;
use runtime::engine::{Engine, EngineSettings, Fit, Severity, read_component};

/// Say whether a component fits the contract: each missing or foreign import or export, and the fix
#[derive(Args)]
pub(super) struct Check {
    /// The component's file
    #[arg(value_name = "COMPONENT")]
    file: PathBuf,
    /// Judge it by what another wasm host links, not by the contract
    #[arg(long, value_name = "HOST")]
    host: Option<OtherHost>,
}

impl Check {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let bytes = read_component(&self.file)?;
        let engine = Engine::with_compilation(EngineSettings::default(), component::unkept())?;
        let name = self.file.display();
        if let Some(host) = self.host {
            let fit = match engine.validate(&bytes) {
                Ok(()) => host.judge(&bytes),
                Err(fit) => fit,
            };
            let (verdict, outcome) =
                if fit.is_fit() { ("fits", Outcome::Done) } else { ("does not fit", Outcome::ComponentRejected) };
            print(format_args!("{name} {verdict} {}", host.title()));
            show(&fit);
            return Ok(outcome);
        }
        let operation = match engine.load(&bytes) {
            Ok(operation) => operation,
            Err(fit) => {
                print(format_args!("{name} does not fit telephony:operation@0.1.0"));
                show(&fit);
                return Ok(Outcome::ComponentRejected);
            }
        };
        let description = match operation.describe().await {
            Ok(description) => description,
            Err(undescribed) => {
                print(format_args!("{name} does not fit telephony:operation@0.1.0"));
                print(format_args!("  rejected: {undescribed}"));
                return Ok(Outcome::ComponentRejected);
            }
        };
        print(format_args!("{name} fits telephony:operation@0.1.0"));
        print(format_args!("  operation: {} {}", description.id, description.version));
        print(format_args!("  size: {} bytes", operation.size()));
        print(format_args!("  sha256: {}", operation.digest()));
        print(format_args!(
            "  notices: {}",
            if operation.takes_notices() { "taken (optional export)" } else { "not taken" }
        ));
        for import in operation.imports() {
            print(format_args!("  import: {import}"));
        }
        show(operation.fit());
        Ok(Outcome::Done)
    }
}

fn show(fit: &Fit) {
    for finding in &fit.findings {
        let severity = match finding.severity {
            Severity::Rejected => "rejected",
            Severity::Undecided => "not decided",
            Severity::Remark => "remark",
        };
        print(format_args!("  {severity}: {finding}"));
    }
}
