//! D2, D8 Answers as amoCRM and its neighbours send them: one odd card, member or byte never spoils the rest.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::amocrm::{answer, companies, contact, contacts, lead, leads};
use crate::any::any_json;
use crate::outcome::Outcome;
use crate::pbx::{ANNA, BORIS, CALLER, Pbx};

/// The call of [`CALLER`] when the search answers with these bytes.
fn call_with(body: &[u8]) -> Outcome {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![answer(200, body)];
    pbx.call()
}

/// Anna's contact with a member changed.
fn changed(member: &str, value: Value) -> Value {
    let mut card = contact(3, ANNA, CALLER);
    card[member] = value;
    card
}

/// Anna's contact as text, with something in front of its telephone field.
fn with_field(field: &[u8]) -> Vec<u8> {
    let page = contacts(&[contact(3, ANNA, CALLER)]).to_string();
    let (before, after) = page.split_once(r#""custom_fields_values":["#).expect("a contact has fields");
    [before.as_bytes(), br#""custom_fields_values":["#, field, b",", after.as_bytes()].concat()
}

#[test]
fn d02_whatever_stands_in_another_field_the_contact_is_found() {
    let comment = "x".repeat(1_100_000);
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let fields: [&[u8]; 11] = [
        br#"{"field_code":null,"values":[{"value":"Hot lead \ud83d"}]}"#,
        br#"{"values":[{"value":"\ude00"}],"field_code":"COMMENT"}"#,
        b"{\"field_code\":null,\"values\":[{\"value\":\"caf\xe9\"}]}",
        b"{\"field_name\":\"\xff\xfe\",\"field_code\":\"X\"}",
        br#"{"field_code":17,"values":"none"}"#,
        br#"{"field_code":"\ud83d","values":[]}"#,
        br#"{"field_code":"X","values":[{"value":1e999}]}"#,
        br#"3"#,
        br#"null"#,
        comment_field(&comment),
        comment_field(&nested),
    ];
    for field in fields {
        let shown = String::from_utf8_lossy(field.get(..80).unwrap_or(field));
        let outcome = call_with(&with_field(field));
        assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to anna", vec![]), "{shown}");
    }
}

fn comment_field(text: &str) -> &'static [u8] {
    let value = if text.starts_with('[') { text.to_owned() } else { format!("\"{text}\"") };
    format!(r#"{{"field_code":"COMMENT","values":[{{"value":{value}}}]}}"#).into_bytes().leak()
}

#[test]
fn d02_a_byte_order_mark_and_broken_bytes_are_no_obstacle() {
    let page = contacts(&[contact(3, ANNA, CALLER)]).to_string().into_bytes();
    assert_eq!(call_with(&[b"\xef\xbb\xbf", &page[..]].concat()).route(), "forward to anna");
    let name = "Иван Петров".as_bytes();
    let at = page.windows(name.len()).position(|window| window == name).expect("the name");
    let mut broken = page.clone();
    broken[at] = 0xff;
    assert_eq!(call_with(&broken).route(), "forward to anna");
}

#[test]
fn d02_what_php_makes_of_lists_and_numbers_is_understood() {
    let page = |list: Value| json!({"_embedded": {"contacts": list}});
    let card = || contact(3, ANNA, CALLER);
    let other = |fields: Value| {
        let mut other = contact(2, BORIS, CALLER);
        other["custom_fields_values"] = fields;
        other
    };
    let phones = card()["custom_fields_values"][1].clone();
    let mut keyed_values = phones.clone();
    keyed_values["values"] = json!({"0": {"value": "+79160000000"}, "4": {"value": CALLER}});
    for found in [
        page(json!({"0": card()})),
        page(json!({"0": other(json!([])), "2": card()})),
        page(json!([card(), other(json!({}))])),
        page(json!([card(), other(json!(false))])),
        page(json!([card(), other(json!(""))])),
        page(json!([changed("custom_fields_values", json!({"1": phones, "7": {}}))])),
        page(json!([changed("custom_fields_values", json!([keyed_values]))])),
        page(json!([changed("id", json!("3"))])),
        page(json!([changed("id", json!(3.0))])),
        page(json!([changed("responsible_user_id", json!(ANNA.to_string()))])),
        page(json!([changed("updated_at", json!("1590943929"))])),
        page(json!([changed("is_deleted", json!("0"))])),
    ] {
        assert_eq!(call_with(found.to_string().as_bytes()).route(), "forward to anna", "{found}");
    }
    for deleted in [json!(true), json!(1), json!("1")] {
        let found = page(json!([changed("is_deleted", deleted)]));
        assert_eq!(call_with(found.to_string().as_bytes()).route(), "contact-not-found", "{found}");
    }
    for empty in [json!([]), json!({}), json!(false), json!(null)] {
        assert_eq!(call_with(page(empty).to_string().as_bytes()).route(), "contact-not-found");
    }
    for nobody in [json!(null), json!(0), json!(false), json!("")] {
        let found = page(json!([changed("responsible_user_id", nobody)]));
        assert_eq!(call_with(found.to_string().as_bytes()).route(), "manager-not-set", "{found}");
    }
}

#[test]
fn d02_a_card_that_cannot_be_read_is_passed_over_and_its_fault_named() {
    let unreadable = [
        ("`id` could not be understood", changed("id", json!(null))),
        ("`id` could not be understood", changed("id", json!(-3))),
        ("`id` could not be understood", changed("id", json!("three"))),
        ("`id` could not be understood", changed("id", json!(3.5))),
        ("`responsible_user_id` could not be understood", changed("responsible_user_id", json!(-1))),
        ("`responsible_user_id` could not be understood", changed("responsible_user_id", json!(1e30))),
        ("`responsible_user_id` could not be understood", changed("responsible_user_id", json!({"id": ANNA}))),
        ("it is not a JSON object", json!([3, ANNA, 1, false, [CALLER]])),
        ("it is not a JSON object", json!(CALLER)),
        ("it is not a JSON object", json!(null)),
    ];
    for (fault, card) in unreadable {
        let alone = call_with(contacts(std::slice::from_ref(&card)).to_string().as_bytes());
        assert_eq!(alone.route(), "contact-not-found", "{card}");
        let note =
            format!("entries of `contacts` passed over because they could not be read: 1; in the first, {fault}");
        assert_eq!(alone.note(), note, "{card}");
        let beside = call_with(contacts(&[card.clone(), contact(4, ANNA, CALLER)]).to_string().as_bytes());
        assert_eq!(
            (beside.route().as_str(), beside.notes()),
            ("forward to anna", vec!["entries-unreadable"]),
            "{card}"
        );
    }
    let page = contacts(&[changed("id", json!(null)), contact(4, ANNA, CALLER)]);
    let huge = page.to_string().replacen(r#""id":null"#, r#""id":1e999"#, 1);
    assert_eq!(call_with(huge.as_bytes()).route(), "forward to anna");
}

#[test]
fn d02_of_members_with_one_name_the_last_counts() {
    let page = contacts(&[contact(3, ANNA, CALLER)]).to_string();
    let twice = page.replacen(r#""responsible_user_id""#, r#""responsible_user_id":504142,"responsible_user_id""#, 1);
    assert_eq!(call_with(twice.as_bytes()).fact("manager_user_id"), ANNA.to_string());
}

#[test]
fn d02_a_member_named_twice_loses_neither_the_card_nor_the_page() {
    let page = contacts(&[contact(2, BORIS, "+79160000000"), contact(3, ANNA, CALLER)]).to_string();
    let number = format!("\"{CALLER}\"");
    let embedded = page.split_once(r#""_embedded":"#).expect("a page embeds lists").1;
    let (embedded, links) = embedded.split_once(r#","_links""#).expect("a page has links");
    for (what, from, to) in [
        (
            "a field's code",
            r#""field_code":"PHONE""#.to_owned(),
            r#""field_code":null,"field_code":"PHONE""#.to_owned(),
        ),
        ("a field's values", r#""values":"#.to_owned(), r#""values":[],"values":"#.to_owned()),
        ("a value", format!(r#""value":{number}"#), format!(r#""value":"12","value":{number}"#)),
        ("unknown to us", r#""field_code":"PHONE""#.to_owned(), r#""x":1,"x":2,"field_code":"PHONE""#.to_owned()),
        (
            "the fields",
            r#""custom_fields_values":"#.to_owned(),
            r#""custom_fields_values":null,"custom_fields_values":"#.to_owned(),
        ),
        ("the list", r#""contacts":"#.to_owned(), r#""contacts":false,"contacts":"#.to_owned()),
        ("the links", format!(r#","_links"{links}"#), format!(r#","_links":{{}},"_links"{links}"#)),
        (
            "all that the page embeds",
            format!(r#""_embedded":{embedded}"#),
            format!(r#""_embedded":[],"_embedded":{embedded}"#),
        ),
    ] {
        let twice = page.replace(&from, &to);
        assert_ne!(twice, page, "{what}");
        let outcome = call_with(twice.as_bytes());
        assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to anna", vec!["hits-unverified"]), "{what}");
        let broken = twice.replace("Иван", r"\ud83d");
        assert_eq!(call_with(broken.as_bytes()).route(), "forward to anna", "{what}, beside half a pair");
    }
}

#[test]
fn d02_odd_companies_and_leads_spoil_no_others() {
    let mut pbx = Pbx::new();
    pbx.switch_on(&["search_companies", "open_lead_first"]);
    pbx.contacts = vec![contacts(&[]).into()];
    pbx.companies = vec![companies(&[changed("id", json!([])), contact(703, BORIS, CALLER)]).into()];
    assert_eq!(pbx.call().route(), "forward to boris");

    let mut odd = lead(9_102, ANNA, 3);
    odd["responsible_user_id"] = json!("nobody");
    let mut linked = lead(9_101, BORIS, 3);
    linked["_embedded"]["contacts"] = json!({"1": {"id": "3"}, "2": {"id": null}, "3": false});
    linked["closed_at"] = json!(false);
    let mut pbx = Pbx::new();
    pbx.switch_on(&["open_lead_first"]);
    pbx.leads = vec![leads(&[odd, linked]).into()];
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to boris", vec!["entries-unreadable"]));
}

/// A card of a stranger's with any member replaced by anything, or no card at all.
fn odd_card() -> impl Strategy<Value = Value> {
    let member =
        prop::sample::select(&["id", "updated_at", "is_deleted", "custom_fields_values", "name", "_embedded"][..]);
    prop_oneof![
        1 => any_json(),
        3 => (member, any_json()).prop_map(|(member, value)| {
            let mut card = contact(9, BORIS, "+79160000000");
            card[member] = value;
            card
        }),
    ]
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn d02_an_odd_card_beside_a_good_one_never_loses_the_good_one(
        odd in prop::collection::vec(odd_card(), 1..4),
        place in any::<prop::sample::Index>(),
        broken in prop::sample::select(vec![&b""[..], b"\\ud83d", b"\xff", b"\\u0000"]),
    ) {
        // What holds the caller's own number is not a stranger's card.
        let is_strangers = |card: &Value| !card.to_string().chars().filter(char::is_ascii_digit).collect::<String>().contains(&CALLER[2..]);
        let mut cards: Vec<_> = odd.into_iter().filter(is_strangers).collect();
        let mut good = contact(3, ANNA, CALLER);
        good["name"] = json!("@");
        cards.insert(place.index(cards.len() + 1), good);
        let page = contacts(&cards).to_string().into_bytes();
        let at = page.windows(3).position(|window| window == b"\"@\"").expect("the name");
        let page = [&page[..=at], broken, &page[at + 2..]].concat();
        let outcome = call_with(&page);
        prop_assert_eq!(outcome.fact("manager_user_id"), ANNA.to_string(), "{}", String::from_utf8_lossy(&page));
    }
}
