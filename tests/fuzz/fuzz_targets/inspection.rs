//! Whatever is looked over before it is compiled is refused with a reason, or within every bound.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::inspection(bytes));
