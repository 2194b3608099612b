//! `host-harness test`: runs a folder of policy tests.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Outcome, Stop, component, print, print_json, print_lines};
use crate::component_source::{BuiltIn, ComponentSource};
use call::one_line::Lines;
use replay::policy::{CaseReport, Cases, Mode};

/// Run policy tests: cases in TOML that say where calls must go
///
/// Each folder in DIR is a case. Ends with 5 where one fails. Where one cannot be read, none is run.
#[derive(Args)]
pub(super) struct Test {
    /// The folder of cases
    #[arg(value_name = "DIR")]
    cases: PathBuf,
    /// The component: a file, or the name of one that is built in, such as working-hours [default: forward-to-personal-manager]
    #[arg(long, value_name = "COMPONENT", default_value = "forward-to-personal-manager", hide_default_value = true)]
    component: ComponentSource,
    /// Write the answers down as what is expected, instead of comparing them
    #[arg(long)]
    bless: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Also write the result as JUnit XML, for servers that run tests
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl Test {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let mode = if self.bless { Mode::Bless } else { Mode::Compare };
        let told = |case: &CaseReport| {
            if !self.json {
                let verdict = if case.failure.is_none() { "ok" } else { "FAILED" };
                print(format_args!("{verdict:<7}{}", case.name));
            }
        };
        let cases = Cases::read(&self.cases, mode)?.carrying(|name| BuiltIn::named(name).map(BuiltIn::component));
        let report = match cases.unreadable() {
            // Told before a component is compiled, which may take half a minute.
            Some(unreadable) => {
                unreadable.cases.iter().for_each(told);
                unreadable
            }
            None => {
                let (operation, _) = component::load_described(&self.component, component::usual_compilation()).await?;
                cases.run(&operation, told).await?
            }
        };
        if let Some(file) = &self.junit {
            let text = report.junit().context("the result cannot be written as JUnit XML")?;
            std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        }
        if self.json {
            print_json(&report.json())?;
        } else {
            print("");
            print_lines(&Lines::split(&report.to_string()));
        }
        Ok(if report.failed().next().is_some() { Outcome::CasesFailed } else { Outcome::Done })
    }
}
