//! Whatever the body of a 429 states, it is a time or nothing.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let _ = host_harness::capabilities::http::circuit::stated_in(body);
});
