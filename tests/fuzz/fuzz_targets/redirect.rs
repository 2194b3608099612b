//! Whatever the browser was sent to or a person pasted is a consent or an error; an account that is believed is amoCRM's.
#![no_main]

use fuzz::oauth::settings;
use host_harness::access::{Hosts, consent};

libfuzzer_sys::fuzz_target!(|pasted: &str| {
    let hosts = Hosts::default();
    if let Ok(consented) = consent::read_pasted(pasted, &settings(), &hosts) {
        assert!(hosts.permits(consented.account.origin()));
        assert!(!consented.code.expose().is_empty());
    }
});
