//! Bytes that amoCRM or a store might give: noise, JSON of any shape, and valid documents with something broken in them.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use crate::amocrm::{account, and_more, companies, contact, contacts, event, events, lead, leads, user};
use crate::pbx::{ANNA, BORIS, CALLER, MIDNIGHT};

/// The names that the operation looks for, and some that it does not.
const NAMES: [&str; 39] = [
    "_embedded",
    "_links",
    "activity",
    "ambiguous",
    "at",
    "closed_at",
    "companies",
    "company_id",
    "contact_id",
    "contacts",
    "created_at",
    "created_by",
    "custom_fields_values",
    "datetime_settings",
    "events",
    "field_code",
    "id",
    "is_active",
    "is_deleted",
    "kind",
    "lead_id",
    "leads",
    "midnight",
    "next",
    "received_at_ms",
    "responsible_user_id",
    "rights",
    "status_id",
    "timezone",
    "timezone_offset",
    "type",
    "updated_at",
    "user_id",
    "utc_offset_seconds",
    "value",
    "values",
    "version",
    "name",
    "",
];

/// Texts that mean something somewhere.
const TEXTS: [&str; 12] = [
    "PHONE",
    CALLER,
    "8 (916) 123-45-67",
    "9161234567",
    "+79161234568",
    "+03:00",
    "-14:00",
    "+99:99",
    "Z",
    "+3я",
    "common_note_added",
    "incoming_call",
];

/// A number, a text or a word of JSON.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec![0, 1, 3, ANNA, BORIS, MIDNIGHT, 79_161_234_567]).prop_map(Value::from),
        select(&TEXTS[..]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

/// JSON of any shape, with the names that the operation looks for.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((select(&NAMES[..]), inner), 0..6).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}

/// An answer as amoCRM gives it.
fn valid_answer() -> impl Strategy<Value = Value> {
    select(vec![
        contacts(&[contact(3, ANNA, CALLER)]),
        contacts(&[contact(3, ANNA, "8 (916) 123-45-67"), contact(4, BORIS, "+79161234567"), contact(5, 7, "+7495")]),
        and_more(contacts(&[contact(9, BORIS, "+7 495 765-43-21")])),
        events(&[event("incoming_call", ANNA, MIDNIGHT + 60), event("lead_added", ANNA, MIDNIGHT + 90)]),
        and_more(events(&[event("lead_added", BORIS, MIDNIGHT + 60)])),
        account("+03:00"),
        companies(&[contact(703, BORIS, CALLER)]),
        leads(&[lead(9_101, BORIS, 3), lead(9_102, ANNA, 4)]),
        user(true),
        user(false),
    ])
}

/// A document with one of its values replaced.
pub(crate) fn with_one_value_replaced(document: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (document, any::<Index>(), any_json()).prop_map(|(mut document, which, new)| {
        let mut values = Vec::new();
        paths(&document, "", &mut values);
        let path = which.get(&values);
        *document.pointer_mut(path).expect("the path leads somewhere") = new;
        document
    })
}

/// The JSON pointers of a document's values.
fn paths(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(i, entry)| paths(entry, &format!("{here}/{i}"), found))
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, entry)| paths(entry, &format!("{here}/{name}"), found))
        }
        _ => {}
    }
}

/// A document as bytes, cut short or with some bytes overwritten.
///
/// What is written over them is harmless to the tests' own reading of the document: no escapes, no exponents.
pub(crate) fn with_bytes_broken(document: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<u8>> {
    let byte = select(&b"{}[]\",:0123456789 tfn-"[..]);
    (document, prop::collection::vec((any::<Index>(), byte), 0..4), any::<Option<Index>>()).prop_map(
        |(document, overwritten, cut)| {
            let mut bytes = document.to_string().into_bytes();
            for (at, byte) in overwritten {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
            bytes
        },
    )
}

/// Any bytes, most of them near to a valid answer.
pub(crate) fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |value: Value| value.to_string().into_bytes();
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..64),
        2 => any_json().prop_map(bytes),
        4 => with_one_value_replaced(valid_answer()).prop_map(bytes),
        3 => with_bytes_broken(valid_answer()),
        2 => valid_answer().prop_map(bytes),
    ]
}

/// A record as the operation keeps it, of any age.
pub(crate) fn any_record(now: u64) -> impl Strategy<Value = Vec<u8>> {
    const SIX_HOURS: u64 = 6 * 3_600_000;
    let received_at = prop_oneof![
        select(vec![now, now - 1, now + 1, now - SIX_HOURS, now - SIX_HOURS + 1, now - SIX_HOURS - 1, 0, u64::MAX]),
        now - 2 * SIX_HOURS..now + SIX_HOURS,
        any::<u64>(),
    ];
    let record = (received_at, select(vec![2, 2, 2, 2, 1, 3]), any::<bool>()).prop_map(|(at, version, ambiguous)| {
        json!({"version": version, "received_at_ms": at,
               "value": {"user_id": ANNA, "contact_id": 3, "ambiguous": ambiguous}})
    });
    let bytes = |value: Value| value.to_string().into_bytes();
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..64),
        1 => any_json().prop_map(bytes),
        3 => record.clone().prop_map(bytes),
        2 => with_one_value_replaced(record.clone()).prop_map(bytes),
        2 => with_bytes_broken(record),
    ]
}

/// A status record as the operation keeps it, of any age.
pub(crate) fn any_status_record(now: u64) -> impl Strategy<Value = Vec<u8>> {
    let around = |at: u64| prop_oneof![Just(at), at - 60..at + 60, any::<u64>()];
    let received_at = prop_oneof![now - 60_000..now + 60_000, any::<u64>()];
    let kind = select(vec![json!("lead_added"), json!("x\"y"), json!(null), json!(3)]);
    let record =
        (received_at, around(MIDNIGHT), around(MIDNIGHT), kind).prop_map(|(at, midnight, created_at, kind)| {
            let value = json!({"midnight": midnight, "activity": {"kind": kind, "at": created_at}});
            json!({"version": 2, "received_at_ms": at, "value": value})
        });
    let bytes = |value: Value| value.to_string().into_bytes();
    prop_oneof![
        3 => record.clone().prop_map(bytes),
        2 => with_one_value_replaced(record.clone()).prop_map(bytes),
        2 => with_bytes_broken(record),
        1 => any_body(),
    ]
}
