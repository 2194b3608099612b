//! The claims of whatever comes as an access token are read or absent.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::access_token(bytes));
