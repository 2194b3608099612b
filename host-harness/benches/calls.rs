//! What one call costs, by criterion: the decision natively, and the component in an instance of its own. `load` has what load does to it.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs, reason = "a bench is a program for people")]

#[path = "load/native.rs"]
mod native;
#[path = "load/scene.rs"]
mod scene;

use criterion::{Criterion, criterion_group, criterion_main};
use runtime::capabilities::clocks::Clock;

pub(crate) const CALLER: &str = "+7 916 123-45-67";
pub(crate) const ANNA: u64 = 504_141;

fn hit(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("hit");
    let natively = native::Native::new();
    assert!(natively.call(CALLER));
    group.bench_function("natively", |bencher| bencher.iter(|| assert!(natively.call(CALLER))));
    let node = runtime.block_on(scene::with_a_kept_manager(&scene::operation(), scene::memory()));
    let (placed, clock) = (node.revision().placements()[0].active().placed.clone(), Clock::system());
    group.bench_function("fresh-instance", |bencher| {
        bencher.to_async(&runtime).iter(|| async { placed.resolve(scene::call(CALLER), &clock).await });
    });
    group.finish();
}

criterion_group!(benches, hit);
criterion_main!(benches);
