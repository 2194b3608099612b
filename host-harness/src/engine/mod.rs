//! The engine room: loads components of the contract and runs one call at a time in a sandbox of its own.
//!
//! A component is compiled once; every call gets a new instance with its own memory, limits and capabilities, and leaves nothing behind.
//! The engine knows the contract and no operation in particular.

mod call;
mod file;
mod fit;
mod limits;
mod state;

use std::sync::Arc;
use std::thread;

use anyhow::Context;
use sha2::{Digest, Sha256};
use wasmtime::component::Linker;
use wasmtime::{Config, Engine as Wasmtime};

pub use call::{Answer, Failure, Run, World};
pub use file::read_component;
pub use fit::{Finding, Fit, Severity};
pub use limits::{LimitReached, Limits, TICK};

use crate::bindings::OperationHostPre;
use crate::bindings::attentive::AttentiveHostPre;
use crate::bindings::attentive::exports::telephony::operation::notices::Notice;
use crate::bindings::exports::telephony::operation::operation::Description;
use crate::bindings::telephony::operation::types::Note;
use crate::capabilities::http::{OutboundHttp, OutboundHttpConfig};
use state::CallState;

/// What the engine is set up for.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// Whether instructions are counted. Exact and repeatable, but a call takes somewhat longer.
    pub count_instructions: bool,
    /// What one call may use.
    pub limits: Limits,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { count_instructions: true, limits: Limits::default() }
    }
}

/// A wasmtime engine with the contract's linker. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasmtime: Wasmtime,
    linker: Linker<CallState>,
    /// What an operation is granted that only describes itself.
    nothing: OutboundHttp,
    settings: EngineSettings,
}

/// A component that fits the contract, compiled and ready for calls. Cheap to clone.
#[derive(Clone)]
pub struct Operation {
    engine: Engine,
    pre: OperationHostPre<CallState>,
    /// The same instance's optional export, where it has it.
    attentive: Option<AttentiveHostPre<CallState>>,
    fit: Arc<Fit>,
    digest: Arc<str>,
    size: usize,
}

impl Engine {
    /// Sets an engine up. Fails only when this machine cannot run wasmtime.
    pub fn new(settings: EngineSettings) -> anyhow::Result<Self> {
        let mut config = Config::new();
        config.epoch_interruption(true).consume_fuel(settings.count_instructions);
        let wasmtime =
            Wasmtime::new(&config).map_err(anyhow::Error::from).context("wasmtime cannot be set up on this machine")?;
        let mut linker = Linker::new(&wasmtime);
        state::link(&mut linker).map_err(anyhow::Error::from).context("the contract's imports cannot be linked")?;
        let nothing = OutboundHttp::new(OutboundHttpConfig::default())?;
        tick(&wasmtime)?;
        Ok(Self(Arc::new(Inner { wasmtime, linker, nothing, settings })))
    }

    /// The limits of each call.
    pub fn limits(&self) -> Limits {
        self.0.settings.limits
    }

    /// Compiles a component, if it fits the contract; else says what does not fit, each finding with its fix.
    pub fn load(&self, bytes: &[u8]) -> Result<Operation, Fit> {
        let component = fit::compile(&self.0.wasmtime, bytes)?;
        let fit = fit::inspect(&self.0.wasmtime, &component);
        if !fit.is_fit() {
            return Err(fit);
        }
        let pre = self
            .0
            .linker
            .instantiate_pre(&component)
            .and_then(OperationHostPre::new)
            .map_err(|error| fit::mismatch(&error))?;
        let attentive = fit::takes_notices(&self.0.wasmtime, &component)
            .then(|| AttentiveHostPre::new(pre.instance_pre().clone()))
            .transpose()
            .map_err(|error| fit::mismatch(&error))?;
        Ok(Operation {
            engine: self.clone(),
            pre,
            attentive,
            fit: fit.into(),
            digest: digest(bytes).into(),
            size: bytes.len(),
        })
    }
}

impl Operation {
    /// The component's SHA-256 in hexadecimal: which component resolved a call.
    pub const fn digest(&self) -> &Arc<str> {
        &self.digest
    }

    /// How the component fits the contract: remarks alone, since it was loaded.
    pub fn fit(&self) -> &Fit {
        &self.fit
    }

    /// The component's size in bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The names of the component's imports, sorted.
    pub fn imports(&self) -> Vec<String> {
        fit::imports(&self.engine.0.wasmtime, self.pre.instance_pre().component())
    }

    /// Whether the operation takes notices.
    pub const fn takes_notices(&self) -> bool {
        self.attentive.is_some()
    }

    /// Passes a notice on, in the world of the integration that it is about. `None` where the operation takes none.
    pub async fn notify(&self, world: World, notice: &Notice) -> Option<Result<Vec<Note>, Failure>> {
        Some(call::notify(self, self.attentive.as_ref()?, world, notice).await)
    }

    /// Asks the operation to describe itself.
    pub async fn describe(&self) -> Result<Description, Failure> {
        call::describe(self).await
    }
}

/// The SHA-256 of a component in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Moves the engine's epoch on every [`TICK`] for as long as the engine is in use.
fn tick(engine: &Wasmtime) -> anyhow::Result<()> {
    let engine = engine.weak();
    let ticker = thread::Builder::new().name("epochs".to_owned());
    ticker
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        })
        .context("the thread that bounds computing time cannot be started")?;
    Ok(())
}
