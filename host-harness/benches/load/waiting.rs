//! Ten thousand calls that wait for an amoCRM that does not answer, and a caller meanwhile whose manager is known.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use node::Node;
use runtime::engine::{Engine, EngineSettings, SlotReset};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::ServerSettings;
use tokio::time::Instant;

use crate::{CALLER, at, note, scene, show, times};

const CALLS: u32 = 10_000;
/// All have arrived by then, and none has been given up yet.
const ARRIVING: Duration = Duration::from_secs(10);
const WAITING_TIME: Duration = Duration::from_secs(20);
/// What tells this program to be the other end.
pub(crate) const STALL: &str = "stall";
const LATE: Duration = Duration::from_millis(50);

/// Tells this program to measure one way of setting slots back.
const WAY: &str = "WAITING_WAY";
/// Asks this program for that, since memory that one way took would be counted with the other's.
pub(crate) const ONE: &str = "waiting-one-way";
/// What each is called, and whether pages are scanned.
const WAYS: [(&str, bool); 2] = [("with the page scan", true), ("without the page scan", false)];

pub(crate) fn run() {
    for (way, _) in WAYS {
        println!("-- {way}");
        let program = std::env::current_exe().expect("this program");
        let ended = Command::new(program).arg(ONE).env(WAY, way).status().expect("this program");
        assert!(ended.success(), "{way}: {ended}");
    }
}

pub(crate) fn one() {
    let asked = std::env::var(WAY).expect("a way");
    let (_, page_scan) = *WAYS.iter().find(|(way, _)| *way == asked).expect("one of the ways");
    let slot_reset = if page_scan { SlotReset { keep_resident: 2048 * 1024, page_scan } } else { SlotReset::default() };
    allow_many_connections();
    let stalled = Stalled::start();
    let address = stalled.address.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let settings = EngineSettings { slot_reset, ..EngineSettings::for_calls(ServerSettings::default().max_calls) };
        let engine = Engine::new(settings).expect("an engine");
        let operation = engine.load(host_harness::OPERATION).expect("the operation fits");
        let cached = scene::with_a_kept_manager(&operation, scene::memory()).await;
        let waiting_time = [("waiting_time", "20s")];
        let node =
            scene::node(&operation, scene::integration(&address, scene::memory()), &waiting_time, Vec::new()).await;
        let before = hits(&cached, Duration::from_secs(3)).await;
        let started = Instant::now();
        let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..CALLS {
            tokio::time::sleep_until(started + ARRIVING / CALLS * number).await;
            let (node, sender) = (node.clone(), sender.clone());
            tokio::spawn(async move {
                let caller = format!("+7999{number:07}");
                let began = Instant::now();
                let finished = node.resolve(&node.revision().first().expect("a placement"), scene::call(&caller)).await;
                let reason = finished.resolved.to_owned();
                let _ = sender.send((began.elapsed(), reason));
            });
        }
        drop(sender);
        tokio::time::sleep_until(started + ARRIVING + Duration::from_secs(1)).await;
        let at_once = node.in_flight();
        let meanwhile = hits(&cached, Duration::from_secs(6)).await;
        let used = memory_in_use();
        let (mut waits, mut other) = (times(), 0);
        while let Some((waited, resolved)) = ended.recv().await {
            note(&mut waits, waited);
            let text = serde_json::to_string(&*resolved).expect("JSON");
            other += u32::from(!text.contains("no-answer-in-time"));
        }
        show("calls that got no answer", &waits);
        let latest = Duration::from_nanos(waits.max()).saturating_sub(WAITING_TIME);
        println!("waiting at once: {at_once}; with another reason than no-answer-in-time: {other}");
        println!(
            "the latest came {} ms after its waiting time (aim: at most {})",
            latest.as_millis(),
            LATE.as_millis()
        );
        println!("memory while they waited: {} MiB (aim: under 750)", used / 1024);
        show("a cached call before", &before);
        show("a cached call meanwhile", &meanwhile);
        println!("p99 meanwhile / before: {:.2} (aim: at most 2)", at(&meanwhile, 0.99) / at(&before, 0.99));
    });
}

/// A hit every five milliseconds.
async fn hits(node: &Node, long: Duration) -> hdrhistogram::Histogram<u64> {
    let mut latencies = times();
    let end = Instant::now() + long;
    let mut next = Instant::now();
    while next < end {
        tokio::time::sleep_until(next).await;
        let began = Instant::now();
        let finished = node.resolve(&node.revision().first().expect("a placement"), scene::call(CALLER)).await;
        note(&mut latencies, began.elapsed());
        assert!(finished.resolved.details.requests.is_empty(), "a hit");
        next += Duration::from_millis(5);
    }
    latencies
}

/// A process that takes connections and never answers; what it uses is not counted with the node's. It ends with this value.
pub(crate) struct Stalled {
    process: Child,
    pub(crate) address: String,
}

impl Stalled {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut process = Command::new(program).arg(STALL).stdout(Stdio::piped()).spawn().expect("a process");
        let mut address = String::new();
        let said = process.stdout.take().expect("its output");
        BufReader::new(said).read_line(&mut address).expect("its address");
        Self { process, address: format!("http://{}", address.trim()) }
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What that process does.
pub(crate) fn stall() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let held: Vec<_> = listener.incoming().collect();
    drop(held);
}

/// A connection for every call.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let allowed = getrlimit(Resource::Nofile).current;
    if raised.is_err() || allowed.is_some_and(|allowed| allowed < u64::from(CALLS) + 1_000) {
        println!("this user may open {allowed:?} files: too few for {CALLS} calls; raise `ulimit -n` to see all of it");
    }
}

/// Memory that this process takes from the machine, in KiB: its proportional set size. `VmRSS` counts the component's read-only data, which all calls
/// share, once for each call that has read it.
pub(crate) fn memory_in_use() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
