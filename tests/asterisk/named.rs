//! What a telephone shows of the caller (rule E6).

use std::time::Duration;

use crate::phone::Phone;
use crate::scene::{Office, Scene, WAYS, own_address};

#[tokio::test]
async fn e6_the_telephone_shows_the_contacts_name() {
    let phone = Phone::on(own_address()).await;
    let office = Office {
        numbers: "[\"+79035550101\"]",
        phone: Some(phone.address()),
        settings: ", show_contact_name = true",
        ..Office::default()
    };
    let Some(scene) = Scene::with(office).await else { return };
    for way in WAYS {
        let ((), call) = tokio::join!(scene.talk(way, Duration::from_millis(500)), phone.answer());
        assert!(call.remote.starts_with("\"Иван Петров\" <sip:"), "{way:?}: {}", call.remote);
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}
