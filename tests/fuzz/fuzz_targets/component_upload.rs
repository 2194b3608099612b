//! Whatever is uploaded as a component is refused, or fits the contract.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::component_upload(bytes));
