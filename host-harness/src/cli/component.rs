//! Loading the component that a command was given, or the built-in one.

use std::path::Path;

use super::Stop;
use crate::OPERATION;
use call::one_line::one_line;
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::engine::{CompiledShelf, Engine, EngineSettings, Operation, read_component};
use stores::StoreLocation;

/// The directory of compiled components in the state directory.
const COMPILED: &str = "compiled";

/// Loads a component for calls, and asks it to describe itself; one that cannot is no operation.
pub(super) async fn load_described(
    file: Option<&Path>,
    shelf: Option<CompiledShelf>,
) -> Result<(Operation, Description), Stop> {
    let operation = load(file, shelf)?;
    match operation.describe().await {
        Ok(description) => Ok((operation, description)),
        Err(undescribed) => Err(Stop::ComponentRejected(format!("{}\n  {undescribed}", name(file)))),
    }
}

/// Loads a component for calls.
fn load(file: Option<&Path>, shelf: Option<CompiledShelf>) -> Result<Operation, Stop> {
    let engine = Engine::with_shelf(EngineSettings::default(), shelf)?;
    let bytes = match file {
        None => OPERATION.to_vec(),
        Some(file) => read_component(file)?,
    };
    engine.load(&bytes).map_err(|fit| {
        let findings: Vec<_> =
            fit.rejections().map(|finding| format!("\n  {}", one_line(&finding.to_string()))).collect();
        Stop::ComponentRejected(format!("{}{}", name(file), findings.concat()))
    })
}

fn name(file: Option<&Path>) -> String {
    file.map_or_else(|| "the built-in operation".to_owned(), |file| file.display().to_string())
}

/// Where compiled components are kept: in the state directory.
pub(super) fn shelf(location: &StoreLocation) -> Option<CompiledShelf> {
    location.own_directory().map(|directory| CompiledShelf::new(directory.join(COMPILED)))
}
