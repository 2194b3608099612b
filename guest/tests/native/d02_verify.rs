//! D2 Verify: a hit counts only when one of its telephone numbers is the caller's.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::amocrm::{contact, contacts};
use crate::pbx::{ANNA, BORIS, CALLER, Pbx};
use crate::spelling::{national, russian_spelling};

/// Where the call goes when amoCRM finds these contacts.
fn route_with(found: &[Value]) -> String {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![contacts(found).into()];
    pbx.call().route()
}

/// A contact of Anna's with these fields.
fn contact_with_fields(fields: Value) -> Value {
    let mut contact = contact(3, ANNA, "");
    contact["custom_fields_values"] = fields;
    contact
}

#[test]
fn d02_unverified_hits_are_never_used() {
    let phone = |values: Value| json!([{"field_code": "PHONE", "values": values}]);
    let unverified = [
        ("another number", phone(json!([{"value": "+79161234568"}]))),
        ("the same last ten digits abroad", phone(json!([{"value": "+49 916 123-45-67"}]))),
        ("a part of the number", phone(json!([{"value": "1234567"}]))),
        ("the number inside a longer one", phone(json!([{"value": "+79161234567890"}]))),
        ("an order number", json!([{"field_code": "ORDER", "values": [{"value": CALLER}]}])),
        (
            "a field of this name but another code",
            json!([{"field_name": "Телефон", "field_code": null, "values": [{"value": CALLER}]}]),
        ),
        ("a code in small letters", json!([{"field_code": "phone", "values": [{"value": CALLER}]}])),
        ("nothing filled", json!(null)),
        ("no fields", json!([])),
        ("no values", json!([{"field_code": "PHONE"}])),
        ("null values", json!([{"field_code": "PHONE", "values": null}])),
        ("an empty value", phone(json!([{"value": ""}, {"value": null}, {}]))),
        ("values of other kinds", phone(json!([{"value": true}, {"value": [CALLER]}, {"value": 79161234567.5}]))),
        ("the number as an extension", phone(json!([{"value": "+7 495 123-45-67 доб. 89161234567"}]))),
    ];
    for (what, fields) in unverified {
        assert_eq!(route_with(&[contact_with_fields(fields)]), "contact-not-found", "{what}");
    }
}

#[test]
fn d02_any_of_a_contacts_numbers_verifies_it() {
    let verified = [
        json!([{"field_code": "PHONE", "values": [{"value": "+74950000000"}, {"value": "8 (916) 123-45-67"}]}]),
        json!([{"field_code": "EMAIL", "values": [{"value": "a@b"}]}, {"field_code": "PHONE", "values": [{"value": CALLER}]}]),
        json!([{"field_code": "PHONE", "values": []}, {"field_code": "PHONE", "values": [{"value": CALLER}]}]),
        json!([{"field_code": "PHONE", "values": [{"value": 79_161_234_567_u64}]}]),
        json!([{"field_code": "PHONE", "values": [{"value": 9_161_234_567_u64, "enum": "WORK"}], "unknown": {"member": [1]}}]),
    ];
    for fields in verified {
        assert_eq!(route_with(&[contact_with_fields(fields.clone())]), "forward to anna", "{fields}");
    }
}

#[test]
fn d02_unverified_hits_are_counted_in_the_call_details() {
    let mut pbx = Pbx::new();
    let others = [contact(1, BORIS, "+79160000000"), contact(2, BORIS, "+79161111111"), contact(3, ANNA, CALLER)];
    pbx.contacts = vec![contacts(&others).into()];
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.note(), "found, but deleted or without the caller's number: 2");
}

#[test]
fn d02_an_answer_with_no_contacts_is_contact_not_found() {
    assert_eq!(route_with(&[]), "contact-not-found");
}

#[test]
fn d02_the_default_country_applies_to_stored_numbers_too() {
    let mut pbx = Pbx::new();
    pbx.configure("default_country_code", "49");
    pbx.contacts = vec![contacts(&[contact(3, ANNA, "30 1234-5678")]).into()];
    assert_eq!(pbx.call_from(Some("+493012345678")).route(), "forward to anna");
    assert_eq!(pbx.call_from(Some("+73012345678")).route(), "contact-not-found");
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn d02_the_callers_spelling_and_the_stored_one_need_not_agree(
        (caller, stored) in national().prop_flat_map(|number| (russian_spelling(&number), russian_spelling(&number))),
        other in national(),
    ) {
        let mut pbx = Pbx::new();
        pbx.contacts = vec![contacts(&[contact(2, BORIS, &other), contact(3, ANNA, &stored)]).into()];
        prop_assert_eq!(pbx.call_from(Some(&caller)).route(), "forward to anna");
    }

    #[test]
    fn d02_a_call_is_never_forwarded_by_another_number(
        (caller, stored) in (national(), national()).prop_filter("different", |(caller, stored)| caller != stored)
            .prop_flat_map(|(caller, stored)| (russian_spelling(&caller), russian_spelling(&stored))),
    ) {
        let mut pbx = Pbx::new();
        pbx.contacts = vec![contacts(&[contact(3, ANNA, &stored)]).into()];
        prop_assert_eq!(pbx.call_from(Some(&caller)).route(), "contact-not-found");
    }
}
