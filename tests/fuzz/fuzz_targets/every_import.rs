//! A component that calls every import with hostile arguments in the order of the fuzzer's bytes: the host survives, in time.
#![no_main]

libfuzzer_sys::fuzz_target!(|program: &[u8]| fuzz::host::every_import_with(program));
