//! The order of checks and the one deadline over all requests (rules O3, O6, D1, D4, D6).

use std::time::Duration;

use forward_to_personal_manager::contract::Employee;
use forward_to_personal_manager::world::HttpFailureKind;
use proptest::prelude::*;

use crate::config;
use crate::world::{CALLER, Fakes, code, employee};

fn considering_status() -> Fakes {
    let mut fakes = Fakes::usual();
    fakes.config.insert("consider_manager_status", "true".to_owned());
    fakes.answer("/api/v4/account", 200, br#"{"_embedded":{"datetime_settings":{"timezone_offset":"+03:00"}}}"#);
    fakes.answer(
        "/api/v4/events",
        200,
        br#"{"_embedded":{"events":[{"type":"lead_added","created_by":504141,"created_at":1795330000}]}}"#,
    );
    fakes
}

#[test]
fn o6_off_reads_no_store_and_sends_no_request() {
    let mut fakes = Fakes::usual();
    fakes.config.insert("enabled", "false".to_owned());
    fakes.config.remove("amocrm_base_url");
    assert_eq!(fakes.code(Some(CALLER)), "integration-off");
    assert_eq!((fakes.store_reads.get(), fakes.requests.borrow().len()), (0, 0));
}

#[test]
fn d1_a_hidden_caller_reads_no_store_and_sends_no_request() {
    let fakes = Fakes::usual();
    for caller in [None, Some(""), Some("  "), Some("anonymous"), Some("123")] {
        fakes.code(caller);
    }
    assert_eq!((fakes.store_reads.get(), fakes.requests.borrow().len()), (0, 0));
}

#[test]
fn d4_an_employee_who_cannot_be_rung_needs_no_status() {
    let off = Employee { enabled: false, ..employee() };
    let without_numbers = Employee { destinations: Vec::new(), ..employee() };
    for anna in [off, without_numbers] {
        let mut fakes = considering_status();
        fakes.employee = Ok(Some(anna));
        fakes.call(Some(CALLER));
        assert_eq!(fakes.requests.borrow().len(), 1, "contacts alone");
    }
}

#[test]
fn d4_a_directory_that_fails_has_its_own_reason() {
    let mut fakes = Fakes::usual();
    fakes.employee = Err("the exchange is down".to_owned());
    let resolution = fakes.call(Some(CALLER));
    assert_eq!(code(&resolution), "directory-unavailable");
    assert!(resolution.details.notes.iter().any(|note| note.text.en.contains("the exchange is down")));
}

#[test]
fn d8_missing_or_wrong_configuration_is_named() {
    for (key, value) in [
        ("amocrm_base_url", None),
        ("amocrm_base_url", Some("example.amocrm.ru")),
        ("amocrm_base_url", Some("https://user:hunter2@example.amocrm.ru")),
        ("enabled", Some("yes")),
        ("consider_manager_status", Some("1")),
        ("default_country_code", Some("0")),
        ("default_country_code", Some("1000")),
        ("default_country_code", Some("abc")),
    ] {
        let mut fakes = Fakes::usual();
        match value {
            Some(value) => fakes.config.insert(key, value.to_owned()),
            None => fakes.config.remove(key),
        };
        let resolution = fakes.call(Some(CALLER));
        assert_eq!(code(&resolution), "settings-invalid", "{key} = {value:?}");
        let note = &resolution.details.notes[0].text.en;
        assert!(note.contains(key) && !note.contains("hunter2"), "{note}");
        assert!(fakes.requests.borrow().is_empty());
    }
}

#[test]
fn o3_bounds_of_the_waiting_time_are_inclusive() {
    for (milliseconds, code) in
        [(499, "settings-invalid"), (500, "forward"), (30_000, "forward"), (30_001, "settings-invalid")]
    {
        let mut fakes = Fakes::usual();
        fakes.set_waiting_time(milliseconds);
        assert_eq!(fakes.code(Some(CALLER)), code, "{milliseconds}");
    }
}

#[test]
fn d8_each_kind_of_failure_has_its_reason() {
    for (kind, code) in [
        (HttpFailureKind::Deadline, "no-answer-in-time"),
        (HttpFailureKind::Denied, "access-forbidden"),
        (HttpFailureKind::TooLarge, "answer-not-understood"),
        (HttpFailureKind::Unreachable("DNS-error"), "crm-unreachable"),
    ] {
        let mut fakes = Fakes::usual();
        fakes.fail("/api/v4/contacts", kind.clone());
        assert_eq!(fakes.code(Some(CALLER)), code);
        let mut fakes = considering_status();
        fakes.fail("/api/v4/events", kind);
        assert_eq!(fakes.code(Some(CALLER)), "status-unknown", "D6");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn o3_all_requests_share_one_deadline_and_none_begins_after_it(waiting_time in 500_u64..4_000, latency in 0_u64..2_000) {
        let mut fakes = considering_status();
        fakes.set_waiting_time(waiting_time);
        fakes.latency = Duration::from_millis(latency);
        let resolution = fakes.call(Some(CALLER));
        prop_assert!(resolution.details.waited <= Duration::from_millis(waiting_time));
        let requests = fakes.requests.borrow();
        for (index, (path, left)) in requests.iter().enumerate() {
            prop_assert!(!left.is_zero(), "{} was begun at the deadline", path);
            let spent = Duration::from_millis(latency * index as u64);
            prop_assert_eq!(*left + spent, Duration::from_millis(waiting_time - 20), "{}", path);
        }
        let in_time = latency * 3 < waiting_time - 20;
        prop_assert_eq!(code(&resolution) == "forward", in_time);
    }

    #[test]
    fn d10_nothing_shown_holds_the_caller_or_the_token(digits in "[1-9][0-9]{6,14}", token in "[A-Za-z0-9]{24}", status in 100_u16..600) {
        let mut fakes = Fakes::with_contacts(status, b"{}");
        fakes.config.insert("amocrm_access_token", token.clone());
        let resolution = fakes.call(Some(&format!("+{digits}")));
        let shown = format!("{resolution:?} {:?}", fakes.stored.borrow());
        prop_assert!(!shown.contains(&token) && !shown.contains(&digits));
    }
}
