//! Whatever comes as a webhook, no call is led astray by it.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| fuzz::call::notice_with(body));
