//! Whatever is sent to the server, no handler panics, and `POST /v1/resolve-call` has a route for who proves itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|request: &[u8]| fuzz::face::request_with(request));
