//! Whatever an administrator writes as a case's `call.toml`, or as its account, is read, or refused with words.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::policy_case(bytes));
