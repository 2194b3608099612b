//! Loading the component that a command was given.

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{COMPILE, Stop, warn};
use crate::assemble::rejected;
use crate::component_source::ComponentSource;
use call::{Bilingual, localized, system_error_ru};
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::engine::child::ChildCompiler;
use runtime::engine::{Compilation, CompiledShelf, Compiler, Engine, EngineSettings, Operation};
use stores::StoreLocation;

/// The directory of compiled components in the state directory.
const COMPILED: &str = "compiled";

/// Loads a component for calls, and asks it to describe itself; one that cannot is not an operation.
pub(super) async fn load_described(
    source: &ComponentSource,
    compilation: Compilation,
) -> Result<(Operation, Description), Stop> {
    let operation = load(source, compilation)?;
    match operation.describe().await {
        Ok(description) => Ok((operation, description)),
        Err(undescribed) => Err(Stop::ComponentRejected(rejected(source, [undescribed.text()].into_iter()))),
    }
}

/// Loads a component for calls.
fn load(source: &ComponentSource, compilation: Compilation) -> Result<Operation, Stop> {
    let engine = Engine::with_compilation(EngineSettings::default(), compilation)?;
    source
        .load(&engine)?
        .map_err(|fit| Stop::ComponentRejected(rejected(source, fit.rejections().map(Bilingual::text))))
}

/// Compiled by a process of this program's own, and kept in the state directory.
pub(super) fn compilation(location: &StoreLocation) -> Compilation {
    Compilation { shelf: location.own_directory().map(|state| CompiledShelf::new(state.join(COMPILED))), ..unkept() }
}

/// The same for commands that are told of no state directory: kept in that of the user.
pub(super) fn usual_compilation() -> Compilation {
    compilation(&StoreLocation::UserState)
}

/// Compiled by a process of this program's own, and kept nowhere.
fn unkept() -> Compilation {
    let compiler: Option<Arc<dyn Compiler>> = match this_program() {
        Ok(program) => Some(Arc::new(ChildCompiler::new(program, COMPILE))),
        Err(error) => {
            let ru = system_error_ru(&error);
            warn(&localized!(
                "программа не находит собственный файл, чтобы компилировать компоненты в отдельном процессе ({ru}): она компилирует их сама",
                "this program cannot find itself to compile components in a process of their own ({error}): it compiles them itself"
            ));
            None
        }
    };
    Compilation { shelf: None, compiler }
}

/// The file that this process runs; on Linux even where another has taken its place since.
fn this_program() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { env::current_exe() }
}
