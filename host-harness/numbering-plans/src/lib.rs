//! The table of numbering plans in `call::numbers`, written from the metadata of libphonenumber.
//!
//! The metadata describes numbers by regular expressions, 100 kB of them. The operation needs no more than this of each calling code: the
//! trunk prefixes, the international prefix, and which digits a number of each length can begin with. That fits into a few kilobytes and
//! is read without an engine for regular expressions.
//!
//! A new release of `phonenumber` brings new metadata: write the table again (see `main.rs`) and look at the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};
use regex_automata::Anchored;
use regex_automata::dfa::Automaton;
use regex_automata::dfa::dense::DFA;
use regex_automata::util::start;

/// The release of libphonenumber whose metadata `phonenumber` holds: the build part of its version in `Cargo.lock`.
pub const LIBPHONENUMBER: &str = "9.0.33";

/// E.164: no national number is longer.
const LONGEST: usize = 14;

/// Trunk prefixes that people still write, though the plan has dropped them and libphonenumber with it: Tajikistan's and Uzbekistan's 8.
const FORMER_TRUNKS: [(u16, &str); 2] = [(992, "8"), (998, "8")];

/// What a national number of one length can begin with: a bit for each digit.
#[derive(Clone, Copy, Default)]
struct Beginnings {
    /// Any number.
    any: u16,
    /// A subscriber's number: a fixed line, a mobile, VoIP, or a personal number.
    subscriber: u16,
}

/// The table as the text of a Rust module.
pub fn table() -> String {
    let plans: Vec<String> = (1..=999).filter_map(|code: u16| Some(plan(code, &DATABASE.by_code(&code)?))).collect();
    let mut text = format!(
        "//! Numbering plans of the world. Written by `cargo run -p numbering-plans --example write_table` from the metadata of libphonenumber {LIBPHONENUMBER}\n\
         //! (Apache-2.0); do not edit. The columns are those of `Plan`.\n\n\
         use super::{{Plan, plan}};\n\n\
         #[rustfmt::skip]\n\
         pub(super) static PLANS: [Plan; {}] = [\n",
        plans.len()
    );
    for plan in plans {
        text.push_str(&plan);
    }
    text.push_str("];\n");
    text
}

fn plan(code: u16, regions: &[&Metadata]) -> String {
    let main = regions.iter().find(|region| region.is_main_country_for_code()).or(regions.first());
    let mut trunks = main.map(|region| trunk_prefixes(region)).unwrap_or_default();
    trunks.extend(FORMER_TRUNKS.iter().filter(|(former, _)| *former == code).map(|(_, trunk)| (*trunk).to_owned()));
    let prefix = main.and_then(|region| international_prefix(region)).unwrap_or_default();
    let mut beginnings: BTreeMap<usize, Beginnings> = BTreeMap::new();
    for region in regions {
        let kinds = region.descriptors();
        let subscribers = [kinds.fixed_line(), kinds.mobile(), kinds.voip(), kinds.personal_number()];
        let others = [kinds.toll_free(), kinds.premium_rate(), kinds.shared_cost(), kinds.pager(), kinds.uan()];
        for kind in subscribers.into_iter().flatten() {
            each_beginning(kind, |length, digit| {
                let of_length = beginnings.entry(length).or_default();
                of_length.any |= digit;
                of_length.subscriber |= digit;
            });
        }
        for kind in others.into_iter().flatten() {
            each_beginning(kind, |length, digit| beginnings.entry(length).or_default().any |= digit);
        }
    }
    let mut row = format!("    plan({code}, &{trunks:?}, {prefix:?}, &[");
    for (position, (length, of_length)) in beginnings.iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        let _ = write!(row, "{comma}({length},{:#x},{:#x})", of_length.any, of_length.subscriber);
    }
    row.push_str("]),\n");
    row
}

/// What may stand before a national number inside the country, the longest first: every text of up to three digits that the rule for
/// parsing takes for a prefix and nothing more.
fn trunk_prefixes(region: &Metadata) -> Vec<String> {
    let national_prefix = region.national_prefix().map(str::to_owned);
    let Some(rule) = region.national_prefix_for_parsing() else {
        return national_prefix.into_iter().collect();
    };
    let is_prefix = |text: &String| {
        rule.captures(text).is_some_and(|found| {
            let whole = found.get(0).is_some_and(|all| all.start() == 0 && all.end() == text.len());
            whole && found.iter().skip(1).all(|group| group.is_none())
        })
    };
    let mut trunks: Vec<String> = of_digits(1..=3).filter(is_prefix).collect();
    if trunks.is_empty() {
        trunks.extend(national_prefix);
    }
    trunks.sort_by_key(|trunk| std::cmp::Reverse(trunk.len()));
    trunks
}

/// What is dialled before a foreign number, where it is one prefix and not `00`.
fn international_prefix(region: &Metadata) -> Option<String> {
    let preferred = region.preferred_international_prefix().map(|prefix| prefix.replace('~', ""));
    let of_rule = || {
        let rule = region.international_prefix()?.as_str().to_owned();
        rule.bytes().all(|byte| byte.is_ascii_digit()).then_some(rule)
    };
    preferred.or_else(of_rule).filter(|prefix| prefix != "00")
}

fn of_digits(lengths: std::ops::RangeInclusive<usize>) -> impl Iterator<Item = String> {
    lengths.flat_map(|length| (0..10_usize.pow(length as u32)).map(move |number| format!("{number:0length$}")))
}

/// Calls back with each length and first digit (as a bit) of the numbers that the description matches.
fn each_beginning(kind: &Descriptor, mut found: impl FnMut(usize, u16)) {
    let pattern = format!("(?x)^(?:{})$", kind.national_number().as_str());
    let automaton = DFA::new(&pattern).unwrap_or_else(|error| unreadable(&pattern, &error));
    let begin = start::Config::new().anchored(Anchored::Yes);
    let begin = automaton.start_state(&begin).unwrap_or_else(|error| unreadable(&pattern, &error));
    for digit in b'0'..=b'9' {
        let mut states = BTreeSet::from([automaton.next_state(begin, digit)]);
        for length in 1..=LONGEST {
            let ends = |state: &_| automaton.is_match_state(automaton.next_eoi_state(*state));
            let possible = kind.possible_length();
            if states.iter().any(ends) && (possible.is_empty() || possible.contains(&(length as u16))) {
                found(length, 1 << (digit - b'0'));
            }
            states = states
                .iter()
                .flat_map(|state| (b'0'..=b'9').map(|digit| automaton.next_state(*state, digit)))
                .filter(|state| !automaton.is_dead_state(*state))
                .collect();
        }
    }
}

#[expect(clippy::panic, reason = "a tool for developers: the metadata of a release is readable, or there is no table")]
fn unreadable<T>(pattern: &str, error: &dyn std::error::Error) -> T {
    panic!("the pattern `{pattern}` of the metadata cannot be read: {error}")
}
