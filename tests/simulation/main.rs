//! Deterministic simulation: one seed makes a world, and every call in it is checked against the specification.
//!
//! A world has a PBX with thousands of callers, employees who come and go, an amoCRM that slows, fails, lies, blocks, renames and expires tokens, a
//! store that fails to read, to write, or loses its last second, a node that crashes and restarts, and clocks that jump. Days of it pass in a
//! second, since time only goes on when nothing is left to do; the component, its sandbox and the host around it are the real ones.
//!
//! | what | how |
//! |---|---|
//! | a small share, with the other tests | `cargo test --test simulation` |
//! | a million calls across a thousand seeds, in `.ci/full` | `SIMULATION_SEEDS=1000 SIMULATION_CALLS=1000 cargo test --release --test simulation worlds` |
//! | one seed again | `SIMULATION_SEED=7 cargo test --test simulation worlds` |
//! | deliberate bugs, each of which must be caught | `cargo test --test simulation mutants -- --ignored --nocapture` |

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod account;
mod checks;
mod deputies;
mod mutants;
mod plan;
mod scenario;
mod seen;
mod shrink;
mod store;
mod summary;
mod talks;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use plan::Plan;
use shrink::shrunk;
use summary::{Summary, Violation};
use world::run;

/// Seeds and calls of each where nothing else is asked for.
const SEEDS: u64 = 12;
const CALLS: usize = 250;

fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

fn calls() -> usize {
    asked("SIMULATION_CALLS").map_or(CALLS, |calls| usize::try_from(calls).expect("a sane number"))
}

/// What to say of a seed that fails: how to see it again, and the least that fails.
fn told(seed: u64, calls: usize, violation: &Violation) -> String {
    let plan = Plan::of(seed, calls);
    let (least, violation) = shrunk(&plan, violation);
    let steps: Vec<_> = least.happenings.iter().map(|happening| format!("  {happening:?}\n")).collect();
    format!(
        "{violation}\nagain: SIMULATION_SEED={seed} SIMULATION_CALLS={calls} cargo test --test simulation worlds\n\
         the least that fails, {} of {} happenings:\n{}",
        least.happenings.len(),
        plan.happenings.len(),
        steps.concat()
    )
}

#[test]
fn worlds() {
    let calls = calls();
    let seeds: Vec<u64> = match asked("SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (0..asked("SIMULATION_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let (next, failed) = (AtomicU64::new(0), Mutex::new(None));
    let (total, began) = (Mutex::new(Summary::default()), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while failed.lock().expect("no panic").is_none() {
                    let index = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).expect("a sane number");
                    let Some(seed) = seeds.get(index) else { break };
                    match run(&Plan::of(*seed, calls)) {
                        Ok(summary) => total.lock().expect("no panic").add(&summary),
                        Err(violation) => *failed.lock().expect("no panic") = Some((*seed, violation)),
                    }
                }
            });
        }
    });
    let total = total.into_inner().expect("no panic");
    println!("{total} in {:.1} s", began.elapsed().as_secs_f64());
    if let Some((seed, violation)) = failed.into_inner().expect("no panic") {
        panic!("after {} calls: {}", total.calls, told(seed, calls, &violation));
    }
    if seeds.len() > 1 {
        assert_eq!(total.calls, seeds.len() * calls);
        // A world in which nothing happens proves nothing.
        for outcome in
            ["forwarded", "contact-not-found", "integration-off", "no-answer-in-time", "manager-absent", "out-of-hours"]
        {
            assert!(total.outcomes.contains_key(outcome), "no call came to {outcome}: {total}");
        }
        assert!(total.to_deputies > 0, "no call rang a deputy: {total}");
        assert!(total.to_last_talked > 0, "nobody was rung who talked last: {total}");
        assert!(total.came_back > 0, "nobody failed to answer: {total}");
        assert!(total.most_steps == 4, "no call went all the way of a scenario: {total}");
        assert!(total.hits > 0 && total.certain_hits > 0 && total.certain_misses > 0, "{total}");
    }
}

#[test]
fn a_seed_is_the_same_world_every_time() {
    for seed in 0..asked("SIMULATION_SEEDS").unwrap_or(6) {
        let plan = Plan::of(seed, 150);
        let first = run(&plan).unwrap_or_else(|violation| panic!("{}", told(seed, 150, &violation)));
        let again = run(&plan).unwrap_or_else(|violation| panic!("{}", told(seed, 150, &violation)));
        assert_eq!(first.digest, again.digest, "seed {seed}");
        assert_ne!(first.digest, run(&Plan::of(seed + 100, 150)).expect("a sound world").digest);
    }
}

#[test]
fn outcomes_are_told_in_the_order_of_their_names() {
    let summary =
        Summary { outcomes: BTreeMap::from([("b".to_owned(), 1), ("a".to_owned(), 2)]), ..Summary::default() };
    assert!(summary.to_string().contains("2 a, 1 b"), "{summary}");
}
