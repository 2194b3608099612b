//! D10 Privacy: whatever happens in a call, its details and the store tell neither the caller's number nor the access token.

use forward_to_personal_manager::contract::Presence;
use forward_to_personal_manager::time::Timestamp;
use forward_to_personal_manager::world::HttpFailureKind;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::amocrm::{Answer, account, answer, contact, contacts, event, events, failure, nothing};
use crate::pbx::{ANNA, BORIS, MIDNIGHT, Pbx};
use crate::spelling::{national, russian_spelling};

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.a-long-lived-token";
const NAME: &str = "Иван Секретный";

/// What amoCRM may answer to a search by this number.
fn answers_to(number: &str) -> impl Strategy<Value = Answer> + use<> {
    let named = |id, manager, phone: &str| {
        let mut contact = contact(id, manager, phone);
        contact["name"] = json!(NAME);
        contact
    };
    let (anna, boris) = (named(3, ANNA, number), named(4, BORIS, number));
    let other = named(5, BORIS, "+79160000000");
    let problem = json!({"title": "Unauthorized", "detail": format!("{number} {TOKEN}")}).to_string();
    select(vec![
        contacts(std::slice::from_ref(&anna)).into(),
        contacts(&[anna, boris, other.clone()]).into(),
        contacts(&[other]).into(),
        contacts(&[named(3, 0, number)]).into(),
        contacts(&[named(3, 999, number)]).into(),
        nothing(),
        answer(401, problem.as_bytes()),
        answer(500, problem.as_bytes()),
        answer(200, problem.as_bytes()),
        failure(HttpFailureKind::Denied),
        failure(HttpFailureKind::Unreachable("connection-refused")),
        failure(HttpFailureKind::Deadline),
    ])
}

/// What amoCRM may answer to the status check.
fn any_status_answers() -> impl Strategy<Value = (Answer, Answer)> {
    (
        select(vec![account("+03:00").into(), account(TOKEN).into(), answer(403, TOKEN.as_bytes())]),
        select(vec![events(&[event("lead_added", ANNA, MIDNIGHT)]).into(), nothing(), answer(500, TOKEN.as_bytes())]),
    )
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn d10_neither_the_callers_number_nor_the_token_is_told(
        (number, spelling, found) in national().prop_flat_map(|number| {
            (Just(number.clone()), russian_spelling(&number), answers_to(&number))
        }),
        (account, events) in any_status_answers(),
        consider in select(vec!["true", "false", "maybe"]),
        presence in select(vec![Presence::NotFed, Presence::NeverSeen, Presence::LastSeen(Timestamp(0))]),
        broken in select(vec![None, None, Some("down")]),
        has_directory in any::<bool>(),
    ) {
        let mut pbx = Pbx { contacts: vec![found], account, events: vec![events], ..Pbx::new() };
        pbx.configure("amocrm_access_token", TOKEN);
        pbx.configure("consider_manager_status", consider);
        pbx.anna().presence = presence;
        (pbx.broken_reads, pbx.broken_writes) = (broken, broken);
        if !has_directory {
            pbx.employees = Err("directory is down".to_owned());
        }

        for call in ["first", "with what the first kept"] {
            let told = format!("{:?}", pbx.call_from(Some(&spelling)).0);
            for secret in [number.as_str(), TOKEN, NAME] {
                prop_assert!(!told.contains(secret), "{secret} in the {call} call: {told}");
            }
        }
        for (key, value) in pbx.store.borrow().iter() {
            let kept = format!("{key} {}", String::from_utf8_lossy(value));
            for secret in [number.as_str(), TOKEN, NAME] {
                prop_assert!(!kept.contains(secret), "{secret} in the store: {kept}");
            }
        }
        for received in pbx.received.borrow().iter() {
            prop_assert!(!received.url.contains(TOKEN), "the token belongs into the header alone");
            prop_assert_eq!(received.access_token.as_deref(), Some(TOKEN));
        }
    }

    #[test]
    fn d10_a_number_that_cannot_be_looked_up_is_not_told_either(digits in "[1-9][0-9]{15,18}") {
        for caller in [digits.clone(), format!("Alex {digits}"), format!("sip:{digits}@example.org")] {
            let told = format!("{:?}", Pbx::new().call_from(Some(&caller)).0);
            prop_assert!(!told.contains(&digits), "{told}");
        }
    }
}

#[test]
fn d10_no_token_is_sent_where_the_host_adds_it() {
    for token in [None, Some("")] {
        let mut pbx = Pbx::new();
        if let Some(token) = token {
            pbx.configure("amocrm_access_token", token);
        }
        pbx.call();
        assert_eq!(pbx.received.borrow()[0].access_token, None);
    }
}

#[test]
fn d10_a_key_is_the_same_for_every_spelling_and_tells_no_number() {
    let pbx = Pbx::new();
    pbx.call();
    let key = pbx.manager_key();
    let hash = key.strip_prefix("default/manager:").expect("bucket and kind come first");
    assert_eq!((hash.len(), hash.chars().all(|character| character.is_ascii_hexdigit())), (32, true), "{key}");
}
