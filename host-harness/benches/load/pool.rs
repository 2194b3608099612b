//! Ways of setting a slot back after a call, side by side: what a cached call costs, and how much memory each used slot keeps.

use std::time::{Duration, Instant};

use runtime::capabilities::clocks::Clock;
use runtime::engine::{Engine, EngineSettings, SlotReset};

use crate::waiting::{Stalled, memory_in_use};
use crate::{CALLER, at, note, scene, show, times};

const ROUNDS: u32 = 8;
const ROUND: Duration = Duration::from_millis(500);
/// How many slots are used at once.
const SLOTS: u64 = 400;

pub(crate) fn run() {
    const KIB: usize = 1024;
    let variants = [
        ("page scan, 2 MiB stay", SlotReset { keep_resident: 2048 * KIB, page_scan: true }),
        ("no scan, nothing stays", SlotReset { keep_resident: 0, page_scan: false }),
        ("no scan, 64 KiB stay", SlotReset { keep_resident: 64 * KIB, page_scan: false }),
        ("no scan, 128 KiB stay", SlotReset { keep_resident: 128 * KIB, page_scan: false }),
        ("no scan, 256 KiB stay", SlotReset { keep_resident: 256 * KIB, page_scan: false }),
        ("no scan, 2 MiB stay", SlotReset { keep_resident: 2048 * KIB, page_scan: false }),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stalled = Stalled::start();
    let mut measured: Vec<_> = variants
        .into_iter()
        .map(|(name, slot_reset)| {
            let settings = EngineSettings { slot_reset, ..EngineSettings::for_calls(1_000) };
            let engine = Engine::new(settings).expect("an engine");
            let operation = engine.load(host_harness::OPERATION).expect("the operation fits");
            let node = runtime.block_on(scene::with_a_kept_manager(&operation, scene::memory()));
            (name, operation, node.revision().placements()[0].active().placed.clone(), times())
        })
        .collect();
    let clock = Clock::system();
    for _ in 0..ROUNDS {
        for (_, _, placed, latencies) in &mut measured {
            runtime.block_on(async {
                let end = Instant::now() + ROUND;
                while Instant::now() < end {
                    let began = Instant::now();
                    placed.resolve(scene::call(CALLER), &clock).await;
                    note(latencies, began.elapsed());
                }
            });
        }
    }
    let first = measured.first().map_or(1.0, |(_, _, _, latencies)| at(latencies, 0.5));
    for (name, operation, _, latencies) in &measured {
        show(name, latencies);
        let kept = runtime.block_on(async {
            let integration = scene::integration(&stalled.address, scene::memory());
            let node = scene::node(operation, integration, &[("waiting_time", "2s")], Vec::new()).await;
            let before = memory_in_use();
            let calls = (0..SLOTS).map(|number| {
                let node = node.clone();
                tokio::spawn(async move {
                    node.resolve(
                        &node.revision().first().expect("a placement"),
                        scene::call(&format!("+7999{number:07}")),
                    )
                    .await;
                })
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.expect("a call");
            }
            memory_in_use().saturating_sub(before)
        });
        println!(
            "    {:+.0} % at p50, {} KiB kept for each used slot",
            (at(latencies, 0.5) / first - 1.0) * 100.0,
            kept / SLOTS
        );
    }
}
