//! Stored records (rule O5): any bytes are a miss or a manager younger than six hours, never a panic.

use proptest::prelude::*;

use crate::config;
use crate::world::{CALLER, Fakes, NOON, code, fact};

const SIX_HOURS: u64 = 6 * 3_600 * 1_000;

/// A world in which the caller's record holds these bytes.
fn with_record(bytes: &[u8]) -> Fakes {
    let fakes = Fakes::usual();
    fakes.call(Some(CALLER));
    fakes.stored.borrow_mut().values_mut().for_each(|value| *value = bytes.to_vec());
    fakes.requests.borrow_mut().clear();
    fakes
}

fn record(version: u64, received_at: u64, user: u64) -> String {
    format!(
        r#"{{"version":{version},"received_at_ms":{received_at},"value":{{"user_id":{user},"contact_id":3,"ambiguous":false}}}}"#
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn o5_any_bytes_are_a_miss(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let resolution = with_record(&bytes).call(Some(CALLER));
        prop_assert_eq!(fact(&resolution, "manager_source"), Some("crm".to_owned()));
        prop_assert_eq!(code(&resolution), "forward");
    }

    #[test]
    fn o5_a_record_counts_for_six_hours_from_receipt(age in 0_u64..(12 * 3_600), version in 0_u64..3) {
        let resolution = with_record(record(version, NOON - age * 1_000, 7).as_bytes()).call(Some(CALLER));
        let counts = version == 1 && age < 6 * 3_600;
        prop_assert_eq!(fact(&resolution, "manager_source"), Some(if counts { "cache" } else { "crm" }.to_owned()));
        prop_assert_eq!(fact(&resolution, "manager_user_id"), Some(if counts { "7" } else { "504141" }.to_owned()));
        if counts {
            prop_assert_eq!(fact(&resolution, "manager_age_seconds"), Some(age.to_string()));
        }
    }

    #[test]
    fn o5_a_record_from_the_future_is_a_miss(ahead in 1_u64..u64::MAX / 2) {
        let resolution = with_record(record(1, NOON + ahead, 7).as_bytes()).call(Some(CALLER));
        prop_assert_eq!(fact(&resolution, "manager_source"), Some("crm".to_owned()));
    }
}

#[test]
fn o5_the_six_hours_are_read_off_a_clock_in_seconds() {
    // Received at 09:00:00.400: used at 14:59:59.999, asked again at 15:00:00.000.
    let received = NOON + 400;
    for (now, source) in [(NOON + SIX_HOURS - 1, "cache"), (NOON + SIX_HOURS, "crm")] {
        let fakes = with_record(record(1, received, 7).as_bytes());
        fakes.now.set(now);
        assert_eq!(fact(&fakes.call(Some(CALLER)), "manager_source").as_deref(), Some(source), "{now}");
    }
}

#[test]
fn o5_an_old_record_is_removed_when_amocrm_knows_no_manager_any_more() {
    let mut fakes = with_record(record(1, NOON - SIX_HOURS, 7).as_bytes());
    fakes.answer("/api/v4/contacts", 204, b"");
    assert_eq!(fakes.code(Some(CALLER)), "contact-not-found");
    assert!(fakes.stored.borrow().is_empty());
}
