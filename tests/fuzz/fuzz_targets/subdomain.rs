//! Whatever the look-up of a renamed account answers, only a host of amoCRM's is believed.
#![no_main]

use fuzz::oauth::{answering, at_once};
use host_harness::secret::Secret;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let api = "https://api-a.amocrm.ru".parse().expect("an origin");
    if let Ok(origin) = at_once(answering(body).current_address(&api, &Secret::new("refresh".to_owned()))) {
        let name = origin.to_string();
        assert!([".amocrm.ru", ".amocrm.com", ".kommo.com"].iter().any(|domain| name.ends_with(domain)), "{name}");
    }
});
