//! Whatever is written as a configuration is read, or refused with words that name the place.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::config(bytes));
