//! Whatever is sent to the server, no handler panics, and `POST /v1/resolve-call` has a route for who proves itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::fastagi(bytes));
