//! Nothing but a token under the client secret passes for the widget's.
#![no_main]

use host_harness::hooks::widget_token::{ClientKeys, verify};
use host_harness::secret::Secret;

libfuzzer_sys::fuzz_target!(|token: &str| {
    let client = ClientKeys { id: "client".to_owned(), secret: Secret::new("client-secret".to_owned()) };
    let account = "https://example.amocrm.ru".parse().expect("an origin");
    assert!(verify(token, &client, &account, jiff::Timestamp::UNIX_EPOCH).is_err());
});
