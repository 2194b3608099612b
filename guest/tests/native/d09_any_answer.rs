//! D9, D2 Whatever amoCRM answers, the call goes somewhere, and to a manager only when a contact of the caller's is in the answer.

use std::collections::BTreeSet;

use forward_to_personal_manager::reason::Reason;
use proptest::prelude::*;
use serde_json::Value;

use crate::amocrm::{Answer, answer};
use crate::any::any_body;
use crate::pbx::{BORIS, CALLER, Pbx};

/// The managers of the contacts in an answer that could be the caller's, read independently of the operation: not deleted, and the
/// caller's last ten digits stand somewhere in a telephone number. Of leads, whoever is responsible.
fn possible_managers(answer: &Answer, section: &str) -> BTreeSet<u64> {
    let Ok(response) = &answer.result else { return BTreeSet::new() };
    // The operation does not mind broken characters in members that it skips.
    let document: Value = serde_json::from_str(&String::from_utf8_lossy(&response.body)).unwrap_or_default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is_callers = |contact: &Value| {
        let fields = list(&contact["custom_fields_values"]);
        let phones =
            fields.iter().filter(|field| field["field_code"] == "PHONE").flat_map(|field| list(&field["values"]));
        phones.into_iter().any(|phone| {
            let digits: String = phone["value"].to_string().chars().filter(char::is_ascii_digit).collect();
            digits.contains(&CALLER[2..])
        })
    };
    let contacts = list(&document["_embedded"][section]).into_iter();
    contacts
        .filter(|card| response.status == 200 && card["is_deleted"] != true && (section == "leads" || is_callers(card)))
        .filter_map(|contact| contact["responsible_user_id"].as_u64())
        .collect()
}

/// The settings that cost a request.
const SETTINGS: [&str; 4] = ["search_companies", "open_lead_first", "refuse_deactivated_managers", "forward_to_deputy"];

/// Any status, most often 200, with any bytes.
fn any_answer() -> impl Strategy<Value = Answer> {
    let status = prop_oneof![4 => Just(200), 1 => 100..=599_u16];
    (status, any_body()).prop_map(|(status, body)| answer(status, &body))
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn d09_whatever_amocrm_answers_the_call_goes_somewhere(
        contacts in prop::collection::vec(any_answer(), 0..4),
        events in prop::collection::vec(any_answer(), 0..4),
        (account, user) in (any_answer(), any_answer()),
        companies in prop::collection::vec(any_answer(), 0..2),
        leads in prop::collection::vec(any_answer(), 0..2),
        consider_manager_status in any::<bool>(),
        on in prop::sample::subsequence(&SETTINGS, 0..=4),
    ) {
        let mut pbx = Pbx { contacts, events, account, companies, leads, user, ..Pbx::new() };
        pbx.anna().deputy_crm_user_id = Some(BORIS);
        pbx.switch_on(&on);
        pbx.configure("consider_manager_status", &consider_manager_status.to_string());
        let outcome = pbx.call();
        let route = outcome.route();
        let codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        prop_assert!(route.starts_with("forward to ") || codes.contains(&route.as_str()), "{route}");
        let known = |request: &String| request.split(' ').next_back().is_some_and(|it| it == "ok" || codes.contains(&it));
        prop_assert!(outcome.requests().iter().all(known), "{:?}", outcome.requests());
        prop_assert!(outcome.requests().len() <= 24, "five pages of contacts and of companies, leads, for each of two people a user and five pages of events, the account");

        let user = outcome.fact("manager_user_id");
        if user.is_empty() {
            prop_assert!(!route.starts_with("forward"), "a forward has a manager");
        } else {
            let mut possible: BTreeSet<u64> =
                pbx.contacts.iter().flat_map(|answer| possible_managers(answer, "contacts")).collect();
            if on.contains(&"search_companies") {
                possible.extend(pbx.companies.iter().flat_map(|answer| possible_managers(answer, "companies")));
            }
            if on.contains(&"open_lead_first") {
                possible.extend(pbx.leads.iter().flat_map(|answer| possible_managers(answer, "leads")));
            }
            prop_assert!(possible.contains(&user.parse().unwrap()), "{user} is not one of {possible:?}");
        }
    }

    #[test]
    fn d09_the_second_call_has_a_route_whatever_the_first_one_kept(first in any_answer(), second in any_answer()) {
        let mut pbx = Pbx::new();
        pbx.contacts = vec![first];
        let before = pbx.call();
        let kept = !pbx.store.borrow().is_empty();
        pbx.contacts = vec![second];
        let after = pbx.call();
        prop_assert_eq!(after.fact("manager_source") == "cache", kept);
        if kept {
            prop_assert_eq!(after.route(), before.route());
        }
    }
}
