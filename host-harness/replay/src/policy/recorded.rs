//! A case that is a recorded call: a folder with the recording and the answer that is expected.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{EXPECTED, write_expected};
use crate::difference::drop_volatile;
use crate::recording::{Recording, With};
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
    let mut document = recording.resolved.clone();
    drop_volatile(&mut document);
    write_expected(folder, &document)
}

/// Reads the folder of such a case.
pub(super) fn read(folder: &Path) -> Result<Recording, String> {
    for entry in fs::read_dir(folder).map_err(|error| format!("  not a folder of a case: {error}"))? {
        let name = entry.map_err(|error| format!("  {error}"))?.file_name();
        if ![RECORDING, EXPECTED].iter().any(|file| name == **file) {
            return Err(format!(
                "  `{}` is no file of a recorded case; there are {RECORDING}, {EXPECTED}",
                name.display()
            ));
        }
    }
    Recording::load(&folder.join(RECORDING)).map_err(|error| format!("  {RECORDING} {error}"))
}

/// Resolves the recorded call with this component: the answer, and its document.
pub(super) async fn run(recording: &Recording, operation: &Operation) -> Result<(CallDocument, Value), String> {
    let description = operation.describe().await.map_err(|failure| format!("  {failure}"))?;
    let with = With { operation: operation.clone(), description: &description, settings: &BTreeMap::new() };
    let replayed = recording.replay(&with).await.map_err(|error| format!("  {RECORDING}: {error}"))?;
    if !replayed.unknown.is_empty() {
        let questions = replayed.unknown.iter().map(|question| one_line(question)).collect::<Vec<_>>().join("\n    ");
        return Err(format!(
            "  the component asks what the recorded call did not ask, so the recording cannot say what comes out; record such a call anew\n    {questions}\n"
        ));
    }
    let mut document = replayed.json;
    drop_volatile(&mut document);
    Ok((replayed.resolved, document))
}
