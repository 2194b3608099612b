//! Whatever the body of a 429 states, it is a time or nothing.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::too_many_requests(bytes));
