//! D4 Manager without employee, D5 Numbers.

use std::time::Duration;

use forward_to_personal_manager::contract::Route;

use crate::amocrm::{contact, contacts};
use crate::pbx::{CALLER, Pbx};

#[test]
fn d04_a_manager_without_an_employee_has_a_reason_of_its_own() {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![contacts(&[contact(3, 999, CALLER)]).into()];
    let outcome = pbx.call();
    assert_eq!(
        (outcome.route().as_str(), outcome.fact("manager_user_id").as_str()),
        ("manager-has-no-employee", "999")
    );
}

#[test]
fn d04_an_employee_who_is_switched_off_is_not_rung() {
    let mut pbx = Pbx::new();
    pbx.anna().enabled = false;
    assert_eq!(pbx.call().route(), "employee-off");
    pbx.anna().destinations.clear();
    assert_eq!(pbx.call().route(), "employee-off", "switched off comes before having no numbers");
}

#[test]
fn d04_an_employee_without_numbers_has_a_reason_of_its_own() {
    let mut pbx = Pbx::new();
    pbx.anna().destinations.clear();
    assert_eq!(pbx.call().route(), "employee-has-no-number");
}

#[test]
fn d04_the_pbx_is_asked_on_every_call_also_when_the_manager_is_kept() {
    let mut pbx = Pbx::new();
    assert_eq!(pbx.call().route(), "forward to anna");
    pbx.anna().enabled = false;
    assert_eq!((pbx.call().route().as_str(), pbx.requests()), ("employee-off", 1));
}

#[test]
fn d04_a_directory_that_fails_is_directory_unavailable_with_a_note() {
    let mut pbx = Pbx::new();
    pbx.employees = Err("database locked ".to_owned() + &"я".repeat(1_000));
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "directory-unavailable");
    assert!(outcome.note().starts_with("directory of employees: database locked"), "{}", outcome.note());
    assert!(outcome.note().chars().count() < 300, "a note stays short");
}

#[test]
fn d05_all_numbers_are_returned_in_order_each_with_its_ring_time() {
    let outcome = Pbx::new().call();
    let Route::Forward(forwarding) = &outcome.0.route else { panic!("{}", outcome.route()) };
    let numbers = forwarding.destinations.iter().map(|it| (it.number.as_str(), it.ring_time)).collect::<Vec<_>>();
    assert_eq!(numbers, [("101", Duration::from_secs(20)), ("+79035550101", Duration::from_secs(25))]);
    assert_eq!((forwarding.employee_id.as_str(), forwarding.employee_name.as_str()), ("anna", "Сотрудник anna"));
}
