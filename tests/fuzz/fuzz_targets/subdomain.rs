//! Whatever the look-up of a renamed account answers, only a host of amoCRM's is believed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::subdomain(bytes));
