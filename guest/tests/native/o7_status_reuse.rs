//! O7 Reuse of a status that events have just shown: seconds alone, of today alone, and never of a failure or of presence.

use std::time::Duration;

use forward_to_personal_manager::contract::Presence;
use forward_to_personal_manager::time::Timestamp;

use crate::amocrm::{Answer, answer, event, events, nothing};
use crate::pbx::{ANNA, MIDNIGHT, Pbx, START};

/// A PBX whose amoCRM knows this of Anna's day; no request takes any time.
fn with_events(found: impl Into<Answer>) -> Pbx {
    let mut pbx = Pbx::considering_status();
    pbx.events = vec![found.into().after(Duration::ZERO)];
    pbx.account.took = Duration::ZERO;
    pbx.contacts[0].took = Duration::ZERO;
    pbx
}

fn at_work() -> Pbx {
    with_events(events(&[event("lead_added", ANNA, MIDNIGHT + 60)]))
}

#[test]
fn o7_a_status_just_learned_is_used_again_for_thirty_seconds() {
    let mut pbx = at_work();
    let first = pbx.call();
    assert_eq!((first.requests().len(), first.fact("status_age_seconds").as_str()), (3, ""));
    pbx.events = vec![nothing()];
    pbx.pass(Duration::from_secs(29));
    let second = pbx.call();
    assert_eq!((second.route().as_str(), second.requests().len()), ("forward to anna", 0));
    assert_eq!(second.fact("status_age_seconds"), "29");
    assert_eq!(second.fact("status_evidence"), "event:lead_added");
    assert_eq!(second.fact("status_evidence_at"), "2026-11-21T21:01:00Z");
    pbx.pass(Duration::from_secs(1));
    let third = pbx.call();
    assert_eq!((third.route().as_str(), third.requests()), ("manager-absent", vec!["events 204 ok".to_owned()]));
}

#[test]
fn o7_use_does_not_prolong_the_thirty_seconds() {
    let pbx = at_work();
    pbx.call();
    pbx.pass(Duration::from_secs(20));
    assert_eq!(pbx.call().requests().len(), 0);
    pbx.pass(Duration::from_secs(20));
    assert_eq!(pbx.call().requests(), ["events 200 ok"]);
}

#[test]
fn o7_an_absence_just_learned_is_used_again_too() {
    let pbx = with_events(nothing());
    assert_eq!(pbx.call().route(), "manager-absent");
    let second = pbx.call();
    assert_eq!((second.route().as_str(), second.requests().len()), ("manager-absent", 0));
    assert_eq!(
        (second.fact("status_evidence").as_str(), second.fact("status_age_seconds").as_str()),
        ("no-events", "0")
    );
}

#[test]
fn o7_a_status_of_before_midnight_does_not_count_today() {
    for found in [Answer::from(events(&[event("lead_added", ANNA, MIDNIGHT + 60)])), nothing()] {
        let pbx = with_events(found);
        // Ten seconds before the account's midnight.
        pbx.pass(Duration::from_secs(12 * 3_600 - 10));
        pbx.call();
        assert_eq!(pbx.call().requests().len(), 0);
        pbx.pass(Duration::from_secs(10));
        let today = pbx.call();
        assert_eq!(today.requests().last().map(|request| request.starts_with("events")), Some(true));
        assert_eq!((today.route().as_str(), today.fact("status_age_seconds").as_str()), ("manager-absent", ""));
    }
}

#[test]
fn o7_a_failed_check_is_never_kept() {
    for failed in [answer(500, b""), answer(200, b"{}"), answer(429, b"")] {
        let mut pbx = with_events(failed);
        assert_eq!(pbx.call().route(), "status-unknown");
        assert!(!pbx.store.borrow().keys().any(|key| key.contains("status")));
        pbx.events = vec![events(&[event("lead_added", ANNA, MIDNIGHT + 60)]).into()];
        assert_eq!(pbx.call().route(), "forward to anna");
    }
}

#[test]
fn o7_presence_is_looked_at_first_on_every_call_and_never_kept() {
    let mut pbx = at_work();
    pbx.call();
    pbx.anna().presence = Presence::NeverSeen;
    assert_eq!(pbx.call().route(), "manager-absent");
    pbx.anna().presence = Presence::LastSeen(Timestamp(START));
    let outcome = pbx.call();
    assert_eq!(
        (outcome.fact("status_evidence").as_str(), outcome.fact("status_age_seconds").as_str()),
        ("presence", "")
    );

    let mut fed = Pbx::considering_status();
    fed.anna().presence = Presence::LastSeen(Timestamp(START));
    fed.call();
    assert!(!fed.store.borrow().keys().any(|key| key.contains("status")));
}

#[test]
fn o7_a_status_belongs_to_its_user() {
    let pbx = at_work();
    pbx.call();
    let keys: Vec<_> = pbx.store.borrow().keys().filter(|key| key.contains("status")).cloned().collect();
    assert_eq!(keys, [format!("default/status:{ANNA}")]);
}

#[test]
fn o7_a_type_of_event_that_has_to_be_escaped_is_kept_too() {
    let pbx = with_events(events(&[event("x\"}", ANNA, MIDNIGHT + 60)]));
    assert_eq!(pbx.call().route(), "forward to anna");
    let outcome = pbx.call();
    assert_eq!((outcome.requests().len(), outcome.fact("status_evidence").as_str()), (0, "event:x\"}"));
}

#[test]
fn o7_a_status_record_that_cannot_be_used_is_a_miss() {
    for record in ["", "{}", r#"{"version":2,"received_at_ms":1795338000000,"value":{}}"#] {
        let pbx = at_work();
        pbx.call();
        pbx.store.borrow_mut().insert(format!("default/status:{ANNA}"), record.as_bytes().to_vec());
        let outcome = pbx.call();
        assert_eq!(outcome.requests(), ["events 200 ok"], "{record}");
        assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to anna", vec!["record-unreadable"]));
    }
}
