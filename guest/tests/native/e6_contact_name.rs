//! E6 Name: the contact's name goes to the telephone where the placement shows it, and is kept only then.

use forward_to_personal_manager::contract::{LastTalk, Route, SettingValue};
use forward_to_personal_manager::time::Timestamp;
use serde_json::json;

use crate::amocrm::{companies, contact, contacts, nothing};
use crate::outcome::Outcome;
use crate::pbx::{ANNA, BORIS, CALLER, Pbx, START};

fn name(outcome: &Outcome) -> Option<&str> {
    match &outcome.0.route {
        Route::Forward(forwarding) => forwarding.caller_name.as_deref(),
        Route::LinkedOperation(_) => panic!("forwarded"),
    }
}

fn stored(pbx: &Pbx) -> String {
    pbx.store.borrow().values().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

fn showing() -> Pbx {
    let mut pbx = Pbx::new();
    pbx.switch_on(&["show_contact_name"]);
    pbx
}

#[test]
fn e6_d10_off_by_default_no_name_is_shown_and_none_is_kept() {
    let pbx = Pbx::new();
    assert_eq!(name(&pbx.call()), None);
    assert!(!stored(&pbx).contains("Иван"), "{}", stored(&pbx));
    assert_eq!(name(&pbx.call()), None);
}

#[test]
fn e6_the_name_is_shown_from_amocrm_and_from_what_is_kept() {
    let pbx = showing();
    for source in ["crm", "cache"] {
        let outcome = pbx.call();
        assert_eq!((name(&outcome), outcome.fact("manager_source").as_str()), (Some("Иван Петров"), source));
        // The details tell nothing of it.
        assert!(!format!("{:?}", outcome.0.details).contains("Иван"));
    }
    assert_eq!(pbx.received.borrow().len(), 1);
}

#[test]
fn e6_what_was_kept_without_a_name_is_asked_for_once_more_and_a_kept_name_is_not_shown_unasked() {
    let mut pbx = Pbx::new();
    pbx.call();
    pbx.switch_on(&["show_contact_name"]);
    assert_eq!(name(&pbx.call()), Some("Иван Петров"));
    assert_eq!(pbx.received.borrow().len(), 2);
    pbx.settings.clear();
    let outcome = pbx.call();
    assert_eq!((name(&outcome), outcome.fact("manager_source").as_str()), (None, "cache"));
}

#[test]
fn e6_a_contact_without_a_name_shows_none_and_is_kept_all_the_same() {
    for odd in [json!(null), json!(""), json!(7), json!({"first": "Иван"})] {
        let mut pbx = showing();
        let mut nameless = contact(3, ANNA, CALLER);
        nameless["name"] = odd;
        pbx.contacts = vec![contacts(&[nameless]).into()];
        assert_eq!(name(&pbx.call()), None);
        assert_eq!((name(&pbx.call()), pbx.received.borrow().len()), (None, 1));
    }
}

#[test]
fn e6_a_name_is_bounded_and_stays_on_one_line() {
    let mut pbx = showing();
    let mut long = contact(3, ANNA, CALLER);
    long["name"] = json!(format!("Иван\r\nTo: {}", "я".repeat(5_000)));
    pbx.contacts = vec![contacts(&[long]).into()];
    let outcome = pbx.call();
    let shown = name(&outcome).unwrap();
    assert!(shown.starts_with("Иван  To: я") && shown.chars().count() == 60, "{shown}");
}

#[test]
fn e6_a_company_s_name_is_shown_where_the_company_was_found() {
    let mut pbx = showing();
    pbx.switch_on(&["search_companies"]);
    pbx.contacts = vec![nothing()];
    let mut company = contact(9, BORIS, CALLER);
    company["name"] = json!("ООО «Ромашка»");
    pbx.companies = vec![companies(&[company]).into()];
    assert_eq!(name(&pbx.call()), Some("ООО «Ромашка»"));
}

#[test]
fn e6_e5_with_who_talked_last_the_name_is_the_kept_one_or_none() {
    let mut pbx = showing();
    pbx.set("prefer_last_talked", SettingValue::Integer(1));
    let boris_talked = Ok(Some(LastTalk { user_id: BORIS, at: Timestamp(START - 60_000) }));
    pbx.last_talk.clone_from(&boris_talked);
    assert_eq!(name(&pbx.call()), None);
    pbx.last_talk = Ok(None);
    pbx.call();
    pbx.last_talk = boris_talked;
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), name(&outcome)), ("forward to boris", Some("Иван Петров")));
}
