//! Whatever comes as a webhook, no call is led astray by it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::notice(bytes));
