//! A cache hit: the decision natively, and the component in an instance of its own for every call, on one thread and on two.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use node::ReadyOperation;
use runtime::capabilities::clocks::Clock;
use stores::StoreLocation;

use crate::native::Native;
use crate::{CALLER, at, note, scene, show, times};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(800);

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let operation = scene::operation();
    let home = tempfile::tempdir().expect("a directory");
    let (sqlite, warnings) = stores::open(&StoreLocation::Directory(home.path().to_owned()));
    assert!(warnings.is_empty(), "{warnings:?}");
    let placed = |store| {
        let node = runtime.block_on(scene::with_a_kept_manager(&operation, store));
        node.revision().placements()[0].active().placed.clone()
    };
    let (memory, sqlite) = (placed(scene::memory()), placed(sqlite.cache));
    let native = Native::new();
    assert!(native.call(CALLER) && native.call(CALLER));

    let (mut natively, mut sandboxed, mut on_disk) = (times(), times(), times());
    let (mut one, mut two) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let end = Instant::now() + ROUND / 4;
        while Instant::now() < end {
            // Alone it is not much longer than looking at the clock.
            let started = Instant::now();
            for _ in 0..16 {
                assert!(native.call(CALLER));
            }
            note(&mut natively, started.elapsed() / 16);
        }
        one = one.max(rate(&memory, 1, &mut sandboxed));
        two = two.max(rate(&memory, 2, &mut times()));
        rate(&sqlite, 1, &mut on_disk);
    }
    show("the decision, natively", &natively);
    show("the component, fresh instance, memory", &sandboxed);
    show("the component, fresh instance, SQLite", &on_disk);
    let ratio = at(&sandboxed, 0.5) / at(&natively, 0.5);
    println!("component / native at p50: {ratio:.1} (aim: at most 8)");
    println!("SQLite / memory at p50: {:.2} (aim: at most 1.3)", at(&on_disk, 0.5) / at(&sandboxed, 0.5));
    println!("one thread {one:.0}/s, two threads {two:.0}/s: {:.2} times (aim: at least 1.8)", two / one);
}

/// Calls in a second on so many threads, each of which resolves one call after another.
fn rate(placed: &ReadyOperation, threads: usize, latencies: &mut Histogram<u64>) -> f64 {
    let started = Instant::now();
    let all: Vec<Histogram<u64>> = std::thread::scope(|scope| {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let (clock, mut latencies) = (Clock::system(), times());
            runtime.block_on(async {
                while started.elapsed() < ROUND {
                    let began = Instant::now();
                    let resolved = placed.resolve(scene::call(CALLER), &clock).await;
                    note(&mut latencies, began.elapsed());
                    assert!(resolved.details.requests.is_empty(), "a hit asks nobody");
                    // What is left to do after the answer is done before the next call.
                    tokio::task::yield_now().await;
                }
            });
            latencies
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).collect()
    });
    let took = started.elapsed().as_secs_f64();
    let calls: u64 = all.iter().map(Histogram::len).sum();
    for one in all {
        latencies.add(one).expect("the same bounds");
    }
    calls as f64 / took
}
