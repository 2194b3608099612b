//! D10 Privacy: no token, no whole number of a caller, no name of a contact in what is shown or kept.

use runtime::store::{Shelf, Slot};
use test_support::{CALLER, Scene, TOKEN};

#[tokio::test]
async fn d10_nothing_shown_holds_the_token_or_the_callers_number() {
    for fault in [
        "",
        "contacts:unauthorized-401",
        "contacts:bad-json",
        "contacts:redirect",
        "contacts:close-mid-body",
        "events:status=500",
    ] {
        let mut scene = Scene::new().await;
        scene.integration.configuration.set("consider_manager_status", "true");
        if !fault.is_empty() {
            scene.fault(fault);
        }
        for caller in [CALLER, "89161234567", "9161234567", "alice-9161234567"] {
            let shown = scene.call(caller).await.everything_shown();
            assert!(!shown.contains(TOKEN), "{fault}");
            for whole in ["9161234567", "916 123-45-67", "916123"] {
                assert!(!shown.contains(whole), "{fault}, {caller}: {shown}");
            }
        }
    }
}

#[tokio::test]
async fn d10_keys_are_hashed_and_values_hold_no_person() {
    let scene = Scene::new().await;
    let name = scene.simulator.update(|account| account.contact(3).expect("the contact").name.clone());
    scene.call(CALLER).await;
    let shelf = Shelf { namespace: "main", bucket: "default" };
    let keys = scene.store.list_keys(shelf, 0, 100).await.expect("a working store").keys;
    assert_eq!(keys.len(), 2, "the manager, and the callers of the contact: {keys:?}");
    for key in &keys {
        let value = scene.store.get(Slot { shelf, key }).await.expect("a working store").expect("a value");
        let value = String::from_utf8(value).expect("text");
        for secret in ["1234567", TOKEN, name.as_str(), "anna"] {
            assert!(!key.contains(secret) && !value.contains(secret), "{key}: {value}");
        }
    }
}

#[tokio::test]
async fn d10_an_address_with_a_password_is_not_repeated() {
    let error =
        "https://user:hunter2@example.amocrm.ru".parse::<runtime::capabilities::http::BaseUrl>().expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
