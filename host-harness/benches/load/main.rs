//! What a call costs, and what load does to it. Everything that is compared runs in one process, turn by turn, since a machine's speed changes
//! from minute to minute: read the ratios.
//!
//! `cargo bench -p benches --bench load` runs all parts; `cargo bench -p benches --bench load -- hit http` only these. Each prints what was measured and what was
//! aimed at, and judges nothing: the machine may be busy with something else.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench is a program for people"
)]

mod details;
mod hit;
mod http;
mod misses;
mod native;
mod peers;
mod pool;
mod scene;
mod shapes;
mod start;
mod waiting;

use std::time::Duration;

use hdrhistogram::Histogram;

/// The caller of the demonstration account's contact 3, whose manager is Anna.
pub(crate) const CALLER: &str = "+7 916 123-45-67";
/// Anna's amoCRM user.
pub(crate) const ANNA: u64 = 504_141;

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if chosen.iter().any(|chosen| chosen == waiting::STALL) {
        return waiting::stall();
    }
    if chosen.iter().any(|chosen| chosen == shapes::ONE) {
        return shapes::one();
    }
    if chosen.iter().any(|chosen| chosen == waiting::ONE) {
        return waiting::one();
    }
    let is_chosen = |part: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == part);
    for (part, run) in [
        ("hit", hit::run as fn()),
        ("http", http::run),
        ("misses", misses::run),
        ("details", details::run),
        ("pool", pool::run),
        ("waiting", waiting::run),
        ("start", start::run),
        ("peers", peers::run),
        ("shapes", shapes::run),
    ] {
        if is_chosen(part) {
            println!("\n== {part}");
            run();
        }
    }
}

/// Times in nanoseconds.
pub(crate) fn times() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000_000, 3).expect("sane bounds")
}

pub(crate) fn note(times: &mut Histogram<u64>, time: Duration) {
    times.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
}

/// A quantile in microseconds.
pub(crate) fn at(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1_000.0
}

pub(crate) fn show(name: &str, times: &Histogram<u64>) {
    println!(
        "{name:<44} p50 {:>10.1} us   p99 {:>10.1} us   max {:>10.1} us   n {}",
        at(times, 0.5),
        at(times, 0.99),
        at(times, 1.0),
        times.len()
    );
}
