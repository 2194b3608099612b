//! Local times: read and told by the zone that `TZ` names, from the zones that the program brings along.

use test_support::{CALLER, Ended, Home};

#[test]
fn a_local_time_is_of_the_zone_in_the_environment() {
    let home = Home::new();
    for (zone, at) in [
        ("Europe/Moscow", "2026-11-22T06:00:00Z"),
        (":Europe/Moscow", "2026-11-22T06:00:00Z"),
        ("MSK-3", "2026-11-22T06:00:00Z"),
        ("Asia/Vladivostok", "2026-11-21T23:00:00Z"),
        ("UTC", "2026-11-22T09:00:00Z"),
        ("", "2026-11-22T09:00:00Z"),
    ] {
        let mut command = home.command(["call", "--json", CALLER, "--at", "2026-11-22T09:00"]);
        let ended = Ended::of(command.env("TZ", zone).output().expect("the binary starts"));
        let call: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        assert_eq!(call["call"]["at"], at, "TZ={zone}");
    }
}

#[test]
fn tomorrow_is_when_the_local_day_begins() {
    let home = Home::new();
    for (zone, hour) in [("Europe/Moscow", 21), ("Asia/Kolkata", 18), ("UTC", 0)] {
        let before = jiff::Timestamp::now();
        let mut command = home.command(["call", "--json", CALLER, "--at", "tomorrow"]);
        let ended = Ended::of(command.env("TZ", zone).output().expect("the binary starts"));
        let call: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        let at: jiff::Timestamp = call["call"]["at"].as_str().and_then(|at| at.parse().ok()).expect("a time");
        assert_eq!(at.to_zoned_datetime(jiff::tz::TimeZone::UTC).hour(), hour, "TZ={zone}: {at}");
        let ahead = at.duration_since(before);
        // The day may end while the command starts.
        assert!(ahead.is_positive() && ahead <= jiff::SignedDuration::from_mins(24 * 60 + 1), "TZ={zone}: {at}");
    }
}

#[test]
fn a_call_tells_its_time_in_the_zone_of_the_environment() {
    let home = Home::new();
    for (zone, at) in
        [("Europe/Moscow", "09:00:00+03:00"), ("America/St_Johns", "02:30:00-03:30"), ("UTC", "06:00:00Z")]
    {
        let mut command = home.command(["call", CALLER, "--at", "2026-11-22T06:00:00Z"]);
        let ended = Ended::of(command.env("TZ", zone).output().expect("the binary starts"));
        ended.assert(0, &[]).assert_prints(&[&format!("2026-11-22T{at}")]);
    }
}

#[test]
fn a_zone_that_does_not_exist_is_never_taken_for_utc() {
    let home = Home::new();
    let ended = |arguments: &[&str]| {
        Ended::of(home.command(arguments).env("TZ", "Europe/Moskow").output().expect("the binary starts"))
    };
    ended(&["call", CALLER, "--at", "2026-11-22T09:00"]).assert(2, &["TZ is not a time zone", "TZ=Europe/Moscow"]);
    // One with an offset needs no zone.
    ended(&["call", CALLER, "--at", "2026-11-22T09:00:00+03:00"]).assert(0, &[]);
}
