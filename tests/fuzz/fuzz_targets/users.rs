//! Whatever `GET /api/v4/users` answers, the call has a route.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| fuzz::call::resolve_with("/api/v4/users", body));
