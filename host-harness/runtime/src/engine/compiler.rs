//! Who turns a component into machine code, and what keeps him from it.
//!
//! A compiler may take far more memory and time than what it compiles suggests. An embedder that trusts its components compiles inside its own
//! process, which needs nothing; a host that takes components from others gives the work to another process, as [`super::child`] does.

use std::sync::Arc;
use std::time::Duration;

use super::CompiledShelf;
use super::fit::Fit;
use call::{Bilingual, Localized, localized};

/// How an engine comes to machine code. By default components are compiled inside this process, and forgotten when it ends.
#[derive(Clone, Default)]
pub struct Compilation {
    /// Where compiled components are kept.
    pub shelf: Option<CompiledShelf>,
    /// Who compiles components that are not trusted; none: this process.
    pub compiler: Option<Arc<dyn Compiler>>,
}

/// Compiles components outside this process.
///
/// # Safety
/// The code will run in this process. What `compile` gives must be what wasmtime made of the component, as
/// [`child::compile`](super::child::compile) writes it, and nobody else may have changed it on the way.
#[expect(unsafe_code, reason = "wasmtime cannot check that code is what it compiled")]
pub unsafe trait Compiler: Send + Sync {
    /// The machine code of a component that has passed the inspection. Blocks until it is there.
    ///
    /// # Errors
    /// Where the component cannot be compiled, or not within the compiler's limits.
    fn compile(&self, component: &[u8], target: CompileTarget) -> Result<Vec<u8>, CompileError>;
}

/// Which engine the code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileTarget {
    /// Whether the code counts instructions.
    pub count_instructions: bool,
}

/// Why there is no machine code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The component is not valid, or uses what is switched off; in one line.
    #[error("{0}")]
    Invalid(String),
    /// Compiling it needs more than this many bytes of memory.
    #[error("compiling it takes more than {} MiB of memory", .0 / (1024 * 1024))]
    Memory(u64),
    /// Compiling it takes longer than this.
    #[error("compiling it takes longer than {} s", .0.as_secs())]
    Time(Duration),
    /// The compiler failed in another way; in one line.
    #[error("the compiler failed: {0}")]
    Failed(String),
    /// The compiling process could not be started or spoken to, which is not a fault of the component's.
    #[error("the compiling process cannot be used ({0})")]
    Unavailable(String),
}

impl From<CompileError> for Fit {
    fn from(error: CompileError) -> Self {
        let what = error.text();
        match error {
            CompileError::Invalid(reason) => Self::rejected(
                localized!("компонент не компилируется ({reason})", "the component cannot be compiled ({reason})"),
                build_again(),
            ),
            CompileError::Memory(_) => Self::rejected(
                what,
                Localized::new(
                    "уменьшите его: уберите библиотеки, которыми операция не пользуется",
                    "build it smaller: leave out libraries that the operation does not use",
                ),
            ),
            CompileError::Time(_) => Self::undecided(
                what,
                Localized::new(
                    "повторите, когда машина будет меньше занята, или уменьшите компонент: соберите его с оптимизацией по размеру",
                    "try again when the machine has less to do; else build it smaller, with optimisation for size",
                ),
            ),
            CompileError::Failed(_) => Self::undecided(
                what,
                Localized::new(
                    "повторите, а если не получится, соберите компонент другими средствами",
                    "try again; if that fails too, build the component with other tools",
                ),
            ),
            CompileError::Unavailable(_) => Self::undecided(
                what,
                Localized::new(
                    "сделайте так, чтобы на этой машине запускались процессы, и повторите",
                    "see to it that this machine can start processes, then try again",
                ),
            ),
        }
    }
}

impl Bilingual for CompileError {
    fn ru(&self) -> String {
        match self {
            Self::Invalid(reason) => reason.clone(),
            Self::Memory(bytes) => format!("компиляции нужно больше {} МиБ памяти", bytes / (1024 * 1024)),
            Self::Time(time) => format!("компиляция длится дольше {} с", time.as_secs()),
            Self::Failed(why) => format!("сбой компилятора ({why})"),
            Self::Unavailable(why) => format!("процесс для компиляции не запускается ({why})"),
        }
    }
}

/// What to do about a file that is no component any more.
pub(super) fn build_again() -> Localized {
    Localized::new(
        "соберите его заново: файл, возможно, повреждён или обрезан",
        "build it again; the file may be damaged or cut short",
    )
}
