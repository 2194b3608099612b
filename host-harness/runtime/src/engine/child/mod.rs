//! Compiles components in a process of its own, which may use so much memory and time and no more.
//!
//! The process is the same program, started with one argument that makes it [`compile`] what comes on its standard input. It is given no
//! environment, so no secret, and sets its own limits before it reads a byte. One component is compiled at a time, whoever wants how many and
//! whether or not anybody still waits: whoever comes next waits for the turn on his own thread.

mod process;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, available_parallelism};
use std::time::Duration;

pub use process::compile;
use sha2::{Digest, Sha256};

use super::compiler::{CompileError, CompileTarget, Compiler};

/// The most machine code that is taken. The operation in Python makes 60 MB.
const LARGEST_CODE: u64 = 256 * 1024 * 1024;
/// The code's checksum stands before it.
const CHECKSUM: usize = 32;
/// What is read of what the process says of a failure.
const LONGEST_COMPLAINT: u64 = 4 * 1024;
/// More threads make it hardly faster and take more memory.
const MOST_THREADS: usize = 4;
/// How the process ends when the component is not valid, and when memory has run out.
const INVALID: u8 = 3;
const OUT_OF_MEMORY: u8 = 4;

/// What compiling one component may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Memory of the process in bytes, all of its address space.
    pub memory_bytes: u64,
    /// Wall-clock time. The processor's time is bounded by as much for each thread.
    pub time: Duration,
}

impl Default for CompileLimits {
    /// 1 GiB and 30 s. A host that was built without optimisation compiles about ten times as slowly, so it has 300 s.
    fn default() -> Self {
        let seconds = if cfg!(debug_assertions) { 300 } else { 30 };
        Self { memory_bytes: 1024 * 1024 * 1024, time: Duration::from_secs(seconds) }
    }
}

/// Starts this program again for each component.
#[derive(Debug)]
pub struct ChildCompiler {
    program: PathBuf,
    argument: OsString,
    limits: CompileLimits,
    /// Whose turn it is.
    turn: Mutex<()>,
}

impl ChildCompiler {
    /// `program`, started with `argument`, must hand the rest of its arguments to [`compile`].
    pub fn new(program: impl Into<PathBuf>, argument: impl Into<OsString>) -> Self {
        let (program, argument) = (program.into(), argument.into());
        Self { program, argument, limits: CompileLimits::default(), turn: Mutex::default() }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: CompileLimits) -> Self {
        Self { limits, ..self }
    }

    fn start(&self, target: CompileTarget) -> io::Result<Child> {
        let threads = available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let processor = self.limits.time.as_secs().max(1).saturating_mul(threads as u64);
        Command::new(&self.program)
            .arg(&self.argument)
            .args([self.limits.memory_bytes.to_string(), processor.to_string()])
            .arg(if target.count_instructions { process::COUNTING } else { process::NOT_COUNTING })
            .env_clear()
            .envs([("RAYON_NUM_THREADS", threads.to_string().as_str()), ("MALLOC_ARENA_MAX", "2")])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }
}

#[expect(unsafe_code, reason = "see SAFETY")]
// SAFETY: the code is what `compile` wrote, which is what wasmtime compiled, and it came whole, by its checksum, through a pipe that nobody else
// holds.
unsafe impl Compiler for ChildCompiler {
    fn compile(&self, component: &[u8], target: CompileTarget) -> Result<Vec<u8>, CompileError> {
        let _turn = lock(&self.turn);
        let unavailable = |error: io::Error| CompileError::Unavailable(error.to_string());
        let mut child = self.start(target).map_err(unavailable)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut input), Some(output), Some(complaint)) = pipes else {
            return Err(CompileError::Unavailable("it has no standard streams".to_owned()));
        };
        let child = Mutex::new(child);
        let spoken = thread::scope(|scope| {
            let (done, until_done) = mpsc::channel::<()>();
            let of_process = |name: &str| thread::Builder::new().name(name.to_owned());
            let (time, process) = (self.limits.time, &child);
            let watching = of_process("compiling-time").spawn_scoped(scope, move || {
                let waited = until_done.recv_timeout(time);
                let late = waited == Err(RecvTimeoutError::Timeout);
                if late {
                    // One that has ended already is late all the same.
                    let _ = lock(process).kill();
                }
                late
            });
            // A process that ends early does not read it all, and says why itself.
            let giving = of_process("compiling-input").spawn_scoped(scope, move || drop(input.write_all(component)));
            let hearing = of_process("compiling-words").spawn_scoped(scope, move || read(complaint, LONGEST_COMPLAINT));
            let begun = watching.and_then(|watching| Ok((watching, giving?, hearing?)));
            let code = match &begun {
                Ok(_) => read(output, LARGEST_CODE + CHECKSUM as u64 + 1),
                Err(_) => Ok(Vec::new()),
            };
            drop(done);
            // It has closed its output, so it has ended or is of no more use.
            let mut child = lock(&child);
            let _ = child.kill();
            let status = child.wait();
            drop(child);
            let (watching, _, hearing) = begun?;
            let late = watching.join().unwrap_or(false);
            let words = hearing.join().unwrap_or_else(|_| Ok(Vec::new())).unwrap_or_default();
            io::Result::Ok((code?, status?, words, late))
        });
        let (code, status, words, late) = spoken.map_err(unavailable)?;
        if late {
            return Err(CompileError::Time(self.limits.time));
        }
        whole(code).ok_or_else(|| self.why(status, &words))
    }
}

impl ChildCompiler {
    /// Why the process gave no code.
    fn why(&self, status: ExitStatus, words: &[u8]) -> CompileError {
        let words = String::from_utf8_lossy(words);
        let line: String = words.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
        if status.code() == Some(INVALID.into()) {
            return CompileError::Invalid(line);
        }
        // Rust says so itself before it gives up.
        if status.code() == Some(OUT_OF_MEMORY.into()) || words.contains("memory allocation of") {
            return CompileError::Memory(self.limits.memory_bytes);
        }
        #[cfg(unix)]
        if std::os::unix::process::ExitStatusExt::signal(&status) == Some(process::OUT_OF_TIME) {
            return CompileError::Time(self.limits.time);
        }
        CompileError::Failed(if line.is_empty() { status.to_string() } else { format!("{status}: {line}") })
    }
}

/// The code, if it came whole.
fn whole(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let code = (bytes.len() >= CHECKSUM).then(|| bytes.split_off(CHECKSUM))?;
    (code.len() as u64 <= LARGEST_CODE && Sha256::digest(&code).as_slice() == bytes).then_some(code)
}

fn read(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here is left half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
