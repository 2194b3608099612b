//! B1 Companies after contacts: where no contact was found, one more search, with the same verification and choice.

use crate::amocrm::{answer, companies, contact, contacts, nothing};
use crate::pbx::{ANNA, BORIS, CALLER, Pbx};

/// A PBX whose amoCRM has no contact with the caller's number, and one company: Boris's.
fn known_as_a_company() -> Pbx {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![nothing()];
    pbx.companies = vec![companies(&[contact(703, BORIS, "8 (916) 123-45-67")]).into()];
    pbx.switch_on(&["search_companies"]);
    pbx
}

#[test]
fn b1_companies_are_off_by_default() {
    let mut pbx = known_as_a_company();
    pbx.settings.clear();
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("contact-not-found", 1));
}

#[test]
fn b1_a_company_is_asked_for_where_no_contact_was_found() {
    let pbx = known_as_a_company();
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to boris");
    assert_eq!(outcome.requests(), ["contacts 204 ok", "companies 200 ok"]);
    assert_eq!((outcome.fact("company_id").as_str(), outcome.fact("contact_id").as_str()), ("703", ""));
    let url = &pbx.received.borrow()[1].url;
    assert!(url.starts_with("https://example.amocrm.ru/api/v4/companies?query=9161234567&"), "{url}");
}

#[test]
fn b1_the_companys_manager_is_kept_six_hours() {
    let pbx = known_as_a_company();
    pbx.call();
    let kept = pbx.call();
    assert_eq!((kept.route().as_str(), kept.requests().len()), ("forward to boris", 0));
    assert_eq!((kept.fact("manager_source").as_str(), kept.fact("company_id").as_str()), ("cache", "703"));
}

#[test]
fn b1_a_contact_makes_the_search_for_companies_unnecessary() {
    let mut pbx = known_as_a_company();
    pbx.contacts = vec![contacts(&[contact(3, ANNA, CALLER)]).into()];
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("forward to anna", 1));
    assert_eq!(outcome.fact("company_id"), "");
}

#[test]
fn b1_a_contact_without_a_manager_is_a_contact() {
    let mut pbx = known_as_a_company();
    pbx.contacts = vec![contacts(&[contact(3, 0, CALLER)]).into()];
    assert_eq!(pbx.call().route(), "manager-not-set");
}

#[test]
fn b1_companies_are_verified_and_chosen_as_contacts_are() {
    let mut deleted = contact(9, ANNA, CALLER);
    deleted["is_deleted"] = true.into();
    let cases = [
        (vec![contact(9, ANNA, "+74951234567")], "contact-not-found"),
        (vec![deleted], "contact-not-found"),
        (vec![contact(9, 0, CALLER)], "manager-not-set"),
        (vec![contact(9, BORIS, CALLER), contact(10, ANNA, CALLER)], "forward to anna"),
    ];
    for (found, route) in cases {
        let mut pbx = known_as_a_company();
        pbx.companies = vec![companies(&found).into()];
        assert_eq!(pbx.call().route(), route);
    }
    let mut pbx = known_as_a_company();
    pbx.companies = vec![companies(&[contact(9, BORIS, CALLER), contact(10, ANNA, CALLER)]).into()];
    pbx.choose("several_contacts", "linked-operation");
    assert_eq!(pbx.call().route(), "contact-ambiguous");
}

#[test]
fn b1_a_failure_has_its_reason_and_is_not_kept() {
    for (found, route) in [
        (answer(500, b""), "crm-error"),
        (answer(200, b"{}"), "answer-not-understood"),
        (contacts(&[contact(703, BORIS, CALLER)]).into(), "answer-not-understood"),
        (answer(204, b""), "contact-not-found"),
    ] {
        let mut pbx = known_as_a_company();
        pbx.companies = vec![found];
        assert_eq!(pbx.call().route(), route);
        assert!(pbx.store.borrow().is_empty(), "{route} is kept");
    }
}
