//! Loading the component that a command was given, or the built-in one.

use std::path::Path;

use super::Stop;
use crate::OPERATION;
use crate::bindings::exports::telephony::operation::operation::Description;
use crate::engine::{Engine, EngineSettings, Operation, read_component};

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
        Some(file) => read_component(file)?,
    };
    engine.load(&bytes).map_err(|fit| {
        let findings: Vec<_> = fit.rejections().map(|finding| format!("\n  {finding}")).collect();
        Stop::ComponentRejected(format!("{}{}", name(file), findings.concat()))
    })
}

fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "the built-in operation".to_owned(), |file| file.display().to_string())
}
