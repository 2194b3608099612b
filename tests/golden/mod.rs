//! Golden cases: folders with a call, an account, employees and the expected JSON, which are added without writing Rust.
//!
//! `README.md` beside this file says how. Every case runs the built-in operation inside wasmtime against a simulated amoCRM of its own.

mod case;
mod compare;
mod runner_tests;
mod script;

use std::path::{Path, PathBuf};
use std::{env, fs};

use case::Case;
use serde_json::Value;

/// What writes the expectation of every case anew.
const BLESS: &str = "BLESS=1 cargo test -p host-harness --test operation golden";

#[tokio::test]
async fn golden_cases() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/cases");
    let bless = env::var_os("BLESS").is_some_and(|value| value == "1");
    let report = run_all(&cases, bless).await;
    assert!(report.cases >= 16, "only {} cases in {}: where are the others?", report.cases, cases.display());
    assert!(report.failures.is_empty(), "\n{report}");
}

/// What became of the cases of a folder.
#[derive(Debug, Default)]
struct Report {
    cases: usize,
    /// One text for each case that failed; it names the case.
    failures: Vec<String>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "{} of {} golden cases failed", self.failures.len(), self.cases)?;
        for failure in &self.failures {
            writeln!(formatter, "\n{failure}")?;
        }
        write!(
            formatter,
            "\nwhere the new answers are right, write them down with\n    {BLESS}\nand read what it changed"
        )
    }
}

/// Runs every folder in `cases`, in the order of their names. With `bless`, answers are written down instead of compared.
async fn run_all(cases: &Path, bless: bool) -> Report {
    let entries = fs::read_dir(cases).expect("the folder of cases can be read");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    folders.sort();
    let mut report = Report { cases: folders.len(), ..Report::default() };
    for folder in folders {
        if let Err(message) = run(&folder, bless).await {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            report.failures.push(format!("case `{name}` ({})\n{message}", folder.display()));
        }
    }
    report
}

/// Runs one case; the message says what is wrong with it or with the answers.
async fn run(folder: &Path, bless: bool) -> Result<(), String> {
    let case = Case::read(folder)?;
    let mut answers = case.run().await?;
    compare::drop_volatile(&mut answers);

    let file = folder.join("expected.json");
    let expected = match fs::read_to_string(&file) {
        Ok(text) => {
            serde_json::from_str::<Value>(&text).map_err(|error| format!("  expected.json is not JSON: {error}"))
        }
        Err(_) => Err(format!("  expected.json is missing; write it with\n    {BLESS}\n  and read what it says")),
    };
    let expected = expected.map(|mut expected| {
        compare::drop_volatile(&mut expected);
        expected
    });
    if bless {
        if expected.as_ref() == Ok(&answers) {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&answers).map_err(|error| format!("  {error}"))?;
        return fs::write(&file, text + "\n").map_err(|error| format!("  expected.json cannot be written: {error}"));
    }
    let differences = compare::differences(&expected?, &answers);
    if differences.is_empty() { Ok(()) } else { Err(differences.concat()) }
}
