//! Whatever `GET /api/v4/companies` answers, the call has a route.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::companies(bytes));
