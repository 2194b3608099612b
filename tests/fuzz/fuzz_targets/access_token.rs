//! The claims of whatever comes as an access token are read or absent.
#![no_main]

use host_harness::access::claims::Claims;
use host_harness::secret::Secret;

libfuzzer_sys::fuzz_target!(|token: &str| {
    let _ = Claims::of(&Secret::new(token.to_owned()));
});
