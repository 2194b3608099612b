//! Whatever the caller and the card, what is searched is a number, and the audit agrees with the call.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::numbers(bytes));
