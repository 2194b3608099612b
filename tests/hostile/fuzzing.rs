//! The fuzz targets, each with its seeds: so they are known to build, to accept what they begin from, and to hold, without `cargo fuzz`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets themselves are other crates")]
pub(crate) mod fuzz;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz")
}

#[test]
fn every_target_of_the_manifest_can_be_run_and_has_a_source_that_runs_it() {
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).expect("the manifest");
    let built: BTreeSet<_> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""))
        .collect();
    let known: BTreeSet<_> = fuzz::targets::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(built, known);
    for name in known {
        let source = fs::read_to_string(folder().join(format!("fuzz_targets/{name}.rs"))).expect("a source");
        assert!(source.contains(&format!("fuzz::targets::{name}(bytes)")), "{name} does something else");
    }
}

#[test]
fn every_target_has_seeds_and_holds_on_them() {
    for (name, target) in fuzz::targets::ALL {
        let folder = folder().join("seeds").join(name);
        let seeds: Vec<_> = fs::read_dir(&folder).map_or_else(|_| Vec::new(), Iterator::collect);
        assert!(!seeds.is_empty(), "{name} begins from nothing; put seeds into {}", folder.display());
        for seed in seeds {
            let seed = fs::read(seed.expect("an entry").path()).expect("a seed");
            target(&seed);
            // What is cut short and what is turned around is nothing to fall over either.
            target(&seed[..seed.len() / 2]);
            target(&seed.iter().rev().copied().collect::<Vec<_>>());
        }
    }
}

#[test]
fn seeds_of_what_is_read_are_read() {
    let seed = |name: &str| fs::read_to_string(folder().join("seeds").join(name)).expect("a seed");
    for case in ["policy_case/1", "policy_case/2"] {
        host_harness::policy::understand(&seed(case)).expect(case);
    }
    let file = PathBuf::from("/nowhere/host-harness.toml");
    host_harness::config::HarnessConfig::parse(&file, &seed("config/2")).expect("a configuration");
    // Who is rung stands in the record alone, so the target judges records that are believed.
    assert!(fuzz::call::record_with(seed("stored_record/1").as_bytes()), "a good record is believed");
}
