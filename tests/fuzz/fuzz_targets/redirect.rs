//! Whatever the browser was sent to or a person pasted is a consent or an error; an account that is believed is amoCRM's.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets::redirect(bytes));
