//! The decision run natively with fakes: what holds for every number, every answer of amoCRM and every stored record.
//!
//! The rules themselves are proven with the component inside wasmtime, in the workspace's `tests` folder.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod answers;
mod numbers;
mod order;
mod records;
mod world;

use proptest::test_runner::Config;

/// Enough cases to find what is wrong, few enough to run in seconds; failures are reproduced by the printed input, not by files.
fn config() -> Config {
    Config { cases: 256, failure_persistence: None, ..Config::default() }
}
