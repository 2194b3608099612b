//! B4 What was found by one combination of the optional requests is never used under another.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::pbx::Pbx;

const SETTINGS: [&str; 3] = ["search_companies", "open_lead_first", "refuse_deactivated_managers"];

/// Every combination of the settings.
fn combinations() -> Vec<Vec<&'static str>> {
    let on = |bits: usize| (0..3).filter(move |bit| bits >> bit & 1 == 1).map(|bit| SETTINGS[bit]).collect();
    (0..8).map(on).collect()
}

#[test]
fn b4_every_combination_has_a_key_of_its_own_and_the_defaults_is_plain() {
    let mut keys = BTreeSet::new();
    for on in combinations() {
        let mut pbx = Pbx::new();
        pbx.switch_on(&on);
        pbx.call();
        let key = pbx.manager_key();
        assert_eq!(key.matches(':').count(), 1 + on.len(), "{key}");
        keys.insert(key);
    }
    assert_eq!(keys.len(), 8);
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn b4_a_manager_kept_under_one_combination_is_a_miss_under_another(
        first in subsequence(&SETTINGS, 0..=3),
        second in subsequence(&SETTINGS, 0..=3),
    ) {
        let mut pbx = Pbx::new();
        pbx.switch_on(&first);
        prop_assert_eq!(pbx.call().route(), "forward to anna");
        pbx.settings.clear();
        pbx.switch_on(&second);
        let outcome = pbx.call();
        prop_assert_eq!(outcome.fact("manager_source"), if first == second { "cache" } else { "crm" });
        prop_assert_eq!(pbx.call().requests().len(), 0, "whatever the combination, within six hours nothing is asked");
    }
}
