//! O5 Six hours: what is known of a manager is kept six hours from the moment it was received.

use std::time::Duration;

use forward_to_personal_manager::world::HttpFailureKind;
use proptest::prelude::*;

use crate::amocrm::{Answer, and_more, answer, contact, contacts, event, events, failure, nothing};
use crate::pbx::{ANNA, BORIS, CALLER, MIDNIGHT, Pbx};

const SIX_HOURS: Duration = Duration::from_secs(6 * 3_600);
const MILLISECOND: Duration = Duration::from_millis(1);

/// A PBX whose first call kept Anna on a whole second; since then amoCRM has made Boris the manager.
fn after_a_first_call() -> Pbx {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![Answer::from(contacts(&[contact(3, ANNA, CALLER)])).after(Duration::ZERO)];
    assert_eq!(pbx.call().route(), "forward to anna");
    pbx.contacts = vec![contacts(&[contact(3, BORIS, CALLER)]).into()];
    pbx
}

#[test]
fn o5_inside_six_hours_nothing_is_asked_and_a_change_of_manager_is_not_seen() {
    let pbx = after_a_first_call();
    pbx.pass(SIX_HOURS - MILLISECOND);
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("forward to anna", 0));
    assert_eq!(outcome.fact("manager_source"), "cache");
    assert_eq!(outcome.fact("manager_age_seconds"), "21599");
    assert_eq!(outcome.fact("contact_id"), "3");
}

#[test]
fn o5_exactly_six_hours_is_a_miss() {
    let pbx = after_a_first_call();
    pbx.pass(SIX_HOURS);
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("forward to boris", 1));
    assert_eq!(outcome.fact("manager_source"), "crm");
    assert_eq!(outcome.fact("manager_age_seconds"), "0");
}

#[test]
fn o5_use_does_not_prolong_the_six_hours() {
    let pbx = after_a_first_call();
    for _ in 0..5 {
        pbx.pass(SIX_HOURS / 6);
        assert_eq!(pbx.call().route(), "forward to anna");
    }
    pbx.pass(SIX_HOURS / 6);
    assert_eq!(pbx.call().route(), "forward to boris");
}

#[test]
fn o5_six_hours_count_from_the_answer_not_from_the_call() {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![Answer::from(contacts(&[contact(3, ANNA, CALLER)])).after(Duration::from_secs(2))];
    assert_eq!(pbx.call().route(), "forward to anna");
    pbx.contacts = vec![nothing()];
    pbx.pass(SIX_HOURS - MILLISECOND);
    assert_eq!(pbx.call().route(), "forward to anna");
    pbx.pass(MILLISECOND);
    assert_eq!(pbx.call().route(), "contact-not-found");
}

proptest! {
    #![proptest_config(crate::config())]

    /// Ages are counted in seconds of the clock, so the last second before six hours may be a miss; six hours never are a hit.
    #[test]
    fn o5_a_manager_is_kept_to_the_second_and_never_longer(start in 0..1_000_u64, late in -5_000..5_000_i64) {
        let pbx = Pbx::new();
        pbx.pass(Duration::from_millis(start));
        pbx.call();
        let received = pbx.now.get();
        pbx.now.set((received + 6 * 3_600_000).checked_add_signed(late).unwrap());
        let hit = pbx.call().requests().is_empty();
        prop_assert!(!(hit && late >= 0), "used {late} ms after six hours");
        prop_assert!(hit || late > -1_000, "not used {late} ms before six hours");
    }
}

#[test]
fn o5_an_empty_answer_or_a_failure_is_never_kept() {
    let empty = [nothing(), contacts(&[]).into(), contacts(&[contact(3, 0, CALLER)]).into()];
    let failed = [401, 402, 403, 429, 500].map(|status| answer(status, b""));
    let unreachable = [failure(HttpFailureKind::Deadline), answer(200, b"{}")];
    for first in empty.into_iter().chain(failed).chain(unreachable) {
        let mut pbx = Pbx::new();
        pbx.contacts = vec![first.clone()];
        let route = pbx.call().route();
        assert!(!route.starts_with("forward") && pbx.store.borrow().is_empty(), "{route} after {first:?}");
        pbx.contacts = vec![contacts(&[contact(3, ANNA, CALLER)]).into()];
        assert_eq!(pbx.call().route(), "forward to anna", "amoCRM is asked again after {route}");
    }
}

#[test]
fn o5_a_failure_does_not_bring_back_what_is_six_hours_old() {
    let mut pbx = after_a_first_call();
    pbx.contacts = vec![answer(500, b"")];
    pbx.pass(SIX_HOURS);
    assert_eq!(pbx.call().route(), "crm-error");
    assert_eq!(pbx.managers(), 0, "what is too old is removed");
}

#[test]
fn o5_managers_are_kept_by_caller_whatever_the_spelling() {
    let pbx = after_a_first_call();
    assert_eq!(pbx.call_from(Some("8 (916) 123-45-67")).route(), "forward to anna");
    assert_eq!(pbx.requests(), 1);
    assert_eq!(pbx.call_from(Some("+79161234568")).route(), "contact-not-found");
    assert_eq!(pbx.requests(), 2);
}

#[test]
fn o5_a_manager_whose_employee_cannot_be_rung_is_kept_all_the_same() {
    let mut pbx = Pbx::new();
    pbx.anna().enabled = false;
    assert_eq!(pbx.call().route(), "employee-off");
    pbx.anna().enabled = true;
    assert_eq!((pbx.call().route().as_str(), pbx.requests()), ("forward to anna", 1));
}

#[test]
fn o5_what_was_ambiguous_when_it_was_received_stays_ambiguous() {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![contacts(&[contact(3, BORIS, CALLER), contact(4, ANNA, CALLER)]).into()];
    assert_eq!(pbx.call().route(), "forward to anna");
    let kept = pbx.call();
    assert_eq!((kept.route().as_str(), kept.notes()), ("forward to anna", vec!["contact-ambiguous"]));
    pbx.choose("several_contacts", "linked-operation");
    let refused = pbx.call();
    assert_eq!((refused.route().as_str(), refused.requests().len()), ("contact-ambiguous", 0));
}

#[test]
fn o5_the_accounts_day_is_kept_six_hours_too() {
    let mut pbx = Pbx::considering_status();
    pbx.configure("manager_status_reuse_seconds", "0");
    pbx.events = vec![and_more(events(&[event("lead_added", ANNA, MIDNIGHT + 60)])).into()];
    pbx.account.took = Duration::ZERO;
    pbx.contacts[0].took = Duration::ZERO;
    pbx.events[0].took = Duration::ZERO;
    pbx.call();
    pbx.pass(SIX_HOURS - MILLISECOND);
    assert_eq!(pbx.call().requests(), ["events 200 ok"]);
    pbx.pass(MILLISECOND);
    assert_eq!(pbx.call().requests(), ["contacts 200 ok", "account 200 ok", "events 200 ok"]);
}
