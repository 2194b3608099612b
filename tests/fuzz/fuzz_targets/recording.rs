//! Whatever comes as a recording is read or refused; what is read is written as it was read, and can be resolved again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::recording(bytes));
