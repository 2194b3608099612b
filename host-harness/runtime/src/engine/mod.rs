//! The engine room: loads components of the contract and runs one call at a time in a sandbox of its own.
//!
//! A component is compiled once; every call gets a new instance with its own memory, limits and capabilities, and leaves nothing behind.
//! The engine knows the contract and no operation in particular.

mod bounds;
mod call;
pub mod child;
mod compiled;
mod compiler;
mod contract;
mod file;
mod fit;
mod guest_memory;
mod inspect;
mod limits;
mod machine;
mod pool;
mod sandbox;
mod state;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use sha2::{Digest, Sha256};
use tracing::{error, info};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine as Wasmtime};

pub use call::{Answer, Failure, Run, Undescribed};
pub use compiled::CompiledShelf;
pub use compiler::{Compilation, CompileError, CompileTarget, Compiler};
pub use file::read_component;
pub use fit::{Finding, Fit, Severity};
pub use guest_memory::GuestMemoryState;
pub use inspect::{Bound, Inspection, LARGEST_COMPONENT};
pub use limits::{LimitReached, Limits, WAITING_TIME, WAITING_TIME_BOUNDS};
pub use machine::half_of_memory;
pub use pool::{SlotReset, SlotState};
pub use state::World;

use crate::bindings::OperationHostPre;
use crate::bindings::attentive::AttentiveHostPre;
use crate::bindings::attentive::exports::telephony::operation::notices::Notice;
use crate::bindings::exports::telephony::operation::operation::Description;
use crate::bindings::telephony::operation::types::Note;
use crate::capabilities::http::{OutboundHttp, OutboundHttpConfig};
use guest_memory::GuestMemory;
use sandbox::{ResolveCall, Sandboxes};
use state::CallState;

/// Components that run beside calls: shadows, notices, descriptions.
const BESIDES: u32 = 256;
/// How many sandboxes of an operation a server has ready.
const READY: usize = 2;

/// How deep a component may call, in bytes of its own stack.
const CALL_STACK: usize = 512 * 1024;
/// What the host's functions use below that.
const HOST_STACK: usize = 512 * 1024;

/// What the engine is set up for.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// Whether instructions are counted. Exact and repeatable, but a call takes somewhat longer.
    pub count_instructions: bool,
    /// How many calls are resolved at once in memory that is set up beforehand, and much faster for it. Further ones are not begun. None: as
    /// many as there is memory for, each set up anew.
    pub pooled_calls: Option<u32>,
    /// What one call may use.
    pub limits: Limits,
    /// How much linear memory all calls together may use, in bytes. None: as much as each may by itself.
    pub guest_memory: Option<usize>,
    /// How the memory of pooled calls is set back.
    pub slot_reset: SlotReset,
    /// How many sandboxes of each operation are ready before their calls come. They take slots too.
    pub ready: usize,
}

impl EngineSettings {
    /// For a server that resolves so many calls at once: a pool for them and for what else runs components, and no counting.
    pub fn for_calls(calls: usize) -> Self {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX).saturating_add(BESIDES);
        let slot_reset = SlotReset::where_memory(machine::can_swap());
        Self { count_instructions: false, pooled_calls: Some(calls), slot_reset, ready: READY, ..Self::default() }
    }
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            count_instructions: true,
            pooled_calls: None,
            limits: Limits::default(),
            guest_memory: None,
            slot_reset: SlotReset::default(),
            ready: 0,
        }
    }
}

/// A wasmtime engine with the contract's linker. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<EngineInner>);

struct EngineInner {
    wasmtime: Wasmtime,
    linker: Linker<CallState>,
    /// What an operation is granted that only describes itself.
    nothing: OutboundHttp,
    settings: EngineSettings,
    guest_memory: GuestMemory,
    compilation: Compilation,
}

/// A component that fits the contract, compiled and ready for calls. Cheap to clone.
#[derive(Clone)]
pub struct Operation {
    engine: Engine,
    pre: OperationHostPre<CallState>,
    resolve_call: ResolveCall,
    sandboxes: Sandboxes,
    /// The same instance's optional export, where it has it.
    attentive: Option<AttentiveHostPre<CallState>>,
    fit: Arc<Fit>,
    inspection: Arc<Inspection>,
    digest: Arc<str>,
    bytes: Arc<[u8]>,
    /// Keeps the compiled component from making room for others.
    _hold: Option<Arc<compiled::Hold>>,
}

impl Engine {
    /// Sets an engine up that compiles inside this process. Fails only when this machine cannot run wasmtime.
    pub fn new(settings: EngineSettings) -> anyhow::Result<Self> {
        Self::with_compilation(settings, Compilation::default())
    }

    /// The same, with machine code from elsewhere.
    pub fn with_compilation(settings: EngineSettings, compilation: Compilation) -> anyhow::Result<Self> {
        let mut config = compiling_config(CompileTarget { count_instructions: settings.count_instructions });
        if let Some(calls) = settings.pooled_calls {
            config.allocation_strategy(pool::of(calls, &settings.limits, settings.slot_reset));
        }
        let wasmtime =
            Wasmtime::new(&config).map_err(anyhow::Error::from).context("wasmtime cannot be set up on this machine")?;
        let mut linker = Linker::new(&wasmtime);
        state::link(&mut linker).map_err(anyhow::Error::from).context("the contract's imports cannot be linked")?;
        let nothing = OutboundHttp::new(OutboundHttpConfig::default())?;
        let scans = settings.pooled_calls.is_some() && settings.slot_reset.scans();
        if settings.pooled_calls.is_some() {
            info!(page_scan = scans, swap = machine::can_swap(), "how the memory of calls is set back");
        }
        tick(&wasmtime, scans)?;
        let guest_memory = GuestMemory::new(settings.guest_memory.unwrap_or(usize::MAX));
        Ok(Self(Arc::new(EngineInner { wasmtime, linker, nothing, settings, guest_memory, compilation })))
    }

    /// The limits of each call.
    pub fn limits(&self) -> Limits {
        self.0.settings.limits
    }

    /// How much memory all calls together use; none where they have no limit.
    pub fn guest_memory(&self) -> Option<GuestMemoryState> {
        self.0.settings.guest_memory.map(|_| self.0.guest_memory.state())
    }

    /// How slots are set back, and whether that is safe now; none where calls have no slots.
    pub fn slots(&self) -> Option<SlotState> {
        let settings = &self.0.settings;
        settings.pooled_calls?;
        Some(SlotState { page_scan: settings.slot_reset.scans(), swap: machine::can_swap() })
    }

    /// Whether these bytes are a component that compiles, of whatever world.
    pub fn validate(&self, bytes: &[u8]) -> Result<(), Fit> {
        inspect::inspect(bytes)?;
        self.compile(bytes).map(drop)
    }

    /// Loads a component, if it fits the contract; else says what does not fit, each finding with its fix. It is looked over before it is
    /// compiled, and blocks until it is.
    pub fn load(&self, bytes: &[u8]) -> Result<Operation, Fit> {
        self.load_by(bytes, |engine, bytes| engine.compile(bytes))
    }

    /// The same with a component that is part of this program, and is compiled inside this process.
    pub fn load_trusted(&self, bytes: &[u8]) -> Result<Operation, Fit> {
        self.load_by(bytes, |engine, bytes| engine.compile_here(bytes))
    }

    fn load_by(
        &self,
        bytes: &[u8],
        compile: impl Fn(&Self, &[u8]) -> Result<Component, Fit>,
    ) -> Result<Operation, Fit> {
        let inspection = inspect::inspect(bytes)?;
        let fit = contract::judge(&inspection);
        if !fit.is_fit() {
            return Err(fit);
        }
        let digest = digest(bytes);
        let kept = self.0.compilation.shelf.as_ref().and_then(|shelf| shelf.take(&self.0.wasmtime, &digest));
        let is_kept = kept.is_some();
        let component = kept.map_or_else(|| compile(self, bytes), Ok)?;
        let pre = self
            .0
            .linker
            .instantiate_pre(&component)
            .and_then(OperationHostPre::new)
            .map_err(|error| contract::mismatch(&error))?;
        let resolve_call = contract::resolve_call(&component)?;
        // A component that runs something as it is instantiated does so in the world of its call.
        let ready = if inspection.runs_at_start { 0 } else { self.0.settings.ready };
        let sandboxes = Sandboxes::new(self, pre.instance_pre(), ready);
        let attentive = contract::takes_notices(&inspection)
            .then(|| AttentiveHostPre::new(pre.instance_pre().clone()))
            .transpose()
            .map_err(|error| contract::mismatch(&error))?;
        // Only what fits is kept, so that what is refused pushes nothing out.
        let shelf = self.0.compilation.shelf.as_ref();
        let hold = shelf.map(|shelf| shelf.hold(&self.0.wasmtime, &digest));
        if let Some(shelf) = shelf.filter(|_| !is_kept) {
            shelf.keep(&self.0.wasmtime, &digest, &component);
        }
        Ok(Operation {
            engine: self.clone(),
            pre,
            resolve_call: ResolveCall::new(resolve_call),
            sandboxes,
            attentive,
            fit: fit.into(),
            inspection: inspection.into(),
            digest: digest.into(),
            bytes: bytes.into(),
            _hold: hold,
        })
    }

    fn compile(&self, bytes: &[u8]) -> Result<Component, Fit> {
        let Some(compiler) = &self.0.compilation.compiler else { return self.compile_here(bytes) };
        let target = CompileTarget { count_instructions: self.0.settings.count_instructions };
        let code = compiler.compile(bytes, target)?;
        compiled::from_compiler(&self.0.wasmtime, &code)
            .map_err(|error| CompileError::Failed(format!("its code is of another engine: {error}")).into())
    }

    fn compile_here(&self, bytes: &[u8]) -> Result<Component, Fit> {
        let compiled = Component::from_binary(&self.0.wasmtime, bytes);
        compiled.map_err(|error| CompileError::Invalid(reason(&error)).into())
    }
}

impl Operation {
    /// The engine that runs it.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The component's SHA-256 in hexadecimal: which component resolved a call.
    pub const fn digest(&self) -> &Arc<str> {
        &self.digest
    }

    /// How the component fits the contract: remarks alone, since it was loaded.
    pub fn fit(&self) -> &Fit {
        &self.fit
    }

    /// The component's size in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The component itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names of the component's imports, sorted.
    pub fn imports(&self) -> Vec<String> {
        let mut imports = self.inspection.imports.clone();
        imports.sort();
        imports
    }

    /// What the component consists of.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Requests that may go nowhere, for calls that are resolved without a network.
    pub fn no_http(&self) -> OutboundHttp {
        self.engine.0.nothing.clone()
    }

    /// Whether the operation takes notices.
    pub const fn takes_notices(&self) -> bool {
        self.attentive.is_some()
    }

    /// Passes a notice on, in the world of the integration that it is about. `None` where the operation takes none.
    pub async fn notify(&self, world: World, notice: &Notice) -> Option<Result<Vec<Note>, Failure>> {
        Some(call::notify(self, self.attentive.as_ref()?, world, notice).await)
    }

    /// Asks the operation to describe itself, and judges what it says by the contract's bounds.
    pub async fn describe(&self) -> Result<Description, Undescribed> {
        let description = call::describe(self).await.map_err(Undescribed::Failed)?;
        bounds::described(&description).map_err(Undescribed::OutOfBounds)?;
        Ok(description)
    }
}

/// The settings that machine code depends on.
fn compiling_config(target: CompileTarget) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true).consume_fuel(target.count_instructions);
    config.async_stack_size(CALL_STACK + HOST_STACK).max_wasm_stack(CALL_STACK);
    config
}

/// Why wasmtime refuses a component, in one line.
fn reason(error: &wasmtime::Error) -> String {
    error.root_cause().to_string().lines().next().unwrap_or_default().to_owned()
}

/// The SHA-256 of a component in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// How often it is looked whether swap was turned on.
const LOOK_FOR_SWAP: Duration = Duration::from_secs(60);

/// Moves the engine's epoch on every [`TICK`] for as long as the engine is in use, and sees to it that pages are not `scanned` where they can be
/// swapped out.
fn tick(engine: &Wasmtime, scanned: bool) -> anyhow::Result<()> {
    let engine = engine.weak();
    let ticker = thread::Builder::new().name("epochs".to_owned());
    ticker
        .spawn(move || {
            let (mut looked, mut warned) = (Instant::now(), !scanned);
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                if !warned && looked.elapsed() >= LOOK_FOR_SWAP {
                    looked = Instant::now();
                    warned = machine::can_swap();
                    if warned {
                        error!(
                            "swap was turned on: a call may be shown memory of one before it; turn swap off, or restart the server, which then \
                             sets memory back in another way"
                        );
                    }
                }
                thread::sleep(limits::TICK);
            }
        })
        .context("the thread that bounds computing time cannot be started")?;
    Ok(())
}
