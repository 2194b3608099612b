//! Whatever the token endpoint answers is a pair of tokens or an error that shows nothing of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::token(bytes));
