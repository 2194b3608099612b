//! D7 Today: what a manager did in amoCRM since the account's midnight, where nobody reports presence.

use serde_json::{Value, json};

use crate::amocrm::{Answer, and_more, answer, event, events, nothing};
use crate::pbx::{ANNA, BORIS, MIDNIGHT, Pbx};

/// A call while amoCRM lists these pages of events.
fn pbx_with(pages: Vec<Answer>) -> Pbx {
    Pbx { events: pages, ..Pbx::considering_status() }
}

fn route_with(list: &[Value]) -> String {
    pbx_with(vec![events(list).into()]).call().route()
}

#[test]
fn d07_an_event_of_the_managers_own_since_midnight_is_evidence() {
    let outcome = pbx_with(vec![events(&[event("lead_status_changed", ANNA, MIDNIGHT + 3_600)]).into()]).call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.fact("manager_status"), "at-work");
    assert_eq!(outcome.fact("status_evidence"), "event:lead_status_changed");
    assert_eq!(outcome.fact("status_evidence_at"), "2026-11-21T22:00:00Z");
}

#[test]
fn d07_no_event_is_absent() {
    for pages in [vec![], vec![nothing()], vec![events(&[]).into()]] {
        let outcome = pbx_with(pages).call();
        assert_eq!(outcome.route(), "manager-absent");
        assert_eq!(outcome.fact("manager_status"), "absent");
        assert_eq!(outcome.fact("status_evidence"), "no-events");
    }
}

#[test]
fn d07_service_events_prove_nothing() {
    let service = [
        "incoming_call",
        "outgoing_call",
        "incoming_chat_message",
        "incoming_sms",
        "incoming_mail",
        "robot_replied",
        "link_followed",
        "service_note_added",
        "geo_note_added",
        "call_in_note_added",
    ];
    for kind in service {
        assert_eq!(route_with(&[event(kind, ANNA, MIDNIGHT + 1)]), "manager-absent", "{kind}");
    }
}

#[test]
fn d07_what_people_do_by_hand_proves_that_they_are_there() {
    let by_hand = [
        "common_note_added",
        "attachment_note_added",
        "lead_added",
        "contact_added",
        "task_completed",
        "outgoing_chat_message",
        "custom_field_17_value_changed",
        "entity_responsible_changed",
    ];
    for kind in by_hand {
        assert_eq!(
            route_with(&[event("incoming_call", ANNA, MIDNIGHT + 9), event(kind, ANNA, MIDNIGHT + 1)]),
            "forward to anna",
            "{kind}"
        );
    }
}

#[test]
fn d07_events_that_the_filter_should_have_left_out_are_left_out() {
    let strangers = [
        ("another user's", event("lead_added", BORIS, MIDNIGHT + 60)),
        ("a robot's", event("lead_added", 0, MIDNIGHT + 60)),
        ("before midnight", event("lead_added", ANNA, MIDNIGHT - 1)),
        ("long ago", event("lead_added", ANNA, 0)),
    ];
    for (what, event) in strangers {
        assert_eq!(route_with(&[event]), "manager-absent", "{what}");
    }
    assert_eq!(route_with(&[event("lead_added", ANNA, MIDNIGHT)]), "forward to anna", "midnight itself is today");
}

#[test]
fn d07_the_question_names_the_user_and_the_midnight() {
    let pbx = pbx_with(vec![]);
    pbx.call();
    let url = pbx.received.borrow().last().unwrap().url.clone();
    assert!(url.contains("filter%5Bcreated_by%5D%5B%5D=504141"), "{url}");
    assert!(url.contains(&format!("filter%5Bcreated_at%5D%5Bfrom%5D={MIDNIGHT}")), "{url}");
}

#[test]
fn d07_a_page_of_events_shorter_than_its_limit_is_the_last() {
    let mut page = events(&[event("incoming_call", ANNA, MIDNIGHT + 60)]);
    page["_links"]["next"] = json!({"href": "https://example.amocrm.ru/api/v4/events?page=2"});
    let outcome = pbx_with(vec![page.into(), answer(500, b"")]).call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("manager-absent", 3));
}

#[test]
fn d07_the_managers_event_may_be_on_a_later_page() {
    let service = and_more(events(&[event("incoming_call", ANNA, MIDNIGHT + 60)]));
    let own: Answer = events(&[event("lead_added", ANNA, MIDNIGHT + 30)]).into();
    let outcome = pbx_with(vec![service.clone().into(), service.clone().into(), own]).call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.requests()[2..], ["events 200 ok", "events 200 ok", "events 200 ok"]);
    let nothing_more = pbx_with(vec![service.into(), nothing()]).call();
    assert_eq!(nothing_more.route(), "manager-absent");
}

#[test]
fn d06_service_events_without_an_end_leave_the_status_unknown() {
    let service = and_more(events(&[event("incoming_call", ANNA, MIDNIGHT + 60)]));
    let outcome = pbx_with(vec![service.into(); 100]).call();
    assert_eq!(outcome.route(), "status-unknown");
    assert_eq!(outcome.requests().iter().filter(|request| request.starts_with("events")).count(), 5);
}

#[test]
fn d06_where_nothing_is_found_but_an_event_that_cannot_be_read_the_status_is_unknown() {
    let wrong = [
        ("type", json!(null)),
        ("type", json!(1)),
        ("created_by", json!(null)),
        ("created_at", json!(-1)),
        ("created_at", json!("today")),
        ("created_at", json!(1.5)),
    ];
    for (member, value) in wrong {
        let mut event = event("lead_added", ANNA, MIDNIGHT + 60);
        event[member] = value.clone();
        let outcome = pbx_with(vec![events(&[event.clone()]).into()]).call();
        assert_eq!(
            (outcome.route().as_str(), outcome.notes()),
            ("status-unknown", vec!["entries-unreadable", "status-check-failed"]),
            "{member}: {value}"
        );
        let good = crate::amocrm::event("lead_added", ANNA, MIDNIGHT + 60);
        assert_eq!(route_with(&[event, good]), "forward to anna", "{member}: {value}");
    }
    assert_eq!(pbx_with(vec![answer(200, b"{}")]).call().route(), "status-unknown");
}
