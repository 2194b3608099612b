//! A host's configuration for the composed operation, and the simulated amoCRM that it points at.

use std::collections::BTreeMap;

use amocrm_simulator::{Options, Simulator};
use test_support::TOKEN;

/// Anna, with two numbers, and Boris, with one, in the demonstration account.
pub(crate) const EMPLOYEES: &str = r#"[
    {"id": "anna", "name": "Анна Соколова", "amocrm_user": 504141, "numbers": ["101", {"number": "+79035550101", "ring_time": "25s"}]},
    {"id": "boris", "amocrm_user": 504142, "numbers": ["102"]}
]"#;

/// Keys and values.
pub(crate) type Configuration = BTreeMap<String, String>;

/// The demonstration account.
pub(crate) async fn simulator() -> Simulator {
    let options = Options { token: Some(TOKEN.to_owned()), ..Options::default() };
    Simulator::start(options).await.expect("the simulator starts on loopback")
}

/// What a host is told, for an account at this address and a bucket of this name.
pub(crate) fn configuration(account: &str, bucket: &str) -> Configuration {
    let pairs = [
        ("amocrm_base_url", account),
        ("amocrm_access_token", TOKEN),
        ("kv_bucket", bucket),
        ("linked_operation", "queue:sales"),
        ("employees", EMPLOYEES),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
