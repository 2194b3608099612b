//! A case that is a recorded call: a folder with the recording and the answer that is expected.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{EXPECTED, write_expected};
use crate::difference::drop_volatile;
use crate::recording::{Components, Recording, With};
use call::CallDocument;
use call::one_line::one_line;
use runtime::engine::Operation;

/// The file of the recording.
pub const RECORDING: &str = "recording.json";

/// Whether the folder is such a case.
pub(super) fn is_one(folder: &Path) -> bool {
    folder.join(RECORDING).exists()
}

/// Makes the answer of a recording the one that is expected.
pub fn expect(folder: &Path, recording: &Recording) -> Result<(), String> {
    let document = recording.document().map_err(|error| format!("  {RECORDING}: {error}"))?;
    write_expected(folder, &compared(&document)?)
}

/// Reads the folder of such a case.
pub(super) fn read(folder: &Path) -> Result<Recording, String> {
    for entry in fs::read_dir(folder).map_err(|error| format!("  not a folder of a case: {error}"))? {
        let name = entry.map_err(|error| format!("  {error}"))?.file_name();
        if ![RECORDING, EXPECTED].iter().any(|file| name == **file) {
            return Err(format!(
                "  `{}` is not a file of a recorded case; there are {RECORDING}, {EXPECTED}",
                name.display()
            ));
        }
    }
    Recording::load(&folder.join(RECORDING)).map_err(|error| format!("  {RECORDING} {error}"))
}

/// What is compared of an answer.
fn compared(document: &CallDocument) -> Result<Value, String> {
    let mut document = serde_json::to_value(document).map_err(|error| format!("  {error}"))?;
    drop_volatile(&mut document);
    Ok(document)
}

/// Resolves the recorded call with this component at the steps of its operation: the answer, and its document. Steps of other operations are
/// taken as they were recorded.
pub(super) async fn run(recording: &Recording, operation: &Operation) -> Result<(CallDocument, Value), String> {
    let description = operation.describe().await.map_err(|failure| format!("  {failure}"))?;
    let with = With { operation: operation.clone(), description: &description, settings: &BTreeMap::new() };
    if !recording.steps().any(|step| step.is_of_operation(&with)) {
        return Err(format!(
            "  {RECORDING}: no step is of the operation `{}`, so the case proves nothing of it; leave it out",
            description.id
        ));
    }
    let components = Components { tried: &[with], recorded: &[] };
    let replayed = recording.replay_steps(&components).await.map_err(|error| format!("  {RECORDING}: {error}"))?;
    if let Some(placement) = &replayed.left_for {
        return Err(format!(
            "  the call would go on to the operation `{}`, which the recording does not hold, so it cannot say what comes out; record such a call anew",
            one_line(placement)
        ));
    }
    let unknown: Vec<_> = replayed.unknown().map(one_line).collect();
    if !unknown.is_empty() {
        let questions = unknown.join("\n    ");
        return Err(format!(
            "  the component asks what the recorded call did not ask, so the recording cannot say what comes out; record such a call anew\n    {questions}\n"
        ));
    }
    let document = replayed.document().map_err(|error| format!("  {RECORDING}: {error}"))?;
    let compared = compared(&document)?;
    Ok((document, compared))
}
