//! The compiling process itself.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use sha2::{Digest, Sha256};
use wasmtime::Engine;

use super::{INVALID, OUT_OF_MEMORY};
use crate::engine::compiler::CompileTarget;
use crate::engine::{LARGEST_COMPONENT, compiling_config, reason};

/// Which code is wanted.
pub(super) const COUNTING: &str = "counting";
pub(super) const NOT_COUNTING: &str = "not-counting";
/// How the kernel ends a process whose processor time is over.
#[cfg(unix)]
pub(super) const OUT_OF_TIME: i32 = rustix::process::Signal::XCPU.as_raw();

/// Compiles the component on the standard input under the limits of its arguments, and writes the code to the standard output, its SHA-256
/// before it. What goes wrong is said in one line on the standard error. For a process that does nothing else.
pub fn compile(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_str().unwrap_or_default()).collect();
    let read = |argument: &str| argument.parse::<u64>().ok();
    let (memory, seconds, target) = match arguments[..] {
        [memory, seconds, which @ (COUNTING | NOT_COUNTING)] => {
            let target = CompileTarget { count_instructions: which == COUNTING };
            match (read(memory), read(seconds)) {
                (Some(memory), Some(seconds)) => (memory, seconds, target),
                _ => return say("the limits are not numbers", ExitCode::FAILURE),
            }
        }
        _ => return say("this is how the program compiles components itself; use `check`", ExitCode::FAILURE),
    };
    match bind(memory, seconds).and_then(|()| component()) {
        Ok(component) => match compiled(&component, target) {
            Ok(code) => write(&code),
            Err(complaint) => complaint,
        },
        Err(error) => say(&error.to_string(), ExitCode::FAILURE),
    }
}

/// Sets the limits of this process.
#[cfg(unix)]
fn bind(memory: u64, seconds: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    // Of the address space: the memory that is used is always less, on every kernel.
    setrlimit(Resource::As, most(memory))?;
    setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds + 1) })?;
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::Fsize, most(0))?;
    // The three standard streams, and nothing that is opened later.
    setrlimit(Resource::Nofile, most(3))?;
    // Calls come first. Where that is refused it is only slower for them.
    let _ = rustix::process::nice(5);
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

/// Elsewhere there are no such limits; the time is bounded by the process that waits.
#[cfg(not(unix))]
fn bind(_: u64, _: u64) -> io::Result<()> {
    Ok(())
}

fn component() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(LARGEST_COMPONENT as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn compiled(component: &[u8], target: CompileTarget) -> Result<Vec<u8>, ExitCode> {
    let engine = Engine::new(&compiling_config(target)).map_err(|error| refused(&error, ExitCode::FAILURE))?;
    engine.precompile_component(component).map_err(|error| refused(&error, ExitCode::from(INVALID)))
}

fn refused(error: &wasmtime::Error, code: ExitCode) -> ExitCode {
    let reason = reason(error);
    let is_memory = error.chain().any(|cause| {
        let no_memory = |cause: &io::Error| cause.kind() == io::ErrorKind::OutOfMemory;
        cause.downcast_ref::<io::Error>().is_some_and(no_memory) || cause.is::<wasmtime::error::OutOfMemory>()
    });
    say(&reason, if is_memory { ExitCode::from(OUT_OF_MEMORY) } else { code })
}

fn write(code: &[u8]) -> ExitCode {
    let mut output = io::stdout().lock();
    let written = output.write_all(&Sha256::digest(code)).and_then(|()| output.write_all(code));
    match written.and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&error.to_string(), ExitCode::FAILURE),
    }
}

/// Says what went wrong to the process that waits.
fn say(what: &str, code: ExitCode) -> ExitCode {
    let _ = writeln!(io::stderr(), "{what}");
    code
}
