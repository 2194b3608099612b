//! Whatever stands in the file of call details as a call, it is listed: as it is, or as unreadable; and the whole number stays there.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::stored_call_details(bytes));
