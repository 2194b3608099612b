//! D9, O5 Whatever is stored, the call goes somewhere, and never to a manager from a record that is broken, too old or from the future.

use proptest::prelude::*;
use serde_json::Value;

use crate::any::{any_record, any_status_record};
use crate::outcome::Outcome;
use crate::pbx::{ANNA, MIDNIGHT, Pbx, START};

/// The manager of a record that may be used, read independently of the operation.
fn usable_manager(record: &[u8], now: u64) -> Option<u64> {
    let record: Value = serde_json::from_slice(record).ok()?;
    let received_at = record["received_at_ms"].as_u64()?;
    let age = now.checked_sub(received_at)?;
    (record["version"] == 2 && age < 6 * 3_600_000).then(|| record["value"]["user_id"].as_u64())?
}

/// A call while amoCRM is down and the store holds this under every key that it is asked for.
fn call_with_record(record: &[u8], pbx: &Pbx) -> Outcome {
    let keys: Vec<_> = pbx.store.borrow().keys().cloned().collect();
    assert!(!keys.is_empty());
    keys.into_iter().for_each(|key| drop(pbx.store.borrow_mut().insert(key, record.to_vec())));
    pbx.call()
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn o5_no_manager_comes_from_a_record_that_is_broken_old_or_from_the_future(record in any_record(START)) {
        let mut pbx = Pbx::new();
        pbx.call();
        pbx.contacts = vec![crate::amocrm::answer(503, b"")];
        pbx.now.set(START);
        let outcome = call_with_record(&record, &pbx);
        match usable_manager(&record, START) {
            Some(user) if outcome.fact("manager_source") == "cache" => {
                prop_assert_eq!(outcome.fact("manager_user_id"), user.to_string());
                prop_assert!(outcome.requests().is_empty());
            }
            _ => {
                prop_assert_eq!(outcome.route(), "crm-error");
                prop_assert_eq!(pbx.managers(), 0, "what is not used is removed");
            }
        }
    }

    #[test]
    fn d09_any_record_of_the_accounts_day_leaves_the_call_a_route(record in any_record(START)) {
        let pbx = Pbx::considering_status();
        pbx.call();
        call_with_record(&record, &pbx);
    }

    #[test]
    fn o7_no_status_comes_from_a_record_that_is_broken_old_or_of_another_day(record in any_status_record(START)) {
        let mut pbx = Pbx::considering_status();
        pbx.call();
        pbx.now.set(START);
        pbx.events = vec![crate::amocrm::answer(503, b"")];
        pbx.store.borrow_mut().insert(format!("default/status:{ANNA}"), record.clone());
        let outcome = pbx.call();
        if outcome.fact("status_age_seconds").is_empty() {
            prop_assert_eq!(outcome.route(), "status-unknown");
        } else {
            let record: Value = serde_json::from_slice(&record).unwrap();
            let age = START.checked_sub(record["received_at_ms"].as_u64().unwrap()).unwrap();
            prop_assert!(record["version"] == 2 && age < 30_000);
            prop_assert_eq!(record["value"]["midnight"].as_u64(), Some(MIDNIGHT));
            let activity = &record["value"]["activity"];
            let at_work = activity.is_object();
            prop_assert_eq!(outcome.route(), if at_work { "forward to anna" } else { "manager-absent" });
            prop_assert!(!at_work || activity["at"].as_u64().unwrap() >= MIDNIGHT);
        }
    }
}
