//! Whatever stands in the store under a caller's key, the call has a route, and none to a manager that no record can name.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::stored_record(bytes));
