//! A component that calls every import with hostile arguments in the order of the fuzzer's bytes: the host survives, in time.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::every_import(bytes));
