//! D8 What amoCRM's answers mean: each status and failure has its own reason, and none is kept.

use forward_to_personal_manager::world::{HttpFailure, HttpFailureKind};
use serde_json::json;

use crate::amocrm::{Answer, and_more, answer, contact, contacts, failure};
use crate::pbx::{ANNA, CALLER, Pbx};

/// Where the call goes when amoCRM answers a search like this; the answer must not have been kept.
fn route_after(found: Answer) -> (String, Vec<String>) {
    let mut pbx = Pbx::new();
    pbx.contacts = vec![found];
    let outcome = pbx.call();
    assert!(pbx.store.borrow().is_empty(), "{} is kept", outcome.route());
    (outcome.route(), outcome.requests())
}

#[test]
fn d08_every_status_has_its_reason_whatever_the_body_is() {
    for status in 100..=599 {
        let code = match status {
            200 => continue,
            204 => "contact-not-found",
            401 => "credentials-rejected",
            402 => "account-unpaid",
            403 => "access-forbidden",
            429 => "rate-limited",
            201..=299 => "answer-not-understood",
            _ => "crm-error",
        };
        let outcome = if status == 204 { "ok" } else { code };
        let valid = contacts(&[contact(3, ANNA, CALLER)]).to_string();
        for body in ["", "<html>403 Forbidden</html>", r#"{"title":"Unauthorized","status":401}"#, &valid] {
            let (route, requests) = route_after(answer(status, body.as_bytes()));
            assert_eq!((route.as_str(), requests), (code, vec![format!("contacts {status} {outcome}")]));
        }
    }
}

#[test]
fn d08_a_success_that_is_not_a_list_of_contacts_is_answer_not_understood() {
    let bodies: [&[u8]; 14] = [
        b"",
        b" ",
        b"<html><body>maintenance</body></html>",
        b"null",
        b"[]",
        b"{}",
        b"\"\"",
        b"0",
        b"\xff\xfe",
        br#"{"_embedded":null}"#,
        br#"{"_embedded":{}}"#,
        br#"{"_embedded":{"contacts":3}}"#,
        br#"{"response":{"contacts":[]}}"#,
        br#"{"_embedded":{"contacts":[]}} trailing"#,
    ];
    for body in bodies {
        let (route, requests) = route_after(answer(200, body));
        let expected = ("answer-not-understood", vec!["contacts 200 answer-not-understood".to_owned()]);
        assert_eq!((route.as_str(), requests), expected, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn d08_members_that_nobody_asks_for_may_be_of_any_shape() {
    let mut contact = contact(3, ANNA, CALLER);
    for (member, value) in [("name", json!([[{}]])), ("is_unsorted", json!(1.5e300)), ("is_deleted", json!(null))] {
        contact[member] = value;
    }
    contact.as_object_mut().unwrap().remove("updated_at");
    let mut pbx = Pbx::new();
    pbx.contacts = vec![contacts(&[contact]).into()];
    assert_eq!(pbx.call().route(), "forward to anna");
}

#[test]
fn d08_a_list_of_thousands_and_nesting_of_thousands_are_answer_not_understood() {
    let entry = contact(3, ANNA, CALLER);
    assert_eq!(route_after(contacts(&vec![entry; 2_001]).into()).0, "answer-not-understood");
    for name in ["_embedded", "unknown"] {
        let nested = format!("{}1{}", format!(r#"{{"{name}":"#).repeat(100_000), "}".repeat(100_000));
        assert_eq!(route_after(answer(200, nested.as_bytes())).0, "answer-not-understood", "{name}");
    }
}

#[test]
fn d08_a_request_without_an_answer_has_its_reason() {
    let failures = [
        (HttpFailureKind::Deadline, "no-answer-in-time", vec![]),
        (HttpFailureKind::TooLarge, "answer-not-understood", vec![]),
        (HttpFailureKind::Limited, "rate-limited", vec![]),
        (HttpFailureKind::Denied, "access-forbidden", vec!["destination-refused"]),
        (HttpFailureKind::Unreachable("connection-refused"), "crm-unreachable", vec!["transport"]),
    ];
    for (kind, route, notes) in failures {
        let mut pbx = Pbx::new();
        pbx.contacts = vec![failure(kind)];
        let outcome = pbx.call();
        assert_eq!((outcome.route().as_str(), outcome.notes()), (route, notes));
        assert_eq!(outcome.requests(), [format!("contacts - {route}")]);
        assert!(pbx.store.borrow().is_empty(), "a failure is never kept");
    }
}

#[test]
fn d08_the_status_is_shown_also_where_the_body_failed() {
    let mut cut = failure(HttpFailureKind::TooLarge);
    cut.result = Err(HttpFailure { status: Some(200), kind: HttpFailureKind::TooLarge });
    assert_eq!(route_after(cut).1, ["contacts 200 answer-not-understood"]);
}

#[test]
fn d08_bodies_are_bounded_and_the_bound_is_room_enough_for_a_full_page() {
    let mut long = contact(3, ANNA, CALLER);
    long["name"] = json!("я".repeat(4_000));
    let page = contacts(&vec![long; 50]);
    let pbx = Pbx { contacts: vec![page.clone().into()], ..Pbx::new() };
    assert_eq!(pbx.call().route(), "forward to anna");
    let bound = pbx.received.borrow()[0].maximum_body;
    assert!(page.to_string().len() < bound && bound <= 4 << 20, "{bound}");
}

#[test]
fn d08_the_next_link_counts_by_its_presence_and_is_never_followed() {
    for next in [json!({"href": "https://evil.example/"}), json!({}), json!("x"), json!(1)] {
        let mut page = and_more(contacts(&[contact(3, ANNA, CALLER)]));
        page["_links"]["next"] = next;
        let pbx = Pbx { contacts: vec![page.into()], ..Pbx::new() };
        assert_eq!(pbx.call().requests().len(), 2);
        assert!(
            pbx.received.borrow().iter().all(|it| it.url.starts_with("https://example.amocrm.ru/api/v4/contacts?"))
        );
    }
}

#[test]
fn d08_what_amocrm_says_beside_a_bad_status_is_not_shown() {
    let pbx = Pbx { contacts: vec![answer(401, b"secret detail")], ..Pbx::new() };
    assert!(!format!("{:?}", pbx.call().0).contains("secret detail"));
}
