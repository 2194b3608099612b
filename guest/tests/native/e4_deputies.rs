//! E4 Deputies: rung where the manager cannot be, each checked like the manager; E7, told in the call details.

use std::time::Duration;

use forward_to_personal_manager::contract::{Employee, Presence, Route, SettingValue};
use forward_to_personal_manager::deputy::MOST_DEPUTIES;
use forward_to_personal_manager::time::Timestamp;
use forward_to_personal_manager::world::HttpFailureKind;
use proptest::prelude::*;

use crate::amocrm::{answer, event, events, failure, nothing, user};
use crate::outcome::Outcome;
use crate::pbx::{ANNA, BORIS, MIDNIGHT, Pbx, START, employee};

const VERA: u64 = 504_143;
const GLEB: u64 = 504_144;
const DARIA: u64 = 504_145;
/// Anna, and the deputies in the order in which they stand in for one another.
const LINE: [(u64, &str); 5] = [(ANNA, "anna"), (BORIS, "boris"), (VERA, "vera"), (GLEB, "gleb"), (DARIA, "daria")];
const SEEN_TODAY: Presence = Presence::LastSeen(Timestamp::from_unix_seconds(START / 1_000 - 60));

/// Anna's deputy is Boris, whose deputy is Vera, and so on; nobody stands in for Daria. Deputies are rung.
fn with_deputies() -> Pbx {
    let mut pbx = Pbx::new();
    let deputies = LINE.iter().skip(1).map(|(user, _)| Some(*user)).chain([None]);
    let of = |((user, id), deputy): (&(u64, &str), _)| {
        (*user, Employee { deputy_crm_user_id: deputy, ..employee(id, &[("101", 20), ("102", 20)]) })
    };
    pbx.employees = Ok(LINE.iter().zip(deputies).map(of).collect());
    pbx.switch_on(&["forward_to_deputy"]);
    pbx
}

/// The same, where everybody's presence is known.
fn considering_presence(presence: Presence) -> Pbx {
    let mut pbx = with_deputies();
    pbx.configure("consider_manager_status", "true");
    LINE.iter().for_each(|(user, _)| of(&mut pbx, *user).presence = presence);
    pbx
}

fn of(pbx: &mut Pbx, user: u64) -> &mut Employee {
    pbx.employees.as_mut().unwrap().get_mut(&user).unwrap()
}

/// Who is rung, in place of whom and why.
fn deputy(outcome: &Outcome) -> [String; 3] {
    [outcome.route(), outcome.fact("deputy_for"), outcome.fact("deputy_reason")]
}

fn text_of(outcome: &Outcome, code: &str) -> Vec<String> {
    let notes = outcome.0.details.notes.iter().filter(|note| note.code == code);
    notes.map(|note| format!("{} | {}", note.text.ru, note.text.en)).collect()
}

#[test]
fn e4_off_by_default_no_deputy_is_asked_for() {
    type Cause = fn(&mut Employee);
    let causes: [(Cause, &str); 3] = [
        (|anna| anna.enabled = false, "employee-off"),
        (|anna| anna.destinations.clear(), "employee-has-no-number"),
        (|anna| anna.presence = Presence::NeverSeen, "manager-absent"),
    ];
    for (cause, code) in causes {
        let mut pbx = considering_presence(SEEN_TODAY);
        pbx.settings.clear();
        cause(of(&mut pbx, ANNA));
        let outcome = pbx.call();
        assert_eq!(deputy(&outcome), [code, "", ""]);
        assert!(outcome.notes().is_empty(), "{:?}", outcome.notes());

        pbx.switch_on(&["forward_to_deputy"]);
        assert_eq!(deputy(&pbx.call()), ["forward to boris", "anna", code]);
    }
}

#[test]
fn e4_a_manager_who_can_be_rung_is_rung_and_costs_no_look_at_the_deputy() {
    let mut pbx = considering_presence(SEEN_TODAY);
    pbx.employees.as_mut().unwrap().remove(&BORIS);
    let outcome = pbx.call();
    assert_eq!(deputy(&outcome), ["forward to anna", "", ""]);
    assert!(outcome.notes().is_empty(), "{:?}", outcome.notes());
}

#[test]
fn e4_a_manager_without_an_employee_has_no_deputy() {
    let mut pbx = with_deputies();
    pbx.employees.as_mut().unwrap().remove(&ANNA);
    assert_eq!(deputy(&pbx.call()), ["manager-has-no-employee", "", ""]);
}

#[test]
fn e4_a_manager_who_is_deactivated_in_amocrm_has_a_deputy_and_a_deputy_who_is_gets_passed_over() {
    let mut pbx = with_deputies();
    pbx.switch_on(&["refuse_deactivated_managers"]);
    pbx.user = user(false).into();
    let outcome = pbx.call();
    // The fake amoCRM says the same of every user.
    assert_eq!(outcome.route(), "manager-deactivated");
    let asked = ["contacts 200 ok", "users 200 ok", "users 200 ok", "users 200 ok", "users 200 ok"];
    assert_eq!(outcome.requests(), asked);
    assert_eq!(text_of(&outcome, "employee-passed-over").len(), 1 + MOST_DEPUTIES);
    assert_eq!(pbx.managers(), 0, "a deactivated manager is not kept");

    pbx.user = user(true).into();
    of(&mut pbx, ANNA).enabled = false;
    let outcome = pbx.call();
    assert_eq!(deputy(&outcome), ["forward to boris", "anna", "employee-off"]);
    assert!(pbx.received.borrow().last().unwrap().url.ends_with("/users/504142"));
    // Switched off in the PBX: amoCRM need not be asked.
    of(&mut pbx, BORIS).enabled = false;
    assert_eq!(deputy(&pbx.call()), ["forward to vera", "anna", "employee-off"]);
    assert!(pbx.received.borrow().last().unwrap().url.ends_with("/users/504143"));

    pbx.user = answer(403, b"");
    assert_eq!(pbx.call().route(), "access-forbidden", "what could not be found out is no reason to ring the next");
    pbx.employees.as_mut().unwrap().remove(&ANNA);
    pbx.store.borrow_mut().clear();
    pbx.user = user(false).into();
    assert_eq!(pbx.call().route(), "manager-deactivated", "also where the PBX does not know the manager");
}

#[test]
fn e4_each_deputy_in_turn_is_checked_like_the_manager() {
    for last in 1..=MOST_DEPUTIES {
        let mut pbx = considering_presence(SEEN_TODAY);
        for (place, (user, _)) in LINE.iter().enumerate().take(last) {
            let passed_over = of(&mut pbx, *user);
            match place {
                0 => passed_over.presence = Presence::NeverSeen,
                1 => passed_over.destinations.clear(),
                _ => passed_over.enabled = false,
            }
        }
        let outcome = pbx.call();
        let id = LINE[last].1;
        let route = format!("forward to {id}");
        assert_eq!(deputy(&outcome), [route.as_str(), "anna", "manager-absent"]);
        let why = [
            "Пропущен сотрудник «Сотрудник anna»: сегодня не авторизован в amoCRM | employee `Сотрудник anna` is passed over: not authorised in amoCRM today",
            "Пропущен сотрудник «Сотрудник boris»: нет номеров | employee `Сотрудник boris` is passed over: no numbers",
            "Пропущен сотрудник «Сотрудник vera»: отключён в АТС | employee `Сотрудник vera` is passed over: switched off in the PBX",
        ];
        assert_eq!(text_of(&outcome, "employee-passed-over"), why[..last]);
        assert_eq!(outcome.fact("manager_status"), "absent", "the facts tell the manager's status");
        let status = text_of(&outcome, "deputy-status");
        assert_eq!(status.len(), 1, "only who could be rung was checked: {status:?}");
        let shown = format!("status of the deputy `Сотрудник {id}`: at work (presence, as the PBX knows it)");
        assert!(status[0].ends_with(&shown), "{status:?}");
    }
}

#[test]
fn e4_no_more_than_three_deputies_are_tried() {
    let mut pbx = with_deputies();
    for (user, _) in LINE.iter().take(1 + MOST_DEPUTIES) {
        of(&mut pbx, *user).enabled = false;
    }
    let outcome = pbx.call();
    assert_eq!(deputy(&outcome), ["employee-off", "", ""], "Daria would be the fourth");
    assert_eq!(text_of(&outcome, "no-deputy"), ["Больше замещать некому | there is no other deputy"]);
}

#[test]
fn e4_the_reason_of_a_call_without_a_deputy_is_the_managers_own() {
    let mut pbx = considering_presence(SEEN_TODAY);
    of(&mut pbx, ANNA).presence = Presence::NeverSeen;
    of(&mut pbx, BORIS).enabled = false;
    of(&mut pbx, BORIS).deputy_crm_user_id = None;
    let outcome = pbx.call();
    assert_eq!(deputy(&outcome), ["manager-absent", "", ""]);
    assert_eq!(outcome.notes(), ["employee-passed-over", "employee-passed-over", "no-deputy"]);
    assert_eq!(text_of(&outcome, "no-deputy"), ["Больше замещать некому | there is no other deputy"]);

    of(&mut pbx, ANNA).deputy_crm_user_id = Some(999);
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "manager-absent");
    assert_eq!(
        text_of(&outcome, "no-deputy"),
        ["Заместитель 999 — не сотрудник АТС | the deputy 999 is not an employee of the PBX"]
    );
}

#[test]
fn e4_a_circle_that_a_directory_gives_comes_to_an_end() {
    for (last, back_to) in [(ANNA, ANNA), (BORIS, ANNA), (BORIS, BORIS), (VERA, ANNA), (VERA, BORIS)] {
        let mut pbx = with_deputies();
        LINE.iter().for_each(|(user, _)| of(&mut pbx, *user).enabled = false);
        of(&mut pbx, last).deputy_crm_user_id = Some(back_to);
        let outcome = pbx.call();
        assert_eq!(outcome.route(), "employee-off", "{last} {back_to}");
        assert_eq!(text_of(&outcome, "no-deputy"), ["Больше замещать некому | there is no other deputy"]);
    }
}

#[test]
fn e4_a_deputy_whose_status_is_unknown_counts_as_d6_says() {
    for failed in [answer(500, b""), failure(HttpFailureKind::Deadline), nothing().after(Duration::from_secs(60))] {
        let mut pbx = considering_presence(SEEN_TODAY);
        of(&mut pbx, ANNA).enabled = false;
        of(&mut pbx, BORIS).presence = Presence::NotFed;
        pbx.events = vec![failed.clone()];
        let outcome = pbx.call();
        assert_eq!(deputy(&outcome), ["status-unknown", "", ""], "{failed:?}");
        assert!(outcome.notes().contains(&"status-check-failed"), "{:?}", outcome.notes());
        let status = text_of(&outcome, "deputy-status");
        assert!(status[0].starts_with("Статус заместителя «Сотрудник boris»: неизвестен (—) | "), "{status:?}");
        assert_eq!(outcome.fact("manager_status"), "", "nothing is known of the manager's");

        pbx.choose("status_unknown", "forward");
        let outcome = pbx.call();
        assert_eq!(deputy(&outcome), ["forward to boris", "anna", "employee-off"], "{failed:?}");
        assert!(outcome.0.details.waited <= outcome.0.details.waiting_time, "{failed:?}");
    }
}

#[test]
fn e4_deputies_are_asked_for_inside_the_waiting_time() {
    let mut pbx = with_deputies();
    pbx.configure("consider_manager_status", "true");
    pbx.configure("manager_status_reuse_seconds", "0");
    // Nobody was at work, and amoCRM takes a second to say so each time.
    pbx.events = vec![events(&[event("incoming_call", ANNA, MIDNIGHT + 60)]).into()];
    pbx.events = pbx.events.drain(..).map(|found| found.after(Duration::from_secs(1))).collect();
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "status-unknown", "the third answer did not come in time");
    assert!(outcome.0.details.waited <= outcome.0.details.waiting_time, "{:?}", outcome.0.details.waited);
    assert_eq!(outcome.requests().len(), 5, "{:?}", outcome.requests());
    assert_eq!(
        outcome.notes(),
        ["employee-passed-over", "deputy-status", "employee-passed-over", "status-check-failed", "deputy-status"]
    );
}

#[test]
fn e4_no_deputy_is_looked_up_once_the_waiting_time_is_over() {
    let mut pbx = with_deputies();
    of(&mut pbx, ANNA).enabled = false;
    pbx.call();
    // The store takes longer than the operation may wait, and has the manager.
    pbx.slow_reads = Duration::from_secs(4);
    let outcome = pbx.call();
    assert_eq!(deputy(&outcome), ["employee-off", "", ""]);
    assert_eq!(text_of(&outcome, "no-deputy"), ["Время ожидания вышло | the waiting time is over"]);
}

#[test]
fn e4_a_directory_that_fails_at_a_deputy_has_its_own_reason() {
    let mut pbx = with_deputies();
    of(&mut pbx, ANNA).enabled = false;
    pbx.call();
    pbx.unavailable_from = Some(BORIS);
    let outcome = pbx.call();
    assert_eq!(deputy(&outcome), ["directory-unavailable", "", ""]);
    assert!(outcome.notes().contains(&"directory"));
}

/// Whoever somebody's deputy is, also oneself and nobody's employee.
fn any_deputy() -> impl Strategy<Value = Option<u64>> {
    let users: Vec<_> = LINE.iter().map(|(user, _)| *user).collect();
    prop_oneof![1 => Just(None), 6 => prop::sample::select(users).prop_map(Some), 1 => Just(Some(999))]
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn e4_whoever_stands_in_for_whom_nobody_is_asked_about_twice_and_at_most_three_deputies(
        people in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>(), any_deputy()), LINE.len()),
        considered in any::<bool>(),
        to_deputies in any::<bool>(),
    ) {
        let mut pbx = considering_presence(SEEN_TODAY);
        pbx.configure("consider_manager_status", &considered.to_string());
        pbx.settings.clear();
        pbx.set("forward_to_deputy", SettingValue::Flag(to_deputies));
        for ((user, _), (enabled, has_numbers, at_work, deputy)) in LINE.iter().zip(&people) {
            let person = of(&mut pbx, *user);
            person.enabled = *enabled;
            if !has_numbers {
                person.destinations.clear();
            }
            if !at_work {
                person.presence = Presence::NeverSeen;
            }
            person.deputy_crm_user_id = *deputy;
        }
        let outcome = pbx.call();
        let asked = pbx.asked_for.borrow().clone();
        let mut once = asked.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), asked.len(), "{:?}", asked);
        prop_assert!(asked.len() <= if to_deputies { 1 + MOST_DEPUTIES } else { 1 }, "{:?}", asked);

        // Who should be rung, worked out over again.
        let place = |user: u64| LINE.iter().position(|(known, _)| *known == user);
        let can_be_rung = |place: usize| {
            let (enabled, has_numbers, at_work, _) = people[place];
            enabled && has_numbers && (at_work || !considered)
        };
        let mut line = vec![0];
        while let Some(next) = people[*line.last().unwrap()].3.and_then(place)
            && line.len() <= MOST_DEPUTIES && !line.contains(&next)
        {
            line.push(next);
        }
        let line = if to_deputies { &line[..] } else { &line[..1] };
        let expected = line.iter().copied().find(|place| can_be_rung(*place));
        match (&outcome.0.route, expected) {
            (Route::Forward(forwarding), Some(expected)) => {
                prop_assert_eq!(&forwarding.employee_id, LINE[expected].1);
                prop_assert_eq!(outcome.fact("deputy_for"), if expected == 0 { "" } else { "anna" });
            }
            (Route::LinkedOperation(_), None) => prop_assert_eq!(outcome.fact("deputy_for"), ""),
            (route, expected) => prop_assert!(false, "{:?} instead of {:?}", route, expected),
        }
        let passed_over = outcome.notes().iter().filter(|code| **code == "employee-passed-over").count();
        let left = if to_deputies { line.iter().take_while(|place| !can_be_rung(**place)).count() } else { 0 };
        prop_assert_eq!(passed_over, left);
    }
}
