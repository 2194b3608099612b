//! A component that calls every import with hostile arguments in any order: the host stays in one piece, the call has a route in time, and nothing goes
//! anywhere but to the account.

use std::cell::Cell;
use std::fmt::Write as _;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use amocrm::integration::Integration;
use amocrm_simulator::{Options, Simulator};
use call::{CallDocument, IncomingCall};
use hostile_components::EVERY_IMPORT;
use node::{self, ReadyOperation};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use replay::recording::Recording;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::Dial;
use runtime::engine::Operation;
use runtime::store::Stores;
use test_support::{MARGIN, START, Scene, TOKEN, engine};
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep};

use super::fuzzing::fuzz::hostile_server::{ACCOUNT, HostileServer};

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

/// Runs a program against the demonstration account.
fn run(program: &[u8]) -> CallDocument {
    resolve(program, |clock| {
        let simulated = clock.clone();
        let options =
            Options { clock: Arc::new(move || simulated.now()), token: Some(TOKEN.to_owned()), ..Options::default() };
        let simulator = Simulator::without_listeners(options).expect("the demonstration account");
        let address = simulator.base_url().to_owned();
        let watched = Arc::new(Watched { simulator, strayed: AtomicBool::new(false) });
        let dial: Arc<dyn Dial> = watched.clone();
        let judge = move || {
            assert!(!watched.strayed.load(Ordering::Relaxed), "something else than the account was spoken to");
        };
        (address, dial, judge)
    })
}

/// Runs a program against a server that misbehaves too, and counts what reached it.
fn run_among_enemies(program: &[u8]) -> (CallDocument, usize) {
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    let resolved = resolve(program, |_| {
        let server = Arc::new(HostileServer::new(program.len(), TOKEN));
        let dial: Arc<dyn Dial> = server.clone();
        (ACCOUNT.to_owned(), dial, move || seen.store(server.requests(), Ordering::Relaxed))
    });
    (resolved, requests.load(Ordering::Relaxed))
}

/// Runs a program in a time of its own, in which waiting takes none. `prepare` makes the account's server, and what judges it afterwards.
fn resolve<J: FnOnce()>(program: &[u8], prepare: impl FnOnce(&Clock) -> (String, Arc<dyn Dial>, J)) -> CallDocument {
    let before = panics();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let resolved = runtime.block_on(async {
        let clock = Clock::following(START.parse().expect("a time"));
        let (address, dial, judge) = prepare(&clock);
        let settings = Scene::settings(address.parse().expect("an address"));
        let integration = Integration::in_process(settings, Stores::in_memory(), clock.clone(), &dial);
        let integration = Arc::new(integration.expect("a usable integration"));
        let placed = ReadyOperation::new(operation(), integration, "queue:sales".to_owned(), Vec::new());
        let placed = placed.await.expect("it describes itself");
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
        let (resolved, noted) = node::noted(&placed, call, &clock).await;
        assert!(began.elapsed() <= WAITING_TIME + MARGIN, "it took {:?}", began.elapsed());
        // Whatever was noted can be written down and read again, or was too much.
        if let Ok(recording) = Recording::make(&placed, &resolved, noted, None).await {
            let written = recording.write().expect("JSON");
            assert!(Recording::read(&written).is_ok(), "a recording that cannot be read");
        }
        judge();
        drop((placed, dial));
        // Past every deadline of the call and of its connections: who still runs would run for ever.
        sleep(Duration::from_secs(600)).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "tasks outlived the call and its integration");
        resolved
    });
    assert_eq!(panics(), before, "a task of the host panicked");
    resolved
}

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// How often this thread has panicked: nobody else sees it when a task of the runtime does.
pub(super) fn panics() -> usize {
    static COUNTING: Once = Once::new();
    COUNTING.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            PANICS.set(PANICS.get() + 1);
            usual(panicked);
        }));
    });
    PANICS.get()
}

fn assert_survived(resolved: &CallDocument) {
    let Some(reason) = &resolved.reason else { panic!("it forwards nothing") };
    assert!(["told", "operation-failed"].contains(&reason.code.as_str()), "{}", reason.code);
    assert!(resolved.run.memory_bytes.is_some_and(|bytes| bytes <= 32 * 1024 * 1024), "{:?}", resolved.run);
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
    let Some(reason) = &resolved.reason else { panic!() };
    assert_eq!((reason.code.as_str(), reason.text_en.as_str()), ("told", "19 steps"));
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

/// The same programs on every run; `EVERY_IMPORT_SEED` chooses others, `EVERY_IMPORT_PROGRAMS` how many.
fn programs<S: Strategy>(strategy: S, count: u32, run: impl Fn(S::Value)) {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|set| set.parse().ok()).unwrap_or(usual);
    let (seed, count) = (number("EVERY_IMPORT_SEED", 20_261_123), number("EVERY_IMPORT_PROGRAMS", count.into()));
    println!("EVERY_IMPORT_SEED={seed} EVERY_IMPORT_PROGRAMS={count}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let cases = u32::try_from(count).expect("not so many programs");
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let ran = runner.run(&strategy, |program| {
        run(program);
        Ok(())
    });
    ran.expect("every program is survived");
}

#[test]
fn no_order_of_imports_harms_the_host() {
    programs(prop::collection::vec(any::<u8>(), 0..160), 60, |program| assert_survived(&run(&program)));
}

/// Most random programs fail early; of these most go far.
#[test]
fn no_order_of_steps_of_a_request_harms_the_host() {
    let steps = prop::collection::vec(prop::sample::select(STEPS), 0..40);
    programs(steps, 60, |steps| assert_survived(&run(&steps.concat())));
}

/// The same where the server misbehaves too. What reaches it is one well-formed request after another, whatever the guest wrote.
#[test]
fn nothing_but_well_formed_requests_to_the_account_leave_the_host() {
    // A request that is sent and waited for, among steps that are not part of it.
    let part = prop_oneof![
        6 => prop::sample::select(STEPS).prop_map(<[u8]>::to_vec),
        2 => prop::collection::vec(any::<u8>(), 1..6),
        1 => Just([&[47, 22, 23, 36, 24, 26, 27][..], &[28, 5, 1, 28, 6, 0, 30, 31]].concat()),
    ];
    let (reached, runs) = (Cell::new(0), Cell::new(0));
    programs(prop::collection::vec(part, 0..40), 200, |parts| {
        let (resolved, requests) = run_among_enemies(&parts.concat());
        assert_survived(&resolved);
        reached.set(reached.get() + requests);
        runs.set(runs.get() + 1);
    });
    println!("{} requests of {} programs", reached.get(), runs.get());
    assert!(reached.get() >= runs.get() / 4, "hardly anything was sent: {} of {}", reached.get(), runs.get());
}

#[test]
fn what_no_host_can_answer_ends_the_call() {
    for (program, because) in [
        // Fields, requests, options, timers, buckets, each taken from its owner, who goes on.
        (&[0, 50, 240, 4][..], "unknown handle index"),
        (&[47, 50, 241, 22], "unknown handle index"),
        (&[20, 50, 242, 21, 0, 0, 0], "unknown handle index"),
        (&[34, 0, 50, 247, 38, 0], "unknown handle index"),
        (&[40, 1, 50, 248, 41, 1, 1], "unknown handle index"),
        // What others hang on.
        (&[47, 11, 12, 45, 3], "resource has children"),
        (&[36], "empty poll list"),
        // Fields of more than 128 KiB, in one header or in many; more zeroes than are permitted.
        (&[0, 2, 1, 4], "total size of fields exceeds limit"),
        (&[47, 11, 12, 15, 2], "cannot write more zeroes"),
    ] {
        let (resolved, requests) = run_among_enemies(program);
        let Some(reason) = &resolved.reason else { panic!("it forwards nothing") };
        assert_eq!((reason.code.as_str(), requests), ("operation-failed", 0), "{program:?}");
        assert!(reason.text_en.contains(because), "{program:?}: {}", reason.text_en);
    }
}
