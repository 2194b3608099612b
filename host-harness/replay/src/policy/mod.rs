//! Policy tests: cases that a PBX administrator writes in TOML, to see that calls go where they are meant to go before a component, an employee
//! or a setting is changed.
//!
//! A case is a folder with a call, an amoCRM account, the PBX's employees, and what the call must come to ([`run`]); it may place several
//! operations, so that a call goes from one to the next. It runs inside wasmtime,
//! over HTTP to a simulated amoCRM of its own, with a clock that stands still. A case may also be a recorded call. What no case reaches is told too
//! ([`Coverage`]).

mod case;
mod content;
mod coverage;
mod elsewhere;
mod expect;
mod recorded;
mod report;
mod scenario;
mod script;
mod site;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use call::CallDocument;
use content::Content;
pub use coverage::Coverage;
pub use elsewhere::{Asked, AskedCall};
pub use recorded::{RECORDING, expect};
pub use report::Report;
use runtime::engine::Operation;
use scenario::NamedComponents;

/// The file of a whole expected answer.
const EXPECTED: &str = "expected.json";

/// What is done with answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are compared with what is expected.
    Compare,
    /// They are written down as what is expected.
    Bless,
}

/// How one case went.
#[derive(Debug)]
pub struct CaseReport {
    /// The name of its folder.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// What it shows; none where it cannot be read.
    pub about: Option<String>,
    /// What is wrong with it or with the answers; none where it passed.
    pub failure: Option<String>,
    /// The answers of its calls, in their order; none where it could not be run.
    pub answers: Vec<CallDocument>,
    /// How long it took.
    pub took: Duration,
}

/// Cases that were read, and not run yet.
pub struct Cases {
    mode: Mode,
    carried: Carried,
    read: Vec<ReadCase>,
}

/// The component that the program carries by this name.
pub type Carried = fn(&str) -> Option<&'static [u8]>;

struct ReadCase {
    folder: PathBuf,
    /// What is to be run, or why it cannot be read.
    content: Result<Content, String>,
}

/// Reads and runs every folder in `cases`; see [`Cases::read`] and [`Cases::run`]. One that cannot be read has failed.
pub async fn run(
    cases: &Path,
    operation: &Operation,
    mode: Mode,
    told: impl FnMut(&CaseReport),
) -> anyhow::Result<Report> {
    Cases::read(cases, mode)?.run(operation, told).await
}

impl Cases {
    /// Reads every folder in `cases`, in the order of their names: everything that can be wrong with a case before there is an operation.
    ///
    /// Fails where the folder cannot be read or has no case in it.
    pub fn read(cases: &Path, mode: Mode) -> anyhow::Result<Self> {
        let read = folders(cases)?.into_iter().map(|folder| {
            let content = Content::read(&folder, mode);
            ReadCase { folder, content }
        });
        Ok(Self { mode, carried: |_| None, read: read.collect() })
    }

    /// Lets cases name components that the program carries.
    #[must_use]
    pub fn carrying(self, carried: Carried) -> Self {
        Self { carried, ..self }
    }

    /// How it went where a case cannot be read and none is run: those that cannot be read.
    pub fn unreadable(&self) -> Option<Report> {
        let unreadable = self.read.iter().filter_map(|case| {
            let failure = Some(case.content.as_ref().err()?.clone());
            Some(case.report(None, failure, Vec::new(), Duration::ZERO))
        });
        let cases: Vec<_> = unreadable.collect();
        (!cases.is_empty()).then_some(Report { cases, coverage: None })
    }

    /// Runs every case, in the order of their names. `told` hears of each as it ends.
    ///
    /// Fails where the operation cannot describe itself.
    pub async fn run(self, operation: &Operation, mut told: impl FnMut(&CaseReport)) -> anyhow::Result<Report> {
        let description = operation.describe().await?;
        let mut coverage = Coverage::of(operation, &description);
        let mut components = NamedComponents::new(self.carried);
        let mut cases = Vec::new();
        for case in self.read {
            let started = Instant::now();
            let mut answers = Vec::new();
            let (about, ran) = match &case.content {
                Ok(content) => {
                    let ran = content.run(&case.folder, operation, &mut components, self.mode, &mut answers).await;
                    coverage.reached(&answers);
                    (Some(content.about()), ran)
                }
                Err(unreadable) => (None, Err(unreadable.clone())),
            };
            let report = case.report(about, ran.err(), answers, started.elapsed());
            told(&report);
            cases.push(report);
        }
        Ok(Report { cases, coverage: Some(coverage) })
    }
}

impl ReadCase {
    fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn report(
        &self,
        about: Option<String>,
        failure: Option<String>,
        answers: Vec<CallDocument>,
        took: Duration,
    ) -> CaseReport {
        CaseReport { name: self.name(), folder: self.folder.clone(), about, failure, answers, took }
    }
}

/// Reads the text of a `call.toml`, and says how many calls are in it. The message of an error says what is wrong and where.
pub fn understand(call: &str) -> Result<usize, String> {
    script::parse(call).map(|calls| calls.steps.len())
}

fn folders(cases: &Path) -> anyhow::Result<Vec<PathBuf>> {
    use anyhow::{Context, ensure};

    let name = cases.display();
    let entries = fs::read_dir(cases).with_context(|| format!("the folder of cases {name} cannot be read"))?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("the folder of cases {name} cannot be read"))?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    ensure!(
        !folders.is_empty(),
        "there is no case in {name}: a case is a folder in it, with a file call.toml that says what the call is and what to expect"
    );
    folders.sort();
    Ok(folders)
}

fn write_expected(folder: &Path, answers: &Value) -> Result<(), String> {
    let text = serde_json::to_string_pretty(answers).map_err(|error| format!("  {error}"))?;
    fs::write(folder.join(EXPECTED), text + "\n").map_err(|error| format!("  {EXPECTED} cannot be written: {error}"))
}
