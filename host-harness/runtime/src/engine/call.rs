//! One call of an operation, in a sandbox of its own, bounded by the wall clock as a whole.

use std::fmt;
use std::time::Duration;

use call::document::Ring;
use call::one_line::on_one_line;
use call::{Bilingual, Localized};
use tokio::time::Instant;
use tracing::debug;
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};

use super::Operation;
use super::bounds;
use super::limits::{LimitReached, Limits, WAITING_TIME_BOUNDS};
use super::sandbox::{FUEL, Sandbox};
use super::state::{CallState, World};
use crate::bindings::OperationHost;
use crate::bindings::attentive::AttentiveHostPre;
use crate::bindings::attentive::exports::telephony::operation::notices::Notice;
use crate::bindings::exports::telephony::operation::operation::{Call, Description, Resolution, Setting};
use crate::bindings::telephony::operation::types::{Note, Route};
use crate::capabilities::http::Exchange;

/// How long an operation may take to describe itself: it needs nothing from outside.
const DESCRIBING: Duration = Duration::from_secs(1);

/// How long an operation may take over a notice (`wit/notices.wit`).
const NOTIFYING: Duration = Duration::from_secs(1);

/// What a call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Instructions executed (wasmtime fuel), where the engine counts them. Not known of a call that was given up: the count is kept in
    /// registers until the component comes back.
    pub instructions: Option<u64>,
    /// The most linear memory in use, in bytes.
    pub memory_bytes: usize,
    /// From the creation of the sandbox to the answer.
    pub wall: Duration,
}

/// The outcome of one call.
pub struct Answer {
    /// The operation's resolution, or why it gave none.
    pub resolution: Result<Resolution, Failure>,
    /// How the numbers ring that it forwards to.
    pub ring: Ring,
    /// What the host refused during the call, each line with the way to grant it.
    pub refusals: Vec<Localized>,
    /// What the directory could not look up.
    pub directory_faults: Vec<Localized>,
    /// What the host saw of its requests, in order.
    pub exchanges: Vec<Exchange>,
    /// What it cost.
    pub run: Run,
}

/// Why an operation gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It reached a limit.
    Limit(LimitReached),
    /// It trapped: the text is wasmtime's, on one line.
    Trap(String),
    /// It answered with something that no host takes; which bound of the contract that breaks.
    OutOfBounds(Localized),
    /// The host itself failed while the call was being resolved.
    Host,
}

impl Answer {
    /// No answer, and nothing known of the call's course.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self {
            resolution: Err(failure),
            ring: Ring::InTurn,
            refusals: Vec::new(),
            directory_faults: Vec::new(),
            exchanges: Vec::new(),
            run: Run::default(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(limit) => limit.fmt(formatter),
            Self::Trap(trap) => write!(formatter, "the operation trapped: {trap}"),
            Self::OutOfBounds(bound) => write!(formatter, "its answer is not taken: {}", bound.en),
            Self::Host => formatter.write_str("a fault of the host"),
        }
    }
}

impl std::error::Error for Failure {}

/// Why an operation has no description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undescribed {
    /// It gave none.
    #[error("`describe` fails: {0}: it must answer without any import")]
    Failed(Failure),
    /// It gave one that no host takes; which bound of the contract that breaks.
    #[error("what `describe` answers is not taken: {}", .0.en)]
    OutOfBounds(Localized),
}

impl Bilingual for Undescribed {
    fn ru(&self) -> String {
        match self {
            Self::Failed(failure) => {
                format!("`describe` не отвечает ({failure}): он должен отвечать, не обращаясь ни к чему снаружи")
            }
            Self::OutOfBounds(bound) => format!("ответ `describe` не принят: {}", bound.ru),
        }
    }
}

impl Operation {
    /// Resolves one call inside `waiting_time` (at most the greatest of [`WAITING_TIME_BOUNDS`]) and the margin, whatever the component does.
    pub async fn resolve(&self, world: World, call: &Call, settings: &[Setting], waiting_time: Duration) -> Answer {
        let started = Instant::now();
        let bound = waiting_time.min(WAITING_TIME_BOUNDS.1) + self.engine.limits().margin;
        let directory = world.directory.of_caller(call.caller_number.as_deref());
        let world = World { directory, ..world };
        let mut sandbox = match self.sandboxes.take() {
            Some(ready) => ready.granted(&self.engine, world, started, started + bound),
            None => Sandbox::of_call(&self.engine, world, started, started + bound),
        };
        let resolving = async {
            let instance = sandbox.instance(self.pre.instance_pre()).await?;
            self.resolve_call.call(&mut sandbox.store, instance, call, settings).await
        };
        let resolved = tokio::time::timeout_at(started + bound, resolving).await;
        let Sandbox { store, .. } = &sandbox;
        let came_back = matches!(resolved, Ok(Ok(_)));
        let resolution = match resolved {
            Ok(Ok(resolution)) => {
                let given = |number: &str| store.data().directory.has_given(number);
                let judged = bounds::answered(&resolution, bound, given);
                judged.map(|()| resolution).map_err(Failure::OutOfBounds)
            }
            Ok(Err(error)) => Err(failure(&error, &self.engine.limits())),
            Err(_) => Err(Failure::Limit(LimitReached::Time(bound))),
        };
        let ring = match &resolution {
            Ok(Resolution { route: Route::Forward(forwarding), .. }) => {
                store.data().directory.ring(&forwarding.employee_id)
            }
            Ok(_) | Err(_) => Ring::InTurn,
        };
        let instructions = store.get_fuel().ok().filter(|_| came_back).map(|left| FUEL - left);
        let memory_bytes = store.data().memory.peak();
        let refusals = store.data().http.http().denials().iter().map(Bilingual::text).collect();
        let directory_faults = store.data().directory.faults().to_vec();
        let exchanges = store.data().http.http().exchanges();
        store.data().diagnostics.log(&call.id);
        let run = Run { instructions, memory_bytes, wall: started.elapsed() };
        self.sandboxes.leave(sandbox);
        Answer { resolution, ring, refusals, directory_faults, exchanges, run }
    }
}

/// Passes a notice on. Nobody is on the telephone, so the bound is the contract's own and not a waiting time.
pub(super) async fn notify(
    operation: &Operation,
    attentive: &AttentiveHostPre<CallState>,
    world: World,
    notice: &Notice,
) -> Result<Vec<Note>, Failure> {
    let started = Instant::now();
    let deadline = started + NOTIFYING;
    let world = World { key_value: world.key_value.for_notice(), ..world };
    let mut sandbox = Sandbox::of_call(&operation.engine, world, started, deadline);
    let notifying = async {
        let instance = attentive.instantiate_async(&mut sandbox.store).await?;
        instance.telephony_operation_notices().call_receive(&mut sandbox.store, notice).await
    };
    match tokio::time::timeout_at(deadline, notifying).await {
        Ok(notes) => notes.map_err(|error| failure(&error, &operation.engine.limits())),
        Err(_) => Err(Failure::Limit(LimitReached::Time(NOTIFYING))),
    }
}

/// Asks an operation to describe itself, in a world that grants nothing.
pub(super) async fn describe(operation: &Operation) -> Result<Description, Failure> {
    let started = Instant::now();
    let deadline = started + DESCRIBING;
    let mut sandbox = Sandbox::of_nothing(&operation.engine);
    let describing = async {
        let instance: OperationHost = operation.pre.instantiate_async(&mut sandbox.store).await?;
        instance.telephony_operation_operation().call_describe(&mut sandbox.store).await
    };
    match tokio::time::timeout_at(deadline, describing).await {
        Ok(described) => described.map_err(|error| failure(&error, &operation.engine.limits())),
        Err(_) => Err(Failure::Limit(LimitReached::Time(DESCRIBING))),
    }
}

/// How many functions the log names at a trap.
const INNERMOST: usize = 8;
/// How many letters of a name.
const LONGEST_NAME: usize = 80;

/// What wasmtime says when a component hands the host too many bytes; it has no type for it. The test of the hostile guest
/// `big_host_call` sees when this changes.
const TOO_MANY_BYTES: &str = "fuel allocated for hostcalls has been exhausted";

fn failure(error: &wasmtime::Error, limits: &Limits) -> Failure {
    if let Some(limit) = error.downcast_ref::<LimitReached>() {
        return Failure::Limit(*limit);
    }
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return Failure::Limit(LimitReached::Handles(limits.handles));
    }
    let text = match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => return Failure::Limit(LimitReached::CallStack),
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    if text.contains(TOO_MANY_BYTES) {
        return Failure::Limit(LimitReached::HostCallBytes(limits.host_call_bytes));
    }
    // For whoever writes an operation: "unreachable" alone does not say whether it was their code, their language's runtime, or an import that
    // their toolchain had replaced by a trap.
    debug!(r#in = %innermost(error), "the operation trapped");
    Failure::Trap(text.lines().next().unwrap_or_default().trim_start_matches("wasm trap: ").to_owned())
}

/// The component's innermost functions at a trap, each called by the one after it, by number where they have no name. Names are the component's
/// own words: no line of the log may be broken or filled by them.
fn innermost(error: &wasmtime::Error) -> String {
    let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
    let names = frames.iter().take(INNERMOST).map(|frame| match frame.func_name() {
        Some(name) => on_one_line(name, LONGEST_NAME),
        None => format!("function {}", frame.func_index()),
    });
    names.collect::<Vec<String>>().join(" < ")
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, ExportKind, ExportSection, Function, FunctionSection, Module, NameMap, NameSection, TypeSection,
    };
    use wasmtime::{Engine, Instance};

    use super::*;

    #[test]
    fn functions_at_a_trap_are_named_on_one_short_line() {
        let (mut types, mut functions, mut exports) =
            (TypeSection::new(), FunctionSection::new(), ExportSection::new());
        types.ty().function([], []);
        exports.export("run", ExportKind::Func, 0);
        let mut code = CodeSection::new();
        for called in [Some(1), Some(2), None] {
            functions.function(0);
            let mut body = Function::new([]);
            match called {
                Some(called) => body.instructions().call(called).end(),
                None => body.instructions().unreachable().end(),
            };
            code.function(&body);
        }
        let (mut names, mut named) = (NameSection::new(), NameMap::new());
        named.append(1, &"x".repeat(1_000));
        named.append(2, "clock\n2026-11-22 INFO forwarded\u{1b}[31m");
        names.functions(&named);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code).section(&names);

        let engine = Engine::default();
        let module = wasmtime::Module::new(&engine, module.finish()).unwrap();
        let mut store = wasmtime::Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let error = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap_err();
        let long = "x".repeat(LONGEST_NAME);
        assert_eq!(innermost(&error), format!("clock\\n2026-11-22 INFO forwarded\\u{{1b}}[31m < {long} < function 0"));
    }
}
