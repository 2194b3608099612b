//! The parsers of amoCRM's answers: any bytes give a route of the documented set, and nothing is forwarded that no verified contact supports.

use forward_to_personal_manager::caller::{CountryCode, InternationalNumber};
use forward_to_personal_manager::reason::Reason;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::config;
use crate::world::{CALLER, Fakes, code, contact_page};

/// JSON that likes the members amoCRM's answers have, in right and wrong places.
fn likely_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(3)),
        Just(json!(504_141)),
        any::<f64>().prop_map(Value::from),
        Just(json!("PHONE")),
        Just(json!("+79161234567")),
        Just(json!("+03:00")),
        Just(json!("lead_added")),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "_embedded",
        "_links",
        "next",
        "contacts",
        "events",
        "id",
        "responsible_user_id",
        "updated_at",
        "is_deleted",
        "custom_fields_values",
        "field_code",
        "values",
        "value",
        "type",
        "created_by",
        "created_at",
        "datetime_settings",
        "timezone_offset",
        "unknown",
    ]);
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// A well-formed page of contacts in which much may be missing or odd.
fn contacts() -> impl Strategy<Value = Value> {
    let phone = prop_oneof![
        Just(json!("+7 (916) 123-45-67")),
        Just(json!("89161234567")),
        Just(json!(79_161_234_567_u64)),
        Just(json!("+49 916 1234567")),
        Just(json!(null)),
        Just(json!({"a": [1]})),
        ".{0,14}".prop_map(Value::from),
    ];
    let code = prop::sample::select(vec![json!("PHONE"), json!("EMAIL"), json!(null)]);
    let field = (code, prop::collection::vec(phone, 0..3)).prop_map(|(code, phones)| {
        json!({"field_code": code, "values": phones.into_iter().map(|phone| json!({"value": phone})).collect::<Vec<_>>()})
    });
    let fields = prop::option::of(prop::collection::vec(field, 0..3));
    let manager = prop::sample::select(vec![json!(504_141), json!(504_142), json!(0), json!(null)]);
    let contact = (1_u64..9, manager, 0_u64..4, any::<bool>(), fields).prop_map(|(id, manager, updated, deleted, fields)| {
        json!({"id": id, "responsible_user_id": manager, "updated_at": updated, "is_deleted": deleted, "custom_fields_values": fields})
    });
    prop::collection::vec(contact, 0..6).prop_map(|contacts| json!({"_embedded": {"contacts": contacts}}))
}

/// Whether a contact of the page, not deleted, has the caller's number as a PHONE: written independently of the component.
fn verified_managers(page: &Value) -> Vec<u64> {
    let caller = InternationalNumber::parse(CALLER, CountryCode::DEFAULT);
    let is_callers = |value: &Value| {
        let text = value["value"]
            .as_str()
            .map(str::to_owned)
            .or_else(|| value["value"].as_i64().map(|number| number.to_string()));
        text.is_some_and(|text| InternationalNumber::parse(&text, CountryCode::DEFAULT) == caller)
    };
    let empty = Vec::new();
    let list = |value: &Value| value.as_array().unwrap_or(&empty).clone();
    list(&page["_embedded"]["contacts"])
        .iter()
        .filter(|contact| contact["is_deleted"] != json!(true))
        .filter(|contact| {
            let fields = list(&contact["custom_fields_values"]);
            fields
                .iter()
                .filter(|field| field["field_code"] == "PHONE")
                .any(|field| list(&field["values"]).iter().any(is_callers))
        })
        .filter_map(|contact| contact["responsible_user_id"].as_u64().filter(|user| *user != 0))
        .collect()
}

fn is_documented(code: &str) -> bool {
    code == "forward" || Reason::ALL.iter().any(|reason| reason.code() == code)
}

/// An amoCRM that is asked all three questions.
fn considering_status(contacts: &[u8]) -> Fakes {
    let mut fakes = Fakes::with_contacts(200, contacts);
    fakes.config.insert("consider_manager_status", "true".to_owned());
    fakes.answer("/api/v4/account", 200, br#"{"_embedded":{"datetime_settings":{"timezone_offset":"+03:00"}}}"#);
    fakes
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn d8_any_status_and_bytes_have_a_documented_outcome(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..400)) {
        let code = Fakes::with_contacts(status, &body).code(Some(CALLER));
        prop_assert!(is_documented(code));
        prop_assert_ne!(code, "forward");
    }

    #[test]
    fn d8_any_json_has_a_documented_outcome(contacts in likely_json(), account in likely_json(), events in likely_json()) {
        prop_assert!(is_documented(Fakes::with_contacts(200, contacts.to_string().as_bytes()).code(Some(CALLER))));
        let mut fakes = considering_status(contact_page("+79161234567", 504_141).as_bytes());
        fakes.answer("/api/v4/events", 200, events.to_string().as_bytes());
        prop_assert!(["forward", "manager-absent", "status-unknown"].contains(&fakes.code(Some(CALLER))));
        fakes.answer("/api/v4/account", 200, account.to_string().as_bytes());
        prop_assert!(["forward", "manager-absent", "status-unknown"].contains(&fakes.code(Some(CALLER))));
    }

    #[test]
    fn d8_a_right_answer_cut_or_changed_anywhere_never_panics(cut in 0_usize..300, at in 0_usize..300, byte in any::<u8>()) {
        let page = contact_page("+79161234567", 504_141);
        let cut_short = page.as_bytes().get(..cut).unwrap_or(page.as_bytes());
        prop_assert!(is_documented(Fakes::with_contacts(200, cut_short).code(Some(CALLER))));
        let mut changed = page.into_bytes();
        let at = at % changed.len();
        changed[at] = byte;
        prop_assert!(is_documented(Fakes::with_contacts(200, &changed).code(Some(CALLER))));
    }

    #[test]
    fn d2_only_verified_contacts_managers_are_ever_used(page in contacts()) {
        let resolution = Fakes::with_contacts(200, page.to_string().as_bytes()).call(Some(CALLER));
        let managers = verified_managers(&page);
        let used = crate::world::fact(&resolution, "manager_user_id").map(|user| user.parse::<u64>().unwrap());
        prop_assert_eq!(code(&resolution) == "forward", !managers.is_empty(), "{}", page);
        prop_assert!(used.is_none_or(|used| managers.contains(&used)));
        let ambiguous = resolution.details.notes.iter().any(|note| note.code == "contact-ambiguous");
        prop_assert_eq!(ambiguous, managers.iter().any(|manager| *manager != managers[0]));
    }
}

#[test]
fn d8_json_nested_too_deep_is_not_understood() {
    let deep = format!("{}{}", "{\"_embedded\":".repeat(10_000), "}".repeat(10_000));
    assert_eq!(Fakes::with_contacts(200, deep.as_bytes()).code(Some(CALLER)), "answer-not-understood");
}

#[test]
fn d8_a_list_too_long_is_not_understood() {
    let long = format!("{{\"_embedded\":{{\"contacts\":[{}0]}}}}", "0,".repeat(100_000));
    assert_eq!(Fakes::with_contacts(200, long.as_bytes()).code(Some(CALLER)), "answer-not-understood");
}
