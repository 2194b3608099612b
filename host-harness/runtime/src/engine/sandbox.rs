//! The sandbox of one call: a store with capabilities and limits, and the component's instance in it.
//!
//! Instantiating takes about as long as everything else in a call that is answered from the cache. A server therefore has some sandboxes ready
//! before their calls come, each with an instance that has run nothing and is granted nothing yet, and takes used ones apart after the answer. Each is
//! for one call and never used again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::{ComponentExportIndex, Instance, InstancePre, ResourceTable, TypedFunc};
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::WasiHttpCtx;

use super::Engine;
use super::limits::{LimitReached, MemoryMeter, TICK};
use super::state::{CallState, World};
use crate::bindings::exports::telephony::operation::operation::{Call, Resolution, Setting};
use crate::capabilities::clocks::{CallClocks, Clock};
use crate::capabilities::config::Configuration;
use crate::capabilities::diagnostics::Diagnostics;
use crate::capabilities::directory::{CallDirectory, Employees};
use crate::capabilities::key_value::KeyValue;
use crate::journal::noted::NotedHttp;
use crate::journal::{Journal, Script};
use crate::store::MemoryStore;

/// More than any call computes; what is left of it afterwards says how much was used.
pub(super) const FUEL: u64 = u64::MAX / 2;
/// More ticks than there will be.
const FOR_EVER: u64 = u64::MAX / 2;
/// How many used sandboxes may wait to be taken apart: they still take slots of the pool.
const USED: usize = 64;

/// A sandbox.
pub(super) struct Sandbox {
    pub(super) store: Store<CallState>,
    /// The instance, where it was made beforehand.
    instance: Option<Instance>,
}

impl Sandbox {
    /// One that is granted nothing.
    pub(super) fn of_nothing(engine: &Engine) -> Self {
        let now = Instant::now();
        Self::of_call(engine, nothing(engine), now, now)
    }

    /// One that is granted the world of a call that began at `started` and is given up at `deadline`.
    pub(super) fn of_call(engine: &Engine, world: World, started: Instant, deadline: Instant) -> Self {
        let memory = MemoryMeter::new(engine.limits().memory_bytes, &engine.0.guest_memory);
        let mut store = Store::new(&engine.0.wasmtime, state(engine, world, memory, started, deadline));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(engine.limits().host_call_bytes);
        bound_computing(&mut store, engine.limits().computing_time);
        // Fails only where instructions are not counted.
        let _ = store.set_fuel(FUEL);
        Self { store, instance: None }
    }

    /// The same of one that was granted nothing so far.
    pub(super) fn granted(mut self, engine: &Engine, world: World, started: Instant, deadline: Instant) -> Self {
        let held = self.store.data_mut();
        // What an instance has from its beginning counts among what the call uses.
        let memory = std::mem::replace(&mut held.memory, MemoryMeter::new(0, &engine.0.guest_memory));
        *held = state(engine, world, memory, started, deadline);
        bound_computing(&mut self.store, engine.limits().computing_time);
        let _ = self.store.set_fuel(FUEL);
        self
    }

    /// The component's instance; made now, where there is none.
    pub(super) async fn instance(&mut self, pre: &InstancePre<CallState>) -> wasmtime::Result<Instance> {
        match self.instance {
            Some(instance) => Ok(instance),
            None => pre.instantiate_async(&mut self.store).await,
        }
    }
}

/// A world that grants nothing.
fn nothing(engine: &Engine) -> World {
    static EMPTY: OnceLock<(Arc<MemoryStore>, Arc<Employees>)> = OnceLock::new();
    let (store, employees) = EMPTY.get_or_init(Default::default).clone();
    let clock = Clock::system();
    World {
        directory: CallDirectory::new(employees, clock.clone()),
        clock,
        http: engine.0.nothing.clone(),
        key_value: KeyValue::new(store, "", ""),
        configuration: Configuration::default(),
        journal: Journal::default(),
        script: Script::default(),
    }
}

fn state(engine: &Engine, world: World, memory: MemoryMeter, started: Instant, deadline: Instant) -> CallState {
    world.journal.start(started);
    let limits = engine.limits();
    let mut table = ResourceTable::new();
    table.set_max_capacity(limits.handles);
    let ticks = limits.computing_time.as_millis() / TICK.as_millis();
    let World { clock, http, key_value, configuration, directory, journal, script } = world;
    CallState {
        table,
        clocks: CallClocks::new(clock, started),
        http_context: WasiHttpCtx::new(),
        http: NotedHttp::new(http.for_call(deadline), started, journal.clone(), script.clone()),
        key_value,
        configuration,
        directory,
        diagnostics: Diagnostics::default(),
        memory,
        ticks_left: u64::try_from(ticks).unwrap_or(u64::MAX),
        journal,
        script,
    }
}

/// Bounds how long the guest computes: it is interrupted at each tick that passes meanwhile, not at those while it waits for an answer.
fn bound_computing(store: &mut Store<CallState>, most: Duration) {
    // Who may compute for ever is not interrupted either, so that what comes of a call does not depend on how fast the machine is.
    store.set_epoch_deadline(if most == Duration::MAX { FOR_EVER } else { 1 });
    store.epoch_deadline_callback(move |mut context| {
        let state = context.data_mut();
        match state.ticks_left.checked_sub(1) {
            Some(left) => {
                state.ticks_left = left;
                Ok(UpdateDeadline::Yield(1))
            }
            None => Err(LimitReached::ComputingTime(most).into()),
        }
    });
}

/// The sandboxes of one operation that wait for its calls. Clones are the same ones.
#[derive(Clone)]
pub(super) struct Sandboxes(Arc<Waiting>);

struct Waiting {
    engine: Engine,
    pre: InstancePre<CallState>,
    /// How many are ready when nobody calls.
    most: usize,
    ready: Mutex<Vec<Sandbox>>,
    /// How many used ones wait to be taken apart.
    used: AtomicUsize,
}

impl Sandboxes {
    /// So many at most; none are made before the first call has come.
    pub(super) fn new(engine: &Engine, pre: &InstancePre<CallState>, most: usize) -> Self {
        let (engine, pre) = (engine.clone(), pre.clone());
        Self(Arc::new(Waiting { engine, pre, most, ready: Mutex::default(), used: AtomicUsize::new(0) }))
    }

    /// One that is ready.
    pub(super) fn take(&self) -> Option<Sandbox> {
        self.0.ready().pop()
    }

    /// Takes a used one apart, and makes another ready, after its call has been answered.
    pub(super) fn leave(&self, used: Sandbox) {
        let waiting = &self.0;
        if waiting.most == 0 {
            return;
        }
        if waiting.used.fetch_add(1, Ordering::Relaxed) >= USED {
            waiting.used.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let waiting = Arc::clone(waiting);
        tokio::spawn(async move {
            drop(used);
            waiting.used.fetch_sub(1, Ordering::Relaxed);
            waiting.fill().await;
        });
    }
}

impl Waiting {
    fn ready(&self) -> MutexGuard<'_, Vec<Sandbox>> {
        // Each entry is whole by itself.
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fill(&self) {
        if self.ready().len() >= self.most {
            return;
        }
        let mut sandbox = Sandbox::of_nothing(&self.engine);
        // What goes wrong here goes wrong again with the next call, which tells of it.
        let Ok(instance) = self.pre.instantiate_async(&mut sandbox.store).await else { return };
        sandbox.instance = Some(instance);
        let mut ready = self.ready();
        if ready.len() < self.most {
            ready.push(sandbox);
        }
    }
}

/// The contract's function in the instances of one component.
#[derive(Clone)]
pub(super) struct ResolveCall {
    export: ComponentExportIndex,
    /// Whether its type was looked at in an instance: it is the same in all.
    is_typed: Arc<OnceLock<()>>,
}

type ResolveCallFunc<'a> = TypedFunc<(&'a Call, &'a [Setting]), (Resolution,)>;

impl ResolveCall {
    pub(super) fn new(export: ComponentExportIndex) -> Self {
        Self { export, is_typed: Arc::default() }
    }

    /// Calls it in an instance of its component.
    #[expect(unsafe_code, reason = "wasmtime looks at the whole type each time; see SAFETY")]
    pub(super) async fn call(
        &self,
        store: &mut Store<CallState>,
        instance: Instance,
        call: &Call,
        settings: &[Setting],
    ) -> wasmtime::Result<Resolution> {
        let known = self.is_typed.get().and_then(|()| instance.get_func(&mut *store, self.export));
        let function: ResolveCallFunc<'_> = match known {
            // SAFETY: the export at this index had this type in an instance of the same component.
            Some(function) => unsafe { TypedFunc::new_unchecked(function) },
            None => {
                let function = instance.get_typed_func(&mut *store, self.export)?;
                let _ = self.is_typed.set(());
                function
            }
        };
        let (resolution,) = function.call_async(store, (call, settings)).await?;
        Ok(resolution)
    }
}
