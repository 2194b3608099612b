//! The host's engine with the fuzzer's component, recording or program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use amocrm::access::LongLived;
use amocrm::integration::{Access, Integration, IntegrationSettings};
use amocrm_simulator::{Options, Simulator};
use call::IncomingCall;
use call::document::Route;
use host_harness::OPERATION;
use node::ReadyOperation;
use replay::demo;
use replay::recording::{Components, Recording, With};
use replay::rehearsal::Simulated;
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::{Dial, PrivateAddresses};
use runtime::configuration::WrittenConfiguration;
use runtime::engine::{Engine, EngineSettings, Operation};
use runtime::secret::Secret;
use runtime::store::Stores;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, sleep};

use super::hostile_server::{ACCOUNT, HostileServer};

/// The waiting time of an operation that describes none, and what the host adds.
const LONGEST: Duration = Duration::from_millis(3_250);

/// The access token of every integration here.
const TOKEN: &str = "a-token";

/// The engine of all targets.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(EngineSettings::default()).expect("wasmtime runs on this machine"))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
}

fn loaded(component: &[u8], place: &'static OnceLock<(Operation, Description)>) -> &'static (Operation, Description) {
    place.get_or_init(|| {
        let operation = engine().load(component).expect("it fits the contract");
        let description = runtime().block_on(operation.describe()).expect("it describes itself");
        (operation, description)
    })
}

/// The built-in operation.
pub fn operation() -> &'static (Operation, Description) {
    static LOADED: OnceLock<(Operation, Description)> = OnceLock::new();
    loaded(OPERATION, &LOADED)
}

/// An integration with an account at this address.
pub fn settings(address: &str) -> IntegrationSettings {
    let access = Access::LongLived(LongLived {
        account: address.parse().expect("an address"),
        token: Secret::new(TOKEN.to_owned()),
        namespace: "main".to_owned(),
    });
    IntegrationSettings {
        configuration: WrittenConfiguration::from_iter([("consider_manager_status", "true")]),
        private_addresses: PrivateAddresses::Granted,
        ..IntegrationSettings::new("main", access, demo::employees())
    }
}

/// Loads a component, and asks one that fits to describe itself. What does not begin as WebAssembly says which bytes of one that fits are others.
pub fn component_with(bytes: &[u8]) {
    let component = if bytes.starts_with(b"\0asm") { bytes.to_vec() } else { altered(hostile_components::TRAP, bytes) };
    match engine().load(&component) {
        Err(fit) => assert!(fit.rejections().next().is_some(), "a rejection says why"),
        Ok(operation) => {
            let _ = runtime().block_on(operation.describe());
        }
    }
}

/// A component of which some bytes are others: three for the place, one for what stands there.
pub(super) fn altered(component: &[u8], alterations: &[u8]) -> Vec<u8> {
    let mut component = component.to_vec();
    for alteration in alterations.chunks_exact(4) {
        let place = alteration[..3].iter().fold(0, |place, byte| place << 8 | usize::from(*byte)) % component.len();
        component[place] = alteration[3];
    }
    component
}

/// Reads a recording, and resolves it again.
pub fn recording_with(bytes: &[u8]) {
    let Ok(recording) = Recording::read(bytes) else { return };
    let written = recording.write().expect("JSON");
    assert_eq!(Recording::read(&written).as_ref(), Ok(&recording));
    let (operation, description) = operation();
    let with = With { operation: operation.clone(), description, settings: &BTreeMap::new() };
    // A thread of its own resolves it, in a time of its own.
    let here = Builder::new_current_thread().build().expect("a runtime");
    let components = Components { tried: &[with], recorded: &[] };
    let _ = here.block_on(recording.replay_steps(&components)).map(|replayed| replayed.document());
}

/// Runs a program of the hostile guest.
pub fn every_import_with(program: &[u8]) {
    static LOADED: OnceLock<(Operation, Description)> = OnceLock::new();
    let (operation, description) = loaded(hostile_components::EVERY_IMPORT, &LOADED);
    runtime().block_on(async {
        let clock = Clock::following("2026-11-22T09:00:00Z".parse().expect("a time"));
        let simulated = clock.clone();
        let options = Options { clock: Arc::new(move || simulated.now()), ..Options::default() };
        let simulator = Arc::new(Simulator::without_listeners(options).expect("the demonstration account"));
        let enemy = Arc::new(HostileServer::new(program.len(), TOKEN));
        let (settings, dial): (_, Arc<dyn Dial>) = match program.len() % 4 {
            0 => (settings(simulator.base_url()), Arc::new(Simulated(simulator))),
            _ => (settings(ACCOUNT), enemy.clone()),
        };
        let integration = Integration::in_process(settings, Stores::in_memory(), clock.clone(), &dial);
        let integration = Arc::new(integration.expect("a usable integration"));
        let linked = "queue:sales".to_owned();
        let placed = ReadyOperation::described(operation.clone(), description, integration, linked, Vec::new())
            .expect("a configuration for any operation");
        let mut caller = String::new();
        for byte in program {
            write!(caller, "{byte:02x}").expect("a string grows");
        }
        let call = IncomingCall {
            id: "1".to_owned(),
            caller: Some(caller.into()),
            called: String::new(),
            ..IncomingCall::default()
        };
        let began = Instant::now();
        let resolved = placed.resolve(call, &clock).await;
        assert!(began.elapsed() <= LONGEST, "{:?}", began.elapsed());
        assert!(matches!(resolved.route, Route::LinkedOperation { .. }), "it forwards nothing");
        // Judges what it was sent.
        let _ = enemy.requests();
        // Past every deadline of the call and of its connections: who still runs would run for ever.
        drop((placed, enemy));
        sleep(Duration::from_secs(600)).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "tasks outlived the call and its integration");
    });
}
