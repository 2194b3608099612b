//! Loading the component that a command was given, or the built-in one.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::Stop;
use crate::OPERATION;
use crate::bindings::exports::telephony::operation::operation::Description;
use crate::engine::{Engine, EngineSettings, Operation};

/// The largest file that is read as a component.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Loads a component for calls, and asks it to describe itself; one that cannot is no operation.
pub(super) async fn load_described(file: Option<&Path>) -> Result<(Operation, Description), Stop> {
    let operation = load(file)?;
    match operation.describe().await {
        Ok(description) => Ok((operation, description)),
        Err(failure) => Err(Stop::ComponentRejected(format!(
            "{}\n  `describe` fails: {failure}: it must answer without any import",
            name(file)
        ))),
    }
}

/// Loads a component for calls.
fn load(file: Option<&Path>) -> Result<Operation, Stop> {
    let engine = Engine::new(EngineSettings::default())?;
    let bytes = match file {
        None => OPERATION.to_vec(),
        Some(file) => read(file)?,
    };
    engine.load(&bytes).map_err(|fit| {
        let findings: Vec<_> = fit.rejections().map(|finding| format!("\n  {finding}")).collect();
        Stop::ComponentRejected(format!("{}{}", name(file), findings.concat()))
    })
}

fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "the built-in operation".to_owned(), |file| file.display().to_string())
}

/// Reads a component's file.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let size = fs::metadata(file).with_context(|| format!("cannot read the component {name}; check the path"))?.len();
    anyhow::ensure!(size <= LARGEST, "{name} has {size} bytes; a component has at most {LARGEST}");
    fs::read(file).with_context(|| format!("cannot read the component {name}; check that this user may read it"))
}
