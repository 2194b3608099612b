//! Nothing but a signature under the client secret passes for amoCRM's uninstall hook.
#![no_main]

use host_harness::access::uninstall;

libfuzzer_sys::fuzz_target!(|query: &str| {
    assert!(uninstall::verify(&fuzz::oauth::settings(), None, query).is_err());
});
