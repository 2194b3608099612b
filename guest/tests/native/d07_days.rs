//! D7 The account's own day: from its midnight in its time zone by name, and an hour across it.

use std::time::Duration;

use forward_to_personal_manager::contract::Presence;
use forward_to_personal_manager::time::Timestamp;

use crate::amocrm::{Answer, account, account_in, event, events};
use crate::pbx::{ANNA, Pbx, START};

/// 2027-03-28T07:00:00Z, nine in the morning in Madrid: the clock went forward at 01:00Z, and the day began at 2027-03-27T23:00:00Z.
const SPRING: u64 = 1_806_217_200;
const SPRING_MIDNIGHT: u64 = 1_806_188_400;

/// A call at a time in seconds, in an account of this answer, to Anna, who was last seen so.
fn call_at(at: u64, account: Answer, seen: u64) -> crate::outcome::Outcome {
    let mut pbx = Pbx::considering_status();
    pbx.now.set(at * 1_000);
    pbx.contacts[0].took = Duration::ZERO;
    pbx.account = account.after(Duration::ZERO);
    pbx.anna().presence = Presence::LastSeen(Timestamp::from_unix_seconds(seen));
    pbx.call()
}

fn route_at(at: u64, account: Answer, seen: u64) -> String {
    call_at(at, account, seen).route()
}

#[test]
fn d07_the_day_is_the_accounts_own() {
    // START is 09:00 UTC.
    for (offset, hours_since_midnight) in [("+03:00", 12), ("+00:00", 9), ("-08:00", 1), ("+14:00", 23)] {
        let midnight = START / 1_000 - hours_since_midnight * 3_600;
        assert_eq!(route_at(START / 1_000, account(offset).into(), midnight), "forward to anna", "{offset}");
        assert_eq!(route_at(START / 1_000, account(offset).into(), midnight - 1), "manager-absent", "{offset}");
    }
}

#[test]
fn d07_a_day_of_a_clock_change_begins_at_its_own_midnight() {
    let madrid = || Answer::from(account_in("Europe/Madrid", "+02:00"));
    assert_eq!(route_at(SPRING, madrid(), SPRING_MIDNIGHT), "forward to anna");
    assert_eq!(route_at(SPRING, madrid(), SPRING_MIDNIGHT - 1), "manager-absent");
    // By the offset of nine o'clock the day would have begun an hour earlier.
    assert_eq!(route_at(SPRING, account("+02:00").into(), SPRING_MIDNIGHT - 1), "forward to anna");
    // 2027-10-31T12:00Z: the day of 25 hours began at 2027-10-30T22:00Z.
    let autumn = || Answer::from(account_in("Europe/Madrid", "+01:00"));
    assert_eq!(route_at(1_824_984_000, autumn(), 1_824_933_600), "forward to anna");
    assert_eq!(route_at(1_824_984_000, autumn(), 1_824_933_599), "manager-absent");
}

#[test]
fn d07_the_kept_zone_is_right_after_a_clock_change_too() {
    let mut pbx = Pbx::considering_status();
    pbx.account = Answer::from(account_in("Europe/Madrid", "+01:00")).after(Duration::ZERO);
    pbx.contacts[0].took = Duration::ZERO;
    // Two hours before the change, and again four hours later.
    pbx.now.set((SPRING_MIDNIGHT + 1) * 1_000);
    pbx.anna().presence = Presence::LastSeen(Timestamp::from_unix_seconds(SPRING_MIDNIGHT));
    assert_eq!(pbx.call().route(), "forward to anna");
    pbx.pass(Duration::from_secs(4 * 3_600));
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len(), outcome.notes()), ("forward to anna", 0, vec![]));
    pbx.anna().presence = Presence::LastSeen(Timestamp::from_unix_seconds(SPRING_MIDNIGHT - 1));
    assert_eq!(pbx.call().route(), "manager-absent");
}

#[test]
fn d07_a_zone_that_is_not_known_or_contradicts_its_offset_gives_way_to_the_offset_and_a_note_says_so() {
    for (zone, known) in [("Example/Nowhere", "+01:00"), ("Europe/Moscow", "+02:00"), ("", "-03:30")] {
        let account = account_in(zone, known);
        let outcome = call_at(START / 1_000, account.into(), START / 1_000);
        let note = format!(
            "the time zone `{zone}` is unknown or contradicts the offset {known}: the day is counted by the offset"
        );
        assert_eq!((outcome.route().as_str(), outcome.note()), ("forward to anna", note.as_str()));
    }
    // 12:00Z is three o'clock at night there: by the zone's name the day would be another one.
    let noon = START / 1_000 + 3 * 3_600;
    let contradicting = || Answer::from(account_in("Europe/Moscow", "-09:00"));
    assert_eq!(route_at(noon, contradicting(), noon - 3 * 3_600), "forward to anna");
    assert_eq!(route_at(noon, contradicting(), noon - 3 * 3_600 - 1), "manager-absent");
}

#[test]
fn d07_a_known_zone_needs_no_offset() {
    for offset in ["", "UTC+3", "Europe/Moscow", "+24:00"] {
        let outcome = call_at(START / 1_000, account_in("Europe/Moscow", offset).into(), START / 1_000 - 12 * 3_600);
        assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to anna", vec![]), "{offset}");
    }
}

#[test]
fn d07_presence_of_the_last_hour_counts_across_midnight() {
    let moscow = || Answer::from(account_in("Europe/Moscow", "+03:00"));
    let midnight = START / 1_000 - 12 * 3_600;
    for (call, seen, route) in [
        (midnight + 600, midnight - 600, "forward to anna"),
        (midnight + 600, midnight - 3_000, "forward to anna"),
        (midnight + 600, midnight - 3_001, "manager-absent"),
        (midnight + 3_600, midnight, "forward to anna"),
        (midnight + 3_600, midnight - 1, "manager-absent"),
        (midnight, midnight - 3_600, "forward to anna"),
    ] {
        assert_eq!(route_at(call, moscow(), seen), route, "called at {call}, seen at {seen}");
    }
}

#[test]
fn d07_events_of_the_last_hour_count_across_midnight() {
    let midnight = START / 1_000 - 12 * 3_600;
    let mut pbx = Pbx::considering_status();
    pbx.now.set((midnight + 600) * 1_000);
    pbx.contacts[0].took = Duration::ZERO;
    pbx.account.took = Duration::ZERO;
    pbx.configure("manager_status_reuse_seconds", "300");
    pbx.events = vec![Answer::from(events(&[event("lead_added", ANNA, midnight - 2_900)])).after(Duration::ZERO)];
    assert_eq!(pbx.call().route(), "forward to anna");
    let url = pbx.received.borrow().last().expect("a request").url.clone();
    assert!(url.contains(&format!("%5Bfrom%5D={}&", midnight - 3_000)), "{url}");
    // What was kept counts while it is of the last hour, and then amoCRM is asked again.
    pbx.pass(Duration::from_secs(100));
    assert_eq!(pbx.call().requests(), Vec::<String>::new());
    pbx.pass(Duration::from_secs(1));
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests()), ("manager-absent", vec!["events 200 ok".to_owned()]));
}
