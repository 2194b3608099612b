//! B5 Notices: a webhook of amoCRM makes the operation forget what it keeps for the numbers in it, and nothing else.

use forward_to_personal_manager::contract::Note;
use forward_to_personal_manager::notices::{AMOCRM_WEBHOOK, MAXIMUM_BODY, MAXIMUM_NUMBERS, receive};
use forward_to_personal_manager::world::World;
use proptest::prelude::*;

use crate::amocrm::{companies, contact, contacts, lead, leads, nothing};
use crate::pbx::{CALLER, Pbx};
use crate::spelling::{national, russian_spelling};

const SETTINGS: [&str; 3] = ["search_companies", "open_lead_first", "refuse_deactivated_managers"];

fn notify(pbx: &Pbx, kind: &str, body: &[u8]) -> Vec<Note> {
    let world = World { clock: pbx, http: pbx, key_value: pbx, config: pbx, directory: pbx };
    receive(world, kind, body)
}

fn codes(notes: &[Note]) -> Vec<&'static str> {
    notes.iter().map(|note| note.code).collect()
}

/// The body of a webhook with these values of one field and no id, its keys and values percent-encoded where `encoded`.
fn webhook(values: &[&str], encoded: bool) -> String {
    let mut body = "contacts[responsible][0][responsible_user_id]=504142".to_owned();
    for (place, value) in values.iter().enumerate() {
        body += &format!("&contacts[responsible][0][custom_fields][0][values][{place}][value]={value}");
    }
    if encoded { body.replace('[', "%5B").replace(']', "%5d").replace("=+", "=%2B").replace(' ', "+") } else { body }
}

#[test]
fn b5_a_webhook_makes_the_next_call_ask_for_the_manager() {
    for encoded in [true, false] {
        let pbx = Pbx::new();
        pbx.call();
        let notes = notify(&pbx, AMOCRM_WEBHOOK, webhook(&["Иван", "+7 (916) 123-45-67"], encoded).as_bytes());
        assert_eq!(
            (codes(&notes), &*notes[0].text.en),
            (vec!["managers-forgotten"], "records of managers forgotten: 1")
        );
        assert_eq!(pbx.requests(), 1, "a notice makes no request");
        assert_eq!(pbx.call().fact("manager_source"), "crm");
    }
}

#[test]
fn b5_what_is_kept_under_every_combination_is_forgotten() {
    let mut pbx = Pbx::new();
    for bits in 0..8 {
        pbx.settings.clear();
        let on: Vec<_> = (0..3).filter(|bit| bits >> bit & 1 == 1).map(|bit| SETTINGS[bit]).collect();
        pbx.switch_on(&on);
        pbx.call();
    }
    assert_eq!(pbx.managers(), 8);
    let notes = notify(&pbx, AMOCRM_WEBHOOK, webhook(&[CALLER], true).as_bytes());
    assert_eq!(notes[0].text.en, "records of managers forgotten: 8");
    assert_eq!(pbx.managers(), 0);
}

#[test]
fn b5_nothing_but_the_managers_of_these_numbers_is_forgotten() {
    let pbx = Pbx::considering_status();
    pbx.call();
    let before = pbx.store.borrow().clone();
    assert_eq!(before.len(), 4, "the manager, the contact's callers, the account's day, the status");
    notify(&pbx, AMOCRM_WEBHOOK, webhook(&["+79161234568", "9161234", "", "anna@example.org"], true).as_bytes());
    // A number that stands in no field's value.
    notify(
        &pbx,
        AMOCRM_WEBHOOK,
        b"contacts[update][0][name]=%2B79161234567&contacts[update][0][value2]=%2B79161234567",
    );
    assert_eq!(*pbx.store.borrow(), before);
    notify(&pbx, AMOCRM_WEBHOOK, webhook(&[CALLER], true).as_bytes());
    assert_eq!((pbx.managers(), pbx.store.borrow().len()), (0, 3));
}

/// A PBX that keeps a manager found through this contact, company or lead.
fn found_through(entity: &str) -> Pbx {
    let mut pbx = Pbx::new();
    match entity {
        "contact" => {}
        "company" => {
            pbx.switch_on(&["search_companies"]);
            pbx.contacts = vec![nothing()];
            pbx.companies = vec![companies(&[contact(12, 504_141, CALLER)]).into()];
        }
        _ => {
            pbx.switch_on(&["open_lead_first"]);
            pbx.contacts = vec![contacts(&[contact(3, 504_142, CALLER)]).into()];
            pbx.leads = vec![leads(&[lead(21, 504_141, 3)]).into()];
        }
    }
    assert_eq!(pbx.call().fact("manager_user_id"), "504141", "{entity}");
    assert_eq!((pbx.call().fact("manager_source"), pbx.managers()), ("cache".to_owned(), 1));
    pbx
}

#[test]
fn b5_whatever_changed_hands_or_is_gone_is_found_by_its_id_alone() {
    for (entity, body) in [
        ("contact", "contacts[delete][0][id]=3&account[id]=28805383"),
        ("contact", "contacts%5Brestore%5D%5B0%5D%5Bid%5D=3"),
        ("contact", "contacts[update][7][type]=contact&contacts[update][7][id]=3"),
        ("company", "contacts[responsible][0][id]=12&contacts[responsible][0][type]=company"),
        ("company", "companies[delete][0][id]=12"),
        ("lead", "leads[responsible][0][id]=21&leads[responsible][0][old_responsible_user_id]=504141"),
        ("lead", "leads[status][0][id]=21"),
        ("lead", "leads[delete][0][id]=20&leads[delete][1][id]=21"),
        ("lead", "contacts[delete][0][id]=3"),
    ] {
        let pbx = found_through(entity);
        let notes = notify(&pbx, AMOCRM_WEBHOOK, body.as_bytes());
        assert_eq!(notes[0].text.en, "records of managers forgotten: 1", "{body}");
        assert_eq!(pbx.managers(), 0, "{body}");
    }
}

#[test]
fn b5_an_id_of_something_else_forgets_nothing() {
    for (entity, body) in [
        ("contact", "contacts[delete][0][id]=4"),
        ("contact", "leads[delete][0][id]=3"),
        ("contact", "companies[delete][0][id]=3"),
        ("contact", "contacts[note][0][id]=3&contacts[note][0][note][id]=3"),
        ("contact", "contacts[update][0][custom_fields][0][id]=3"),
        ("contact", "contacts[id]=3"),
        ("contact", "contacts[delete][0][id]=+3x"),
        ("contact", "task[delete][0][id]=3"),
        ("lead", "contacts[delete][0][id]=21"),
        ("lead", "leads[delete][0][responsible_user_id]=21"),
    ] {
        let pbx = found_through(entity);
        notify(&pbx, AMOCRM_WEBHOOK, body.as_bytes());
        assert_eq!(pbx.managers(), 1, "{body}");
    }
}

#[test]
fn b5_a_deleted_contact_is_forgotten_for_each_of_its_numbers() {
    let mut pbx = Pbx::new();
    let callers: Vec<_> = (0..3).map(|number| format!("+7916555010{number}")).collect();
    for caller in &callers {
        pbx.contacts = vec![contacts(&[contact(3, 504_141, caller)]).into()];
        pbx.call_from(Some(caller));
    }
    assert_eq!(pbx.managers(), 3);
    notify(&pbx, AMOCRM_WEBHOOK, b"contacts[delete][0][id]=3");
    assert!(pbx.store.borrow().is_empty());
}

#[test]
fn b5_a_notice_of_another_kind_is_ignored() {
    let pbx = Pbx::new();
    pbx.call();
    for kind in ["", "amocrm", "AMOCRM-WEBHOOK"] {
        assert_eq!(codes(&notify(&pbx, kind, webhook(&[CALLER], true).as_bytes())), ["notice-ignored"]);
    }
    assert_eq!(pbx.call().fact("manager_source"), "cache");
}

#[test]
fn b5_a_notice_counts_also_while_the_integration_is_off() {
    let mut pbx = Pbx::new();
    pbx.call();
    pbx.configure("enabled", "false");
    notify(&pbx, AMOCRM_WEBHOOK, webhook(&[CALLER], true).as_bytes());
    pbx.configure("enabled", "true");
    assert_eq!(pbx.call().fact("manager_source"), "crm");
}

#[test]
fn b5_numbers_are_read_by_the_integrations_own_country_and_bucket() {
    let mut pbx = Pbx::new();
    pbx.configure("default_country_code", "375");
    pbx.configure("kv_bucket", "calls");
    pbx.contacts = vec![contacts(&[contact(3, 504_141, "2912345678")]).into()];
    pbx.call_from(Some("2912345678"));
    assert!(pbx.manager_key().starts_with("calls/"));
    notify(&pbx, AMOCRM_WEBHOOK, webhook(&["+375 29 12345678"], true).as_bytes());
    assert_eq!(pbx.managers(), 0);
}

#[test]
fn b5_a_notice_is_bounded_and_says_what_was_not_read() {
    let pbx = Pbx::new();
    let numbers: Vec<_> = (0..=MAXIMUM_NUMBERS).map(|place| format!("+7916{place:07}")).collect();
    let numbers: Vec<_> = numbers.iter().map(String::as_str).collect();
    let all = notify(&pbx, AMOCRM_WEBHOOK, webhook(&numbers[1..], false).as_bytes());
    assert_eq!(codes(&all), ["managers-forgotten"]);
    let more = notify(&pbx, AMOCRM_WEBHOOK, webhook(&numbers, false).as_bytes());
    assert_eq!(codes(&more), ["notice-cut", "managers-forgotten"]);
    let ids: Vec<_> = (0..=MAXIMUM_NUMBERS).map(|place| format!("leads[delete][{place}][id]={place}")).collect();
    assert_eq!(codes(&notify(&pbx, AMOCRM_WEBHOOK, ids[1..].join("&").as_bytes())), ["managers-forgotten"]);
    assert_eq!(codes(&notify(&pbx, AMOCRM_WEBHOOK, ids.join("&").as_bytes())), ["notice-cut", "managers-forgotten"]);

    pbx.call();
    let long = format!("{}&{}", "x".repeat(MAXIMUM_BODY), webhook(&[CALLER], true));
    assert_eq!(codes(&notify(&pbx, AMOCRM_WEBHOOK, long.as_bytes())), ["notice-cut", "managers-forgotten"]);
    assert_eq!(pbx.call().fact("manager_source"), "cache");
}

#[test]
fn b5_a_store_that_fails_is_noted_once() {
    let mut pbx = Pbx::new();
    pbx.call();
    (pbx.broken_reads, pbx.broken_writes) = (Some("down"), Some("down"));
    let notes = notify(&pbx, AMOCRM_WEBHOOK, webhook(&[CALLER, "+79161234568"], true).as_bytes());
    assert_eq!(codes(&notes), ["store-write-failed", "notice-cut", "managers-forgotten"]);
}

#[test]
fn b5_a_configuration_that_cannot_be_read_is_noted() {
    let mut pbx = Pbx::new();
    pbx.call();
    pbx.config.insert("kv_bucket", Err("down".to_owned()));
    assert_eq!(codes(&notify(&pbx, AMOCRM_WEBHOOK, webhook(&[CALLER], true).as_bytes())), ["settings-invalid"]);
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn b5_whatever_the_notice_says_it_can_cost_a_request_and_nothing_else(
        kind in prop_oneof![4 => Just(AMOCRM_WEBHOOK.to_owned()), 1 => any::<String>()],
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..256),
            "([a-z0-9%&=+\\[\\]]{0,8}(\\[value\\]|%5Bvalue%5D)=[0-9+% ()-]{0,16}&?){0,8}".prop_map(String::into_bytes),
        ],
    ) {
        let pbx = Pbx::considering_status();
        pbx.call();
        let before = pbx.store.borrow().clone();
        notify(&pbx, &kind, &body);
        prop_assert_eq!(pbx.requests(), 3, "only those of the call");
        for (key, value) in pbx.store.borrow().iter() {
            prop_assert_eq!(before.get(key), Some(value), "nothing is written");
        }
        prop_assert_eq!(pbx.call().fact("manager_user_id"), "504141");
    }

    #[test]
    fn b5_every_spelling_of_the_number_is_understood_and_none_is_told(
        (national, spelling) in national().prop_flat_map(|number| (Just(number.clone()), russian_spelling(&number))),
    ) {
        let pbx = Pbx::new();
        let caller = format!("+7{national}");
        let pbx = Pbx { contacts: vec![contacts(&[contact(3, 504_141, &caller)]).into()], ..pbx };
        pbx.call_from(Some(&caller));
        prop_assert_eq!(pbx.managers(), 1);
        let encoded: String = spelling.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let notes = notify(&pbx, AMOCRM_WEBHOOK, webhook(&[&encoded], true).as_bytes());
        prop_assert_eq!(pbx.managers(), 0, "{}", spelling);
        prop_assert!(!format!("{notes:?}").contains(&national), "D10");
    }
}
