//! Whatever the lists of users and contacts answer is read or refused, and judged.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::audit(bytes));
