//! Policy tests: cases that a PBX administrator writes in TOML, to see that calls go where they are meant to go before a component, an employee
//! or a setting is changed.
//!
//! A case is a folder with a call, an amoCRM account, the PBX's employees, and what the call must come to ([`run`]). It runs inside wasmtime,
//! over HTTP to a simulated amoCRM of its own, with a clock that stands still. A case may also be a recorded call. What no case reaches is told too
//! ([`Coverage`]).

mod case;
mod coverage;
mod expect;
mod recorded;
mod report;
mod script;
mod site;

use crate::difference::{differences, drop_volatile};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use call::CallDocument;
use case::Case;
pub use coverage::Coverage;
pub use recorded::{RECORDING, expect};
pub use report::Report;
use runtime::engine::Operation;

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
    /// What it shows; none where its file cannot be read.
    pub about: Option<String>,
    /// What is wrong with it or with the answers; none where it passed.
    pub failure: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// Runs every folder in `cases`, in the order of their names. `told` hears of each case as it ends.
///
/// Fails where the folder cannot be read, has no case in it, or the operation cannot describe itself.
pub async fn run(
    cases: &Path,
    operation: &Operation,
    mode: Mode,
    mut told: impl FnMut(&CaseReport),
) -> anyhow::Result<Report> {
    let folders = folders(cases)?;
    let description = operation.describe().await?;
    let mut report = Report::new(Coverage::of(&description));
    for folder in folders {
        let started = Instant::now();
        let (mut about, mut answers) = (None, Vec::new());
        let failure = run_one(&folder, operation, mode, &mut about, &mut answers).await.err();
        report.coverage.reached(&answers);
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let case = CaseReport { name, folder, about, failure, took: started.elapsed() };
        told(&case);
        report.cases.push(case);
    }
    Ok(report)
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

/// Runs one case; the message says what is wrong with it or with the answers.
async fn run_one(
    folder: &Path,
    operation: &Operation,
    mode: Mode,
    about: &mut Option<String>,
    answers: &mut Vec<CallDocument>,
) -> Result<(), String> {
    if recorded::is_one(folder) {
        let (told, document) = recorded::run(folder, operation, about).await?;
        answers.push(told);
        let differences = whole(folder, mode, false, &document)?;
        return if differences.is_empty() { Ok(()) } else { Err(differences.concat()) };
    }
    let case = Case::read(folder)?;
    *about = Some(case.about().to_owned());
    let (several, expectations) = (case.several(), case.expectations());
    *answers = case.run(operation).await?;

    let mut differences = Vec::new();
    let mut is_judged = true;
    for (index, (answer, expectation)) in answers.iter().zip(&expectations).enumerate() {
        match expectation {
            Some(expectation) if expectation.is_empty() => {
                return Err(format!(
                    "  call.toml, call {}: `expect` says nothing; write, for example, expect.employee = \"anna\"",
                    index + 1
                ));
            }
            Some(expectation) => differences.extend(expectation.differences(index + 1, answer)),
            None => is_judged = false,
        }
    }
    let mut document = case::documents(answers, several)?;
    drop_volatile(&mut document);
    differences.extend(whole(folder, mode, is_judged, &document)?);
    if differences.is_empty() { Ok(()) } else { Err(differences.concat()) }
}

/// Compares the whole answers with `expected.json`, or writes it. A case whose calls are all judged by `expect` needs no such file.
fn whole(folder: &Path, mode: Mode, is_judged: bool, answers: &Value) -> Result<Vec<String>, String> {
    let file = folder.join(EXPECTED);
    if is_judged && !file.exists() {
        return Ok(Vec::new());
    }
    let expected = match fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str::<Value>(&text).map_err(|error| format!("  {EXPECTED} is not JSON: {error}")),
        Err(_) => Err(format!(
            "  nothing says what to expect: write `expect` into call.toml, or have {EXPECTED} written with --bless and read what it says"
        )),
    };
    let expected = expected.map(|mut expected| {
        drop_volatile(&mut expected);
        expected
    });
    match (mode, expected) {
        (Mode::Bless, Ok(expected)) if expected == *answers => Ok(Vec::new()),
        (Mode::Bless, _) => write_expected(folder, answers).map(|()| Vec::new()),
        (Mode::Compare, expected) => Ok(differences(&expected?, answers)),
    }
}

fn write_expected(folder: &Path, answers: &Value) -> Result<(), String> {
    let text = serde_json::to_string_pretty(answers).map_err(|error| format!("  {error}"))?;
    fs::write(folder.join(EXPECTED), text + "\n").map_err(|error| format!("  {EXPECTED} cannot be written: {error}"))
}
