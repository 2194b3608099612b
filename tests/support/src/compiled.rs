//! Machine code of components, compiled once for all tests of a build. In an unoptimised build compiling the operation takes a process two seconds,
//! which most tests have no interest in.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use host_harness::OPERATION;
use runtime::engine::{Compilation, CompiledShelf, Engine, EngineSettings};

/// Puts the code into a state directory that does not exist yet, where the program looks for what it has compiled.
pub(crate) fn keep_in(state: &Path) {
    let directory = state.join("compiled");
    DirBuilder::new().recursive(true).mode(0o700).create(&directory).expect("a directory");
    for entry in fs::read_dir(shared()).expect("the shared directory") {
        let file = entry.expect("an entry").path();
        if file.extension().is_some_and(|extension| extension == "compiled") {
            fs::copy(&file, directory.join(file.file_name().expect("a file"))).expect("a copy");
        }
    }
}

/// What the engine of tests in this process has compiled, in whichever of them.
pub(crate) fn in_process() -> Compilation {
    Compilation { shelf: Some(CompiledShelf::new(beside_tests("compiled-in-tests"))), compiler: None }
}

/// A folder beside the tests themselves.
fn beside_tests(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a file");
    test.parent().expect("a test is in a folder").join(name)
}

/// Where the operation's code is that the homes of all tests are given.
fn shared() -> &'static Path {
    static SHARED: OnceLock<PathBuf> = OnceLock::new();
    SHARED.get_or_init(|| {
        let directory = beside_tests("compiled-for-tests");
        // As a server compiles it, and as commands do, which count instructions.
        for count_instructions in [false, true] {
            let settings = EngineSettings { count_instructions, ..EngineSettings::default() };
            let compilation = Compilation { shelf: Some(CompiledShelf::new(&directory)), compiler: None };
            let engine = Engine::with_compilation(settings, compilation).expect("wasmtime runs on this machine");
            engine.load_trusted(OPERATION).expect("the operation fits the contract");
        }
        directory
    })
}
