//! What a call computes, checked in: a change that makes it dearer by more than a twentieth has to say so here.

use test_support::{CALLER, Home};

/// Instructions of a call that asks amoCRM, as with the README's first command.
const MISS: u64 = 196_359;
/// Instructions of a call that is answered from the cache.
const HIT: u64 = 31_060;

/// How often a call is made. Chance only adds: an answer that comes in more pieces is read in more steps.
const TIMES: usize = 5;

#[test]
fn a_call_computes_no_more_than_what_is_checked_in_and_a_twentieth() {
    let home = Home::new();
    let call = |state: &str| {
        let (ended, resolved) = home.call_json(&[CALLER, "--at", "2026-11-22T09:00:00Z", "--state", state]);
        resolved["run"]["instructions"].as_u64().unwrap_or_else(|| panic!("{ended:?}"))
    };
    let asking = (0..TIMES).map(|time| {
        let state = format!("new-{time}");
        home.has_run(&state);
        call(&state)
    });
    let asking = asking.min().expect("some calls");
    let kept = (0..TIMES).map(|_| call("new-0")).min().expect("some calls");
    for (what, name, counted, checked_in) in
        [("asks amoCRM", "MISS", asking, MISS), ("is answered from the cache", "HIT", kept, HIT)]
    {
        let allowed = checked_in - checked_in / 20..=checked_in + checked_in / 20;
        assert!(
            allowed.contains(&counted),
            "a call that {what} takes {counted} instructions, {checked_in} are checked in: where the change is worth that (or is better than \
             that), write {name} = {counted} here and in host-harness/docs/performance.md"
        );
    }
}
