//! B3 Refuse deactivated managers: one who was just received from amoCRM must be switched on there.

use serde_json::json;

use crate::amocrm::{Answer, answer, lead, leads, nothing, user};
use crate::pbx::{BORIS, Pbx};

fn with_user(found: impl Into<Answer>) -> Pbx {
    let mut pbx = Pbx::new();
    pbx.user = found.into();
    pbx.switch_on(&["refuse_deactivated_managers"]);
    pbx
}

#[test]
fn b3_users_are_not_asked_for_by_default() {
    let mut pbx = with_user(user(false));
    pbx.settings.clear();
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("forward to anna", 1));
}

#[test]
fn b3_an_active_manager_is_forwarded_to_and_kept() {
    let pbx = with_user(user(true));
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.requests(), ["contacts 200 ok", "users 200 ok"]);
    assert!(pbx.received.borrow()[1].url.ends_with("/api/v4/users/504141"), "{:?}", pbx.received.borrow()[1]);
    assert_eq!(pbx.call().requests().len(), 0, "within six hours nothing is asked");
}

#[test]
fn b3_a_deactivated_or_unknown_manager_is_refused_and_not_kept() {
    for found in [user(false).into(), nothing(), answer(404, b"")] {
        let pbx = with_user(found);
        let outcome = pbx.call();
        assert_eq!(outcome.route(), "manager-deactivated");
        assert_eq!(outcome.fact("manager_user_id"), "504141");
        assert!(pbx.store.borrow().is_empty());
    }
}

#[test]
fn b3_the_open_leads_manager_is_the_one_who_must_be_active() {
    let mut pbx = with_user(user(true));
    pbx.leads = vec![leads(&[lead(9_101, BORIS, 3)]).into()];
    pbx.switch_on(&["open_lead_first"]);
    let outcome = pbx.call();
    assert_eq!(outcome.requests(), ["contacts 200 ok", "leads 200 ok", "users 200 ok"]);
    assert!(pbx.received.borrow()[2].url.ends_with("/users/504142"));
}

#[test]
fn b3_without_an_administrators_token_the_details_say_what_is_missing() {
    let pbx = with_user(answer(403, b""));
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.notes()), ("access-forbidden", vec!["administrator-token-needed"]));
    assert!(pbx.store.borrow().is_empty());
}

#[test]
fn b3_a_failure_has_its_reason_and_is_not_kept() {
    for (found, route) in [
        (answer(500, b""), "crm-error"),
        (answer(429, b""), "rate-limited"),
        (answer(200, b"[]"), "answer-not-understood"),
        (json!({"rights": {"is_active": 2}}).into(), "answer-not-understood"),
        (json!({"is_active": true}).into(), "answer-not-understood"),
    ] {
        let pbx = with_user(found);
        assert_eq!(pbx.call().route(), route);
        assert!(pbx.store.borrow().is_empty(), "{route} is kept");
    }
}
