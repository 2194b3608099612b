//! D3 Several contacts, and the pages they come on.

use forward_to_personal_manager::world::HttpFailureKind;
use serde_json::{Value, json};

use crate::amocrm::{Answer, and_more, answer, contact, contacts, failure, nothing};
use crate::pbx::{ANNA, BORIS, CALLER, Pbx};

/// A verified contact, updated at this time.
fn updated(id: u64, manager: u64, updated_at: u64) -> Value {
    let mut contact = contact(id, manager, CALLER);
    contact["updated_at"] = json!(updated_at);
    contact
}

fn deleted(mut contact: Value) -> Value {
    contact["is_deleted"] = json!(true);
    contact
}

fn without_manager(mut contact: Value) -> Value {
    contact["responsible_user_id"] = json!(null);
    contact
}

fn pbx_that_finds(pages: Vec<Answer>) -> Pbx {
    Pbx { contacts: pages, ..Pbx::new() }
}

#[test]
fn d03_of_several_contacts_the_most_recently_updated_decides() {
    let mut undated = updated(9, BORIS, 0);
    undated["updated_at"] = json!(null);
    let cases = [
        ("all have one manager", vec![updated(1, ANNA, 10), updated(2, ANNA, 20)], "forward to anna", "2", false),
        ("the later one first", vec![updated(1, ANNA, 20), updated(2, BORIS, 10)], "forward to anna", "1", true),
        ("the later one last", vec![updated(2, BORIS, 10), updated(1, ANNA, 20)], "forward to anna", "1", true),
        (
            "a tie goes to the greater id",
            vec![updated(1, BORIS, 10), updated(2, ANNA, 10)],
            "forward to anna",
            "2",
            true,
        ),
        ("a tie, the other way round", vec![updated(2, ANNA, 10), updated(1, BORIS, 10)], "forward to anna", "2", true),
        ("no date is the oldest", vec![undated, updated(1, ANNA, 1)], "forward to anna", "1", true),
        (
            "one without a manager is ignored",
            vec![without_manager(updated(2, 0, 30)), updated(1, ANNA, 10)],
            "forward to anna",
            "1",
            false,
        ),
        ("manager 0 is none", vec![updated(2, 0, 30), updated(1, ANNA, 10)], "forward to anna", "1", false),
        (
            "a deleted one is dropped",
            vec![deleted(updated(2, BORIS, 30)), updated(1, ANNA, 10)],
            "forward to anna",
            "1",
            false,
        ),
        ("only deleted ones", vec![deleted(updated(2, BORIS, 30))], "contact-not-found", "", false),
        (
            "nobody has a manager",
            vec![without_manager(updated(1, 0, 10)), updated(2, 0, 30)],
            "manager-not-set",
            "2",
            false,
        ),
    ];
    for (what, found, route, contact_id, ambiguous) in cases {
        let outcome = pbx_that_finds(vec![contacts(&found).into()]).call();
        assert_eq!(outcome.route(), route, "{what}");
        assert_eq!(outcome.fact("contact_id"), contact_id, "{what}");
        assert_eq!(outcome.notes().contains(&"contact-ambiguous"), ambiguous, "{what}");
    }
}

#[test]
fn d03_an_unverified_contact_does_not_make_the_answer_ambiguous() {
    let found = [contact(9, BORIS, "+79160000000"), updated(1, ANNA, 10)];
    assert_eq!(pbx_that_finds(vec![contacts(&found).into()]).call().notes(), ["hits-unverified"]);
}

#[test]
fn d03_the_setting_sends_ambiguous_calls_to_the_linked_operation_and_keeps_nothing() {
    let mut pbx = pbx_that_finds(vec![contacts(&[updated(1, ANNA, 20), updated(2, BORIS, 10)]).into()]);
    pbx.choose("several_contacts", "linked-operation");
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.notes()), ("contact-ambiguous", vec!["contact-ambiguous"]));
    assert!(pbx.store.borrow().is_empty());
}

#[test]
fn d03_the_setting_lets_calls_with_one_manager_pass() {
    let mut pbx = pbx_that_finds(vec![contacts(&[updated(1, ANNA, 20), updated(2, ANNA, 10)]).into()]);
    pbx.choose("several_contacts", "linked-operation");
    assert_eq!(pbx.call().route(), "forward to anna");
}

#[test]
fn d03_a_manager_is_not_set_and_nothing_is_kept() {
    let pbx = pbx_that_finds(vec![contacts(&[without_manager(updated(1, 0, 10))]).into()]);
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.fact("manager_source").as_str()), ("manager-not-set", "crm"));
    assert!(pbx.store.borrow().is_empty());
}

#[test]
fn d03_a_number_with_several_readings_says_through_which_of_them_its_cards_were_found() {
    const BELGOROD: &str = "8 (4722) 55-50-52";
    const OSLO: &str = "+47 22 55 50 52";
    let can_be = "without a plus sign, the caller's number can be +7472•••5052 or +472•••5052; the cards found have";
    let cases = [
        ("4722555052", vec![contact(1, ANNA, BELGOROD)], "forward to anna", vec![], String::new()),
        ("+4722555052", vec![contact(1, ANNA, OSLO)], "forward to anna", vec![], String::new()),
        (
            "4722555052",
            vec![contact(1, ANNA, OSLO)],
            "forward to anna",
            vec!["caller-read-two-ways"],
            format!("{can_be} +472•••5052"),
        ),
        (
            "4722555052",
            vec![contact(1, ANNA, OSLO), contact(2, ANNA, BELGOROD)],
            "forward to anna",
            vec!["caller-read-two-ways"],
            format!("{can_be} +7472•••5052 and +472•••5052"),
        ),
        (
            "4722555052",
            vec![contact(1, ANNA, OSLO), contact(2, BORIS, BELGOROD)],
            "forward to boris",
            vec!["caller-read-two-ways", "contact-ambiguous"],
            format!("{can_be} +7472•••5052 and +472•••5052, and their managers differ"),
        ),
    ];
    for (caller, found, route, notes, text) in cases {
        let outcome = pbx_that_finds(vec![contacts(&found).into()]).call_from(Some(caller));
        assert_eq!((outcome.route(), outcome.notes()), (route.to_owned(), notes), "{found:?}");
        assert_eq!(outcome.0.details.notes.first().map_or("", |note| &note.text.en), text);
    }
}

fn page_of_others() -> Value {
    and_more(contacts(&[contact(7, BORIS, "+79160000000")]))
}

#[test]
fn d03_the_next_page_is_asked_for_while_there_is_one() {
    let pbx = pbx_that_finds(vec![page_of_others().into(), contacts(&[contact(3, ANNA, CALLER)]).into()]);
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("forward to anna", 2));
    let urls: Vec<_> = pbx.received.borrow().iter().map(|received| received.url.clone()).collect();
    assert!(urls.iter().all(|url| url.starts_with("https://example.amocrm.ru/api/v4/contacts?")), "{urls:?}");
    assert!(urls[0].contains("&page=1&") && urls[1].contains("&page=2&"), "{urls:?}");
}

#[test]
fn d03_contacts_of_all_pages_are_weighed_together() {
    let pbx = pbx_that_finds(vec![
        and_more(contacts(&[updated(1, ANNA, 20)])).into(),
        contacts(&[updated(2, BORIS, 10)]).into(),
    ]);
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to anna", vec!["contact-ambiguous"]));
}

#[test]
fn d03_a_next_page_that_is_not_there_is_the_end() {
    let pbx = pbx_that_finds(vec![and_more(contacts(&[contact(3, ANNA, CALLER)])).into(), nothing()]);
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "forward to anna");
    assert_eq!(outcome.requests(), ["contacts 200 ok", "contacts 204 ok"]);
}

#[test]
fn d03_a_next_page_that_fails_does_not_take_away_what_was_verified_before_it() {
    for (page, why) in [
        (answer(500, b""), "amoCRM answered with an error"),
        (answer(429, b""), "The limit of requests to amoCRM is exceeded"),
        (answer(200, b"{}"), "amoCRM's answer could not be understood"),
        (failure(HttpFailureKind::Deadline), "amoCRM did not answer inside the waiting time"),
    ] {
        let pbx = pbx_that_finds(vec![and_more(contacts(&[contact(3, ANNA, CALLER)])).into(), page]);
        let outcome = pbx.call();
        assert_eq!(outcome.route(), "forward to anna");
        assert_eq!(outcome.note(), format!("page 2 of the search failed; the pages before it were used: {why}"));
    }
}

#[test]
fn d03_a_next_page_that_fails_is_a_failure_where_nothing_was_verified_before_it() {
    for (page, route) in [
        (answer(500, b""), "crm-error"),
        (answer(200, b"{}"), "answer-not-understood"),
        (failure(HttpFailureKind::Deadline), "no-answer-in-time"),
    ] {
        let pbx = pbx_that_finds(vec![page_of_others().into(), page]);
        assert_eq!(pbx.call().route(), route);
        assert!(pbx.store.borrow().is_empty(), "a failure is never kept");
    }
}

#[test]
fn d02_a_page_shorter_than_its_limit_is_the_last_whatever_it_links_to() {
    let mut page = contacts(&[contact(3, ANNA, CALLER)]);
    page["_links"]["next"] = json!({"href": "https://example.amocrm.ru/api/v4/contacts?page=2"});
    for second in [nothing(), failure(HttpFailureKind::Deadline), answer(429, b"")] {
        let outcome = pbx_that_finds(vec![page.clone().into(), second]).call();
        assert_eq!(
            (outcome.route().as_str(), outcome.requests(), outcome.notes()),
            ("forward to anna", vec!["contacts 200 ok".to_owned()], vec![])
        );
    }
}

#[test]
fn d03_an_endless_search_is_cut_and_says_so() {
    let outcome = pbx_that_finds(vec![page_of_others().into(); 1_000]).call();
    assert_eq!((outcome.route().as_str(), outcome.requests().len()), ("contact-not-found", 5));
    assert_eq!(outcome.notes(), ["search-cut", "hits-unverified"]);
}

#[test]
fn d03_the_last_page_that_is_read_still_counts() {
    let mut pages: Vec<Answer> = vec![page_of_others().into(); 4];
    pages.push(and_more(contacts(&[contact(3, ANNA, CALLER)])).into());
    assert_eq!(pbx_that_finds(pages).call().route(), "forward to anna");
}
