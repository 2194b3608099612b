//! What a call computes, checked in: a change that makes it dearer by more than a twentieth has to say so here.

use crate::process::{CALLER, Home};

/// Instructions of a call that asks amoCRM, in the README's first example.
const MISS: u64 = 314_454;
/// Instructions of a call that is answered from the cache.
const HIT: u64 = 60_463;

#[test]
fn a_call_computes_no_more_than_what_is_checked_in_and_a_twentieth() {
    let home = Home::new();
    for (what, name, checked_in) in [("asks amoCRM", "MISS", MISS), ("is answered from the cache", "HIT", HIT)] {
        let (ended, resolved) = home.call_json(&[CALLER, "--at", "2026-11-22T09:00:00Z"]);
        let counted = resolved["run"]["instructions"].as_u64().unwrap_or_else(|| panic!("{ended:?}"));
        let allowed = checked_in - checked_in / 20..=checked_in + checked_in / 20;
        assert!(
            allowed.contains(&counted),
            "a call that {what} takes {counted} instructions, {checked_in} are checked in: where the change is worth that (or is better than \
             that), write {name} = {counted} here and in the README"
        );
    }
}
