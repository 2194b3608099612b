//! What the decision must do, rule by rule, run natively against a fake PBX and a fake amoCRM. No network, no threads, no real clock: a
//! call takes microseconds, so properties can be tried on thousands of calls.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod amocrm;
mod any;
mod outcome;
mod pbx;
mod spelling;

mod b1_companies;
mod b2_open_lead;
mod b3_deactivated;
mod b4_combinations;
mod b5_notices;
mod d01_caller;
mod d02_numbers;
mod d02_odd_answers;
mod d02_verify;
mod d03_several_contacts;
mod d04_employees;
mod d07_days;
mod d07_events;
mod d08_answers;
mod d08_reasons;
mod d09_any_answer;
mod d09_any_record;
mod d09_stores;
mod d10_privacy;
mod d12_kept_keys;
mod e4_deputies;
mod e5_last_talk;
mod e6_contact_name;
mod o1_settings;
mod o3_waiting_time;
mod o5_six_hours;
mod o6_switched_off;
mod o7_manager_status;
mod o7_status_reuse;

/// How properties are tried: no files are left behind; `PROPTEST_CASES` tries more than the usual 256.
fn config() -> proptest::test_runner::Config {
    proptest::test_runner::Config { failure_persistence: None, ..Default::default() }
}
