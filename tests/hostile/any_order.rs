//! A component that calls every import with hostile arguments in any order: the host stays in one piece, the call has a route in time, and nothing goes
//! anywhere but to the account.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use amocrm_simulator::{Options, Simulator};
use host_harness::capabilities::clocks::Clock;
use host_harness::capabilities::http::Dial;
use host_harness::engine::Operation;
use host_harness::integration::Integration;
use host_harness::placement::{IncomingCall, PlacedOperation};
use host_harness::report::{ResolvedCall, Route};
use host_harness::stores::MemoryStore;
use hostile_components::EVERY_IMPORT;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::support::{MARGIN, START, Scene, TOKEN, engine};

/// The waiting time of an operation that describes none.
const WAITING_TIME: Duration = Duration::from_secs(3);

fn operation() -> Operation {
    static LOADED: OnceLock<Operation> = OnceLock::new();
    LOADED.get_or_init(|| engine().load(EVERY_IMPORT).expect("it fits the contract")).clone()
}

/// The account, and whether anything else was spoken to.
#[derive(Debug)]
struct Watched {
    simulator: Simulator,
    strayed: AtomicBool,
}

impl Dial for Watched {
    fn dial(&self, authority: &str) -> Option<tokio::io::DuplexStream> {
        self.strayed.fetch_or(!self.simulator.base_url().ends_with(authority), Ordering::Relaxed);
        self.simulator.connect(authority)
    }
}

/// Runs a program in a time of its own, in which waiting takes none.
fn run(program: &[u8]) -> ResolvedCall {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let clock = Clock::following(START.parse().expect("a time"));
        let simulated = clock.clone();
        let options =
            Options { clock: Arc::new(move || simulated.now()), token: Some(TOKEN.to_owned()), ..Options::default() };
        let simulator = Simulator::without_listeners(options).expect("the demonstration account");
        let account = simulator.base_url().parse().expect("an address");
        let watched = Arc::new(Watched { simulator, strayed: AtomicBool::new(false) });
        let dial: Arc<dyn Dial> = watched.clone();
        let integration =
            Integration::in_process(Scene::settings(account), Arc::new(MemoryStore::new()), clock.clone(), &dial);
        let integration = Arc::new(integration.expect("a usable integration"));
        let placed = PlacedOperation::new(operation(), integration, "queue:sales".to_owned(), Vec::new());
        let placed = placed.await.expect("it describes itself");
        let mut caller = String::new();
        for byte in program {
            write!(caller, "{byte:02x}").expect("a string grows");
        }
        let call = IncomingCall { id: "1".to_owned(), caller: Some(caller), called: String::new() };
        let began = Instant::now();
        let resolved = placed.resolve(call, &clock).await;
        assert!(began.elapsed() <= WAITING_TIME + MARGIN, "it took {:?}", began.elapsed());
        assert!(!watched.strayed.load(Ordering::Relaxed), "something else than the account was spoken to");
        resolved
    })
}

fn assert_survived(resolved: &ResolvedCall) {
    let Route::LinkedOperation { reason, .. } = &resolved.route else { panic!("it forwards nothing") };
    assert!(["told", "operation-failed"].contains(&reason.code.as_str()), "{}", reason.code);
    assert!(resolved.run.memory_bytes <= 32 * 1024 * 1024, "{}", resolved.run.memory_bytes);
    let shown = serde_json::to_string(resolved).expect("JSON");
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[test]
fn every_import() {
    // A request as it should be: made, sent, waited for, read to its end. So the programs below reach the account too.
    let resolved = run(&[
        47, 20, 22, 23, 36, 24, 25, 26, 27, 28, 5, 1, 45, 8, 30, 31, 39, 40, 1, 41, 3, 5, 42, 3, 0, 43, 0, 44, 0,
    ]);
    assert_survived(&resolved);
    let Route::LinkedOperation { reason, .. } = &resolved.route else { panic!() };
    assert_eq!((reason.code.as_str(), reason.text.en.as_str()), ("told", "19 steps"));
    assert_eq!(resolved.details.exchanges.len(), 1, "{:?}", resolved.details.exchanges);
}

/// The steps of a request, as they should be and not.
const STEPS: &[&[u8]] = &[
    &[47],
    &[20],
    &[21, 0, 0, 0],
    &[21, 2, 2, 2],
    &[11],
    &[12],
    &[14, 9],
    &[19, 1],
    &[19, 0],
    &[22],
    &[23],
    &[24],
    &[25],
    &[26],
    &[27],
    &[28, 5, 1],
    &[28, 2, 0],
    &[28, 0, 0],
    &[29, 2, 0],
    &[30],
    &[31],
    &[32],
    &[33],
    &[34, 0],
    &[35, 7],
    &[36],
    &[37, 3],
    &[38, 0],
    &[38, 1],
    &[45, 5],
    &[45, 6],
    &[45, 7],
    &[45, 8],
    &[45, 10],
    &[17, 5, 0],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_imports_harms_the_host(program in prop::collection::vec(any::<u8>(), 0..160)) {
        assert_survived(&run(&program));
    }

    /// Most random programs fail early; of these most go far.
    #[test]
    fn no_order_of_steps_of_a_request_harms_the_host(
        steps in prop::collection::vec(prop::sample::select(STEPS), 0..40),
    ) {
        assert_survived(&run(&steps.concat()));
    }
}
