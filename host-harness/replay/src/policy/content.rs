//! What is in the folder of a case, and what it must come to.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::case::{self, Case};
use super::scenario::NamedComponents;
use super::{EXPECTED, Mode, recorded, write_expected};
use crate::difference::{differences, drop_volatile};
use crate::recording::Recording;
use call::CallDocument;
use runtime::engine::Operation;

/// A case that can be run.
pub(super) struct Content {
    pub(super) kind: CaseKind,
    /// The whole answers, where they are written down.
    expected: Option<Value>,
}

pub(super) enum CaseKind {
    /// As `call.toml` says.
    Written(Box<Case>),
    /// A recorded one.
    Recorded(Box<Recording>),
}

impl Content {
    /// Reads a folder; the message says what is wrong with it.
    pub(super) fn read(folder: &Path, mode: Mode) -> Result<Self, String> {
        let kind = if recorded::is_one(folder) {
            CaseKind::Recorded(recorded::read(folder)?.into())
        } else {
            CaseKind::Written(Case::read(folder)?.into())
        };
        let expected = match (expected(folder), mode) {
            (Ok(expected), _) => expected,
            // It is written anew.
            (Err(_), Mode::Bless) => None,
            (Err(error), Mode::Compare) => return Err(error),
        };
        let is_judged = match &kind {
            CaseKind::Written(case) => case.is_judged()?,
            CaseKind::Recorded(_) => false,
        };
        if expected.is_none() && !is_judged && mode == Mode::Compare {
            return Err(format!(
                "  nothing says what to expect: write `expect` into call.toml, or have {EXPECTED} written with --bless and read what it says"
            ));
        }
        Ok(Self { kind, expected })
    }

    /// What the case shows, in a sentence.
    pub(super) fn about(&self) -> String {
        match &self.kind {
            CaseKind::Written(case) => case.about().to_owned(),
            CaseKind::Recorded(recording) => {
                format!("The call {} of {}, recorded.", recording.call.id, recording.call.at)
            }
        }
    }

    /// Runs the case; the message says what is wrong with it or with the answers.
    pub(super) async fn run(
        &self,
        folder: &Path,
        operation: &Operation,
        components: &mut NamedComponents,
        mode: Mode,
        answers: &mut Vec<CallDocument>,
    ) -> Result<(), String> {
        let (document, mut found, is_judged) = match &self.kind {
            CaseKind::Recorded(recording) => {
                let (told, document) = recorded::run(recording, operation).await?;
                answers.push(told);
                (document, Vec::new(), false)
            }
            CaseKind::Written(case) => {
                *answers = case.run(folder, operation, components).await?;
                let mut document = case::documents(answers, case.several())?;
                drop_volatile(&mut document);
                (document, case.differences(answers), case.is_judged()?)
            }
        };
        found.extend(self.whole(folder, mode, is_judged, &document)?);
        if found.is_empty() { Ok(()) } else { Err(found.concat()) }
    }

    /// Compares the whole answers with `expected.json`, or writes it. A case whose calls are all judged by `expect` needs no such file.
    fn whole(&self, folder: &Path, mode: Mode, is_judged: bool, answers: &Value) -> Result<Vec<String>, String> {
        match (&self.expected, mode) {
            (Some(expected), Mode::Compare) => Ok(differences(expected, answers)),
            (Some(expected), Mode::Bless) if expected == answers => Ok(Vec::new()),
            // Judged by `expect` alone, or it could not be read.
            (None, Mode::Compare) => Ok(Vec::new()),
            (None, Mode::Bless) if is_judged && !folder.join(EXPECTED).exists() => Ok(Vec::new()),
            (_, Mode::Bless) => write_expected(folder, answers).map(|()| Vec::new()),
        }
    }
}

/// What `expected.json` says, where it is there.
fn expected(folder: &Path) -> Result<Option<Value>, String> {
    let file = folder.join(EXPECTED);
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(file).map_err(|error| format!("  {EXPECTED} cannot be read: {error}"))?;
    let mut expected = serde_json::from_str(&text).map_err(|error| format!("  {EXPECTED} is not JSON: {error}"))?;
    drop_volatile(&mut expected);
    Ok(Some(expected))
}
