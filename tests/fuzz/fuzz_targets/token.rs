//! Whatever the token endpoint answers is a pair of tokens or an error that shows nothing of it.
#![no_main]

use fuzz::oauth::{answering, at_once};
use host_harness::secret::Secret;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let account = "https://example.amocrm.ru".parse().expect("an address");
    match at_once(answering(body).refresh(&account, &Secret::new("refresh".to_owned()))) {
        Ok(pair) => assert!(!pair.access_token.expose().is_empty() && !pair.refresh_token.expose().is_empty()),
        Err(error) => assert!(error.to_string().len() < 300, "{error}"),
    }
});
