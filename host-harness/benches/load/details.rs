//! What keeping call details costs a cached call, and of that what the count costs which outlasts a killed process.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use node::call_details::{CallDetails, CallDetailsSettings, Place, file_in};
use node::{Node, NodeBuilder, Observer};
use runtime::capabilities::clocks::Clock;

use crate::{CALLER, at, note, scene, show, times};

const ROUNDS: u32 = 8;
const ROUND: Duration = Duration::from_millis(600);
/// As many as a small office has in its busiest minute; the writer keeps up with them.
const BETWEEN: Duration = Duration::from_millis(2);

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let home = tempfile::tempdir().expect("a directory");
    let operation = scene::operation();
    let node = |place: Option<Place>| {
        let observer = place.map(|place| -> Arc<dyn Observer> {
            Arc::new(CallDetails::begin(place, CallDetailsSettings::default(), Clock::system()).expect("a place"))
        });
        let builder = runtime.block_on(scene::builder_with_a_kept_manager(&operation, scene::memory()));
        observer.into_iter().fold(builder, NodeBuilder::observer).build().expect("a scenario")
    };
    let mut measured = [
        ("no details", node(None), times()),
        ("details in memory", node(Some(Place::memory())), times()),
        ("details in a file, counted", node(Some(Place::File(file_in(home.path())))), times()),
    ];
    let counted = OpenOptions::new().write(true).create_new(true).open(home.path().join("count")).expect("a file");
    let mut writes = times();
    for _ in 0..ROUNDS {
        for (_, node, latencies) in &mut measured {
            runtime.block_on(hits(node, latencies));
        }
        for number in 0..1_000_u64 {
            let text = format!("{number:020} {number:020}\n");
            let began = Instant::now();
            counted.write_all_at(text.as_bytes(), 0).expect("a write");
            note(&mut writes, began.elapsed());
        }
    }
    let first = at(&measured[0].2, 0.5);
    for (name, _, latencies) in &measured {
        show(name, latencies);
        println!("    {:+.1} us at p50", at(latencies, 0.5) - first);
    }
    show("the write that counts a call", &writes);
}

/// Cached calls, one after another.
async fn hits(node: &Node, latencies: &mut hdrhistogram::Histogram<u64>) {
    let end = Instant::now() + ROUND;
    while Instant::now() < end {
        let began = Instant::now();
        let finished = node.resolve(&node.revision().first().expect("a placement"), scene::call(CALLER)).await;
        note(latencies, began.elapsed());
        assert!(finished.resolved.details.requests.is_empty(), "a hit");
        tokio::time::sleep(BETWEEN).await;
    }
}
