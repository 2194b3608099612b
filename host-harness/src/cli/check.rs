//! `host-harness check`: says whether a component fits the contract, and what to do where it does not.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, Stop, component, print};
use crate::engine::{Engine, EngineSettings, Severity};

/// Say whether a component fits the contract: each missing or foreign import or export, and the fix
#[derive(Args)]
pub(super) struct Check {
    /// The component's file
    #[arg(value_name = "COMPONENT")]
    file: PathBuf,
}

impl Check {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let bytes = component::read(&self.file)?;
        let engine = Engine::new(EngineSettings::default())?;
        let fit = engine.check(&bytes);
        let name = self.file.display();
        match engine.load(&bytes) {
            Err(_) => print(format_args!("{name} does not fit telephony:operation@0.1.0")),
            Ok(operation) => {
                print(format_args!("{name} fits telephony:operation@0.1.0"));
                print(format_args!("  size: {} bytes", operation.size()));
                print(format_args!("  sha256: {}", operation.digest()));
                match operation.describe().await {
                    Ok(description) => {
                        print(format_args!("  operation: {} {}", description.id, description.version));
                    }
                    Err(failure) => {
                        print(format_args!(
                            "  rejected: `describe` fails: {failure}: it must answer without any import"
                        ));
                        return Ok(Outcome::ComponentRejected);
                    }
                }
                for import in operation.imports() {
                    print(format_args!("  import: {import}"));
                }
            }
        }
        for finding in &fit.findings {
            let severity = match finding.severity {
                Severity::Rejected => "rejected",
                Severity::Remark => "remark",
            };
            print(format_args!("  {severity}: {finding}"));
        }
        Ok(if fit.is_fit() { Outcome::Done } else { Outcome::ComponentRejected })
    }
}
