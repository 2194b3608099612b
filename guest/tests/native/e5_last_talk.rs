//! E5 Last talked: whoever last answered this caller comes before the manager, where the placement prefers that; E7, told in the call details.

use forward_to_personal_manager::contract::{LastTalk, Presence, SettingValue};
use forward_to_personal_manager::time::Timestamp;

use crate::pbx::{ANNA, BORIS, Pbx, START};

/// Anna is the manager; Boris talked to the caller three hours ago.
fn boris_talked() -> Pbx {
    let mut pbx = Pbx::new();
    pbx.set("prefer_last_talked", SettingValue::Integer(30));
    pbx.last_talk = Ok(Some(LastTalk { user_id: BORIS, at: Timestamp(START - 3 * 3_600_000) }));
    pbx
}

#[test]
fn e5_who_talked_last_comes_before_the_manager_and_costs_no_request() {
    let pbx = boris_talked();
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("forward to boris", 0));
    let facts = ["manager_source", "manager_user_id", "manager_age_seconds", "contact_id"].map(|key| outcome.fact(key));
    assert_eq!(facts, ["last-talk", "504142", "10800", ""]);
    assert_eq!((*pbx.asked_for_talks.borrow()).as_slice(), [30]);
    assert!(pbx.store.borrow().is_empty() && outcome.notes().is_empty(), "{:?}", outcome.notes());
}

#[test]
fn e5_off_by_default_and_with_nobody_the_manager_is_rung() {
    let mut pbx = boris_talked();
    pbx.settings.clear();
    assert_eq!(pbx.call().route(), "forward to anna");
    pbx.set("prefer_last_talked", SettingValue::Integer(0));
    assert_eq!(pbx.call().route(), "forward to anna");
    assert!(pbx.asked_for_talks.borrow().is_empty());

    let mut pbx = boris_talked();
    pbx.last_talk = Ok(None);
    let outcome = pbx.call();
    assert_eq!((outcome.route(), outcome.fact("manager_source")), ("forward to anna".to_owned(), "crm".to_owned()));
    assert!(outcome.notes().is_empty());
}

#[test]
fn e5_whoever_cannot_be_rung_is_passed_over_for_the_manager() {
    type Cause = fn(&mut Pbx);
    let causes: [(Cause, &str); 5] = [
        (|pbx| boris(pbx).enabled = false, "employee `Сотрудник boris` is passed over: switched off in the PBX"),
        (|pbx| boris(pbx).destinations.clear(), "employee `Сотрудник boris` is passed over: no numbers"),
        (
            |pbx| boris(pbx).presence = Presence::NeverSeen,
            "employee `Сотрудник boris` is passed over: not authorised in amoCRM today",
        ),
        (|pbx| pbx.last_talk = Err("not kept".to_owned()), "who talked to the caller is not known: not kept"),
        (|pbx| pbx.unavailable_from = Some(BORIS), "directory of employees: out of reach"),
    ];
    for (cause, note) in causes {
        let mut pbx = boris_talked();
        pbx.configure("consider_manager_status", "true");
        pbx.anna().presence = Presence::LastSeen(Timestamp(START - 60_000));
        boris(&mut pbx).presence = Presence::LastSeen(Timestamp(START - 60_000));
        assert_eq!(pbx.call().route(), "forward to boris");
        cause(&mut pbx);
        let outcome = pbx.call();
        assert_eq!((outcome.route().as_str(), outcome.note()), ("forward to anna", note));
        // The facts are the manager's.
        let facts = ["manager_source", "manager_user_id", "manager_status"].map(|key| outcome.fact(key));
        assert_eq!(facts, ["crm", "504141", "at-work"]);
    }
    // Somebody whom the PBX does not know any more is nobody.
    let mut pbx = boris_talked();
    pbx.employees.as_mut().unwrap().remove(&BORIS);
    assert_eq!(pbx.call().route(), "forward to anna");
}

fn boris(pbx: &mut Pbx) -> &mut forward_to_personal_manager::contract::Employee {
    pbx.employees.as_mut().unwrap().get_mut(&BORIS).unwrap()
}

#[test]
fn e5_a_status_that_cannot_be_checked_leads_to_the_manager() {
    let mut pbx = boris_talked();
    pbx.configure("consider_manager_status", "true");
    pbx.anna().presence = Presence::LastSeen(Timestamp(START - 60_000));
    pbx.events = vec![crate::amocrm::answer(500, b"{}")];
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.notes(), ["status-check-failed", "employee-passed-over"]);
    assert!(outcome.0.details.notes[1].text.en.ends_with("status unknown"));
}

#[test]
fn o6_d1_a_switched_off_integration_and_a_withheld_number_prefer_nobody() {
    let mut pbx = boris_talked();
    pbx.configure("enabled", "false");
    assert_eq!(pbx.call().route(), "integration-off");
    let pbx = boris_talked();
    assert_eq!(pbx.call_from(None).route(), "caller-hidden");
    assert!(pbx.asked_for_talks.borrow().is_empty());
}

#[test]
fn e5_days_out_of_bounds_are_refused() {
    for value in [SettingValue::Integer(-1), SettingValue::Integer(366), SettingValue::Flag(true)] {
        let mut pbx = boris_talked();
        pbx.settings.clear();
        pbx.set("prefer_last_talked", value);
        let outcome = pbx.call();
        assert_eq!(outcome.route(), "settings-invalid");
        assert_eq!(outcome.note(), "setting `prefer_last_talked`: set a whole number from 0 to 365");
    }
    let mut pbx = boris_talked();
    pbx.settings.clear();
    pbx.set("prefer_last_talked", SettingValue::Integer(365));
    assert_eq!((pbx.call().route(), ANNA < BORIS), ("forward to boris".to_owned(), true));
}
