//! O7 Manager status: checked on every call before any number is rung; D6 when it cannot be known.

use std::time::Duration;

use forward_to_personal_manager::contract::Presence;
use forward_to_personal_manager::time::Timestamp;
use forward_to_personal_manager::world::HttpFailureKind;
use serde_json::json;

use crate::amocrm::{Answer, account, answer, event, events, failure, nothing};
use crate::pbx::{ANNA, MIDNIGHT, Pbx, START};

fn with_presence(presence: Presence) -> Pbx {
    let mut pbx = Pbx::considering_status();
    pbx.anna().presence = presence;
    pbx
}

const fn seen_at(seconds: u64) -> Presence {
    Presence::LastSeen(Timestamp::from_unix_seconds(seconds))
}

#[test]
fn o7_off_by_default_nothing_is_checked() {
    let mut pbx = Pbx::new();
    pbx.anna().presence = Presence::NeverSeen;
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.requests(), ["contacts 200 ok"]);
    assert_eq!(outcome.fact("manager_status"), "");
}

#[test]
fn o7_presence_that_the_pbx_is_told_decides_without_asking_for_events() {
    let cases = [
        (seen_at(START / 1_000), "forward to anna", "presence", "2026-11-22T09:00:00Z"),
        (seen_at(MIDNIGHT), "forward to anna", "presence", "2026-11-21T21:00:00Z"),
        (seen_at(MIDNIGHT - 1), "manager-absent", "presence", "2026-11-21T20:59:59Z"),
        (Presence::NeverSeen, "manager-absent", "never-seen", ""),
    ];
    for (presence, route, evidence, at) in cases {
        let outcome = with_presence(presence).call();
        assert_eq!(outcome.route(), route, "{presence:?}");
        assert_eq!(outcome.fact("status_evidence"), evidence, "{presence:?}");
        assert_eq!(outcome.fact("status_evidence_at"), at, "{presence:?}");
        assert!(!outcome.requests().iter().any(|request| request.starts_with("events")), "{presence:?}");
    }
}

#[test]
fn o7_the_status_is_checked_also_when_the_manager_is_kept() {
    let mut pbx = with_presence(seen_at(START / 1_000));
    assert_eq!(pbx.call().route(), "forward to anna");
    pbx.anna().presence = Presence::NeverSeen;
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.fact("manager_source").as_str()), ("manager-absent", "cache"));
}

#[test]
fn o7_without_reuse_events_are_asked_for_on_every_call_and_never_kept() {
    let mut pbx = Pbx::considering_status();
    pbx.configure("manager_status_reuse_seconds", "0");
    pbx.events = vec![events(&[event("lead_added", ANNA, MIDNIGHT + 60)]).into()];
    assert_eq!(pbx.call().requests(), ["contacts 200 ok", "account 200 ok", "events 200 ok"]);
    pbx.events = vec![nothing()];
    let second = pbx.call();
    assert_eq!(second.requests(), ["events 204 ok"], "the manager and the account's day are kept");
    assert_eq!(second.route(), "manager-absent");
}

#[test]
fn o7_a_kept_manager_who_was_at_work_yesterday_is_absent_after_midnight() {
    let pbx = with_presence(seen_at(START / 1_000));
    pbx.pass(Duration::from_secs(11 * 3_600));
    assert_eq!(pbx.call().route(), "forward to anna", "20:00 UTC is 23:00 in Moscow");
    pbx.pass(Duration::from_secs(3_600));
    assert_eq!(pbx.call().route(), "manager-absent", "21:00 UTC is the next day in Moscow");
}

#[test]
fn o7_the_employee_is_looked_at_before_the_status() {
    let mut pbx = with_presence(Presence::NeverSeen);
    pbx.anna().enabled = false;
    assert_eq!(pbx.call().route(), "employee-off");
    let mut pbx = with_presence(Presence::NeverSeen);
    pbx.anna().destinations.clear();
    assert_eq!(pbx.call().route(), "employee-has-no-number");
}

/// Everything that can keep the account or the events from being known.
fn failures() -> Vec<Answer> {
    let statuses = [301, 401, 402, 403, 404, 429, 500, 504].map(|status| answer(status, b""));
    let kinds = [
        HttpFailureKind::Deadline,
        HttpFailureKind::Denied,
        HttpFailureKind::TooLarge,
        HttpFailureKind::Unreachable("connection-refused"),
    ];
    let late = nothing().after(Duration::from_secs(60));
    statuses.into_iter().chain(kinds.map(failure)).chain([answer(200, b"<html>"), late]).collect()
}

#[test]
fn d06_a_check_that_fails_is_status_unknown_unless_the_setting_forwards() {
    for failed in failures() {
        for of_events in [true, false] {
            let mut pbx = Pbx::considering_status();
            if of_events {
                pbx.events = vec![failed.clone()];
            } else {
                pbx.account = failed.clone();
            }
            let outcome = pbx.call();
            assert_eq!(outcome.route(), "status-unknown", "{failed:?}");
            assert_eq!(outcome.fact("manager_status"), "unknown");
            assert!(outcome.notes().contains(&"status-check-failed"));

            pbx.choose("status_unknown", "forward");
            assert_eq!(pbx.call().route(), "forward to anna", "{failed:?}");
        }
    }
}

#[test]
fn d06_an_account_without_a_day_is_status_unknown_and_is_not_kept() {
    let unusable = [
        account("Europe/Moscow"),
        account("+24:00"),
        account(""),
        json!({}),
        json!({"_embedded": {"datetime_settings": null}}),
        json!({"_embedded": {"datetime_settings": {"timezone_offset": 3}}}),
    ];
    for answer in unusable.map(Answer::from).into_iter().chain([nothing()]) {
        let mut pbx = with_presence(seen_at(START / 1_000));
        pbx.account = answer.clone();
        assert_eq!(pbx.call().route(), "status-unknown", "{answer:?}");
        pbx.account = account("+03:00").into();
        assert_eq!(pbx.call().route(), "forward to anna", "the account is asked again");
    }
}

#[test]
fn d06_forwarding_with_an_unknown_status_does_not_forward_to_an_absent_manager() {
    let mut pbx = with_presence(Presence::NeverSeen);
    pbx.choose("status_unknown", "forward");
    assert_eq!(pbx.call().route(), "manager-absent");
}
