//! D9 The call always goes somewhere: a broken store costs a request, never a call.

use serde_json::json;

use crate::amocrm::{contact, contacts, event, events};
use crate::pbx::{ANNA, BORIS, CALLER, MIDNIGHT, Pbx};

#[test]
fn d09_a_store_that_fails_to_read_is_a_miss_with_a_note() {
    let mut pbx = Pbx::new();
    pbx.call();
    pbx.broken_reads = Some("no such bucket");
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.requests(), ["contacts 200 ok"]);
    assert_eq!(
        (outcome.notes(), outcome.note()),
        (vec!["store-read-failed"], "the store could not be read: no such bucket")
    );
}

#[test]
fn d09_a_store_that_fails_to_write_is_noted_and_the_call_is_forwarded() {
    let mut pbx = Pbx::new();
    pbx.broken_writes = Some("quota exceeded");
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.note(), "the store could not be written: quota exceeded");
}

#[test]
fn d09_a_store_that_fails_altogether_does_not_fail_the_status_check() {
    let mut pbx = Pbx::considering_status();
    pbx.events = vec![events(&[event("lead_added", ANNA, MIDNIGHT + 60)]).into()];
    (pbx.broken_reads, pbx.broken_writes) = (Some("down"), Some("down"));
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    // The manager, the account's day and the status.
    let notes = ["store-read-failed", "store-write-failed"].repeat(3);
    assert_eq!(outcome.notes(), notes);
}

#[test]
fn d09_what_a_store_says_is_cut_short() {
    let mut pbx = Pbx::new();
    pbx.broken_reads = Some("я".repeat(10_000).leak());
    assert!(pbx.call().note().chars().count() < 250);
}

/// A call while this is stored for the caller and amoCRM names Boris.
fn route_with_record(record: &[u8]) -> (String, Vec<&'static str>) {
    let mut pbx = Pbx::new();
    pbx.call();
    let key = pbx.manager_key();
    pbx.store.borrow_mut().insert(key.clone(), record.to_vec());
    pbx.contacts = vec![contacts(&[contact(3, BORIS, CALLER)]).into()];
    let outcome = pbx.call();
    assert_ne!(pbx.store.borrow()[&key], record, "the record is replaced");
    (outcome.route(), outcome.notes())
}

#[test]
fn d09_a_record_that_cannot_be_read_is_a_miss_and_is_replaced() {
    let value = json!({"user_id": ANNA, "contact_id": 3, "ambiguous": false});
    let now = Pbx::new().now.get();
    let unreadable = [
        json!(null),
        json!([]),
        json!({}),
        json!({"version": 2}),
        json!({"version": "1", "received_at_ms": now, "value": value}),
        json!({"version": 2, "received_at_ms": -1, "value": value}),
        json!({"version": 2, "received_at_ms": now, "value": null}),
        json!({"version": 2, "received_at_ms": now, "value": {"user_id": ANNA}}),
        json!({"version": 2, "received_at_ms": now, "value": {"user_id": -5, "contact_id": 3}}),
    ];
    let unreadable = unreadable.map(|record| record.to_string().into_bytes());
    for record in unreadable.into_iter().chain([b"".to_vec(), b"\xff".to_vec(), b"{".to_vec()]) {
        let (route, notes) = route_with_record(&record);
        let expected = ("forward to boris", vec!["record-unreadable"]);
        assert_eq!((route.as_str(), notes), expected, "{}", String::from_utf8_lossy(&record));
    }
}

#[test]
fn d09_a_record_of_another_version_or_from_the_future_is_a_miss() {
    let value = json!({"user_id": ANNA, "contact_id": 3, "ambiguous": false});
    let now = Pbx::new().now.get();
    let others = [
        json!({"version": 3, "received_at_ms": now, "value": value}),
        json!({"version": 1, "received_at_ms": now, "value": value}),
        json!({"version": 1, "received_at_ms": now, "value": {"utc_offset_seconds": 10_800}}),
        json!({"version": 2, "received_at_ms": now + 60_000, "value": value}),
        json!({"version": 2, "received_at_ms": i64::MAX, "value": value}),
        json!({"version": 2, "received_at_ms": 0, "value": value}),
    ];
    for record in others {
        let (route, notes) = route_with_record(record.to_string().as_bytes());
        assert_eq!((route.as_str(), notes), ("forward to boris", vec![]), "{record}");
    }
}
