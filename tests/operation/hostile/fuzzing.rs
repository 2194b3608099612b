//! The fuzz targets, each with its seeds: so they are known to build, to accept what they begin from, and to hold, without `cargo fuzz`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, panic};

use test_support::workspace;

use super::any_order::panics;

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets themselves are other crates")]
pub(crate) mod fuzz;

fn folder() -> PathBuf {
    workspace().join("tests/fuzz")
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
    for case in ["policy_case/1", "policy_case/2", "policy_case/3"] {
        replay::policy::understand(&seed(case)).expect(case);
    }
    let file = PathBuf::from("/nowhere/host-harness.toml");
    for configuration in ["config/2", "config/3"] {
        host_harness::config::HarnessConfig::parse(&file, &seed(configuration)).expect(configuration);
    }
    let recording = replay::recording::Recording::read(seed("recording/2").as_bytes()).expect("a recording");
    assert_eq!(recording.steps().count(), 2);
    // Who is rung stands in the record alone, so the target judges records that are believed.
    assert!(fuzz::call::record_with(seed("stored_record/1").as_bytes()), "a good record is believed");
}

/// A generator of numbers that are the same on every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 1).expect("64 bits") % end.max(1)
    }
}

/// What input goes wrong by.
const TOKENS: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"\"",
    b"{",
    b"[",
    b"}",
    b"\n",
    b"\r\n\r\n",
    b"-1",
    b"0",
    b"1e999",
    b"18446744073709551616",
    b"null",
    b"\\ud800",
    b"../",
    b"\xf0\x9f\x98\x80",
];

/// A seed with some of its bytes changed, left out, repeated, or from another seed.
fn altered(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seeds[numbers.below(seeds.len())].clone();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let until = (at + 1 + numbers.below(16)).min(bytes.len());
        match numbers.below(6) {
            0 if !bytes.is_empty() => bytes[at] = u8::try_from(numbers.below(256)).expect("a byte"),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            2 if !bytes.is_empty() => drop(bytes.drain(at..until)),
            3 if !bytes.is_empty() => {
                let piece = bytes[at..until].repeat(1 + numbers.below(40));
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = &seeds[numbers.below(seeds.len())];
                let piece = other.get(numbers.below(other.len())..).unwrap_or_default().to_vec();
                bytes.splice(at.., piece);
            }
            _ => drop(bytes.splice(at..at, TOKENS[numbers.below(TOKENS.len())].iter().copied())),
        }
    }
    bytes.truncate(4_096);
    bytes
}

/// A little fuzzing on every run, without knowing what of the program is reached. `FUZZ_SECONDS` makes it longer, `FUZZ_SEED` another one, and
/// `FUZZ_TARGET` one of one target.
#[test]
fn every_target_holds_on_seeds_that_were_altered() {
    assert_eq!(panics(), 0, "they are counted from here on");
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let only = std::env::var("FUZZ_TARGET").ok();
    let (seconds, seed) = (number("FUZZ_SECONDS"), number("FUZZ_SEED").unwrap_or(20_261_123));
    for (name, target) in fuzz::targets::ALL.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name))
    {
        let entries = fs::read_dir(folder().join("seeds").join(name)).expect("seeds");
        let mut seeds: Vec<_> = entries.map(|seed| seed.expect("an entry").path()).collect();
        seeds.sort();
        let seeds: Vec<_> = seeds.iter().map(|seed| fs::read(seed).expect("a seed")).collect();
        let (mut numbers, began, mut runs) = (Numbers(seed), Instant::now(), 0);
        while seconds.map_or(runs < 32, |seconds| began.elapsed() < Duration::from_secs(seconds)) {
            let bytes = altered(&seeds, &mut numbers);
            let held = panic::catch_unwind(|| target(&bytes));
            // Those of tasks that nobody waits for are counted too.
            assert!(
                held.is_ok() && panics() == 0,
                "{name}, FUZZ_SEED={seed}, run {runs}: {:?}",
                String::from_utf8_lossy(&bytes)
            );
            runs += 1;
        }
        println!("{name}: {runs} runs, FUZZ_SEED={seed}");
    }
}
