//! B2 Open lead first: the responsible user of the chosen contact's open lead comes before the contact's.

use serde_json::{Value, json};

use crate::amocrm::{Answer, and_more, answer, companies, contact, contacts, lead, leads, nothing};
use crate::pbx::{ANNA, BORIS, CALLER, Pbx};

/// A PBX whose amoCRM finds these leads; the caller's contact is 3, of Anna.
fn with_leads(found: impl Into<Answer>) -> Pbx {
    let mut pbx = Pbx::new();
    pbx.leads = vec![found.into()];
    pbx.switch_on(&["open_lead_first"]);
    pbx
}

/// Lead 9101 of contact 3 and Boris, with one member changed.
fn changed(member: &str, value: Value) -> Value {
    let mut lead = lead(9_101, BORIS, 3);
    lead[member] = value;
    lead
}

#[test]
fn b2_leads_are_off_by_default() {
    let mut pbx = with_leads(leads(&[lead(9_101, BORIS, 3)]));
    pbx.settings.clear();
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("forward to anna", 1));
}

#[test]
fn b2_the_open_leads_manager_comes_before_the_contacts() {
    let pbx = with_leads(leads(&[lead(9_101, BORIS, 3)]));
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to boris");
    assert_eq!(outcome.requests(), ["contacts 200 ok", "leads 200 ok"]);
    assert_eq!((outcome.fact("contact_id").as_str(), outcome.fact("lead_id").as_str()), ("3", "9101"));
    let url = pbx.received.borrow()[1].url.clone();
    for part in ["/api/v4/leads?query=9161234567&", "&order%5Bupdated_at%5D=desc", "&with=contacts"] {
        assert!(url.contains(part), "{url}");
    }
    let kept = pbx.call();
    assert_eq!((kept.route().as_str(), kept.requests().len()), ("forward to boris", 0));
    assert_eq!(kept.fact("lead_id"), "9101");
}

#[test]
fn b2_only_an_open_lead_of_this_contact_counts() {
    let cases = [
        ("won", changed("status_id", json!(142))),
        ("lost", changed("status_id", json!(143))),
        ("closed", changed("closed_at", json!(1_590_943_929))),
        ("deleted", changed("is_deleted", json!(true))),
        ("without a manager", changed("responsible_user_id", json!(null))),
        ("of another contact", lead(9_101, BORIS, 4)),
        ("of no contact", changed("_embedded", json!({"contacts": []}))),
        ("without links", changed("_embedded", json!({}))),
    ];
    for (what, found) in cases {
        let outcome = with_leads(leads(&[found])).call();
        assert_eq!((outcome.route().as_str(), outcome.fact("lead_id").as_str()), ("forward to anna", ""), "{what}");
    }
}

#[test]
fn b2_of_several_open_leads_the_most_recently_updated_counts() {
    let older = changed("updated_at", json!(1_000));
    let outcome = with_leads(leads(&[older, lead(9_102, ANNA, 3), lead(9_100, BORIS, 3)])).call();
    assert_eq!((outcome.route().as_str(), outcome.fact("lead_id").as_str()), ("forward to anna", "9102"));
}

#[test]
fn b2_a_lead_gives_a_manager_to_a_contact_that_has_none() {
    let mut pbx = with_leads(leads(&[lead(9_101, BORIS, 3)]));
    pbx.contacts = vec![contacts(&[contact(3, 0, CALLER)]).into()];
    assert_eq!(pbx.call().route(), "forward to boris");
    pbx.store.borrow_mut().clear();
    pbx.leads = vec![nothing()];
    assert_eq!(pbx.call().route(), "manager-not-set");
}

#[test]
fn b2_one_page_is_read_and_the_details_say_that_there_was_more() {
    let outcome = with_leads(and_more(leads(&[lead(9_101, BORIS, 3)]))).call();
    assert_eq!((outcome.requests().len(), outcome.notes()), (2, vec!["search-cut"]));
    assert_eq!(outcome.route(), "forward to boris");
}

#[test]
fn b2_a_refused_ambiguity_asks_for_no_leads() {
    let mut pbx = with_leads(leads(&[lead(9_101, BORIS, 3)]));
    pbx.contacts = vec![contacts(&[contact(3, ANNA, CALLER), contact(4, BORIS, CALLER)]).into()];
    pbx.choose("several_contacts", "linked-operation");
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("contact-ambiguous", 1));
}

#[test]
fn b2_a_company_has_no_lead_asked_for() {
    let mut pbx = with_leads(leads(&[lead(9_101, ANNA, 703)]));
    pbx.contacts = vec![nothing()];
    pbx.companies = vec![companies(&[contact(703, BORIS, CALLER)]).into()];
    pbx.switch_on(&["search_companies"]);
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to boris");
    assert_eq!(outcome.requests(), ["contacts 204 ok", "companies 200 ok"]);
}

#[test]
fn b2_a_failure_has_its_reason_and_nothing_is_kept() {
    for (found, route) in [
        (answer(403, b"<html>"), "access-forbidden"),
        (answer(500, b""), "crm-error"),
        (answer(200, b"{}"), "answer-not-understood"),
        (leads(&[changed("_embedded", json!(3))])["_embedded"].clone().into(), "answer-not-understood"),
    ] {
        let pbx = with_leads(found);
        assert_eq!(pbx.call().route(), route);
        assert!(pbx.store.borrow().is_empty(), "{route} is kept");
    }
}
