//! Numbers as trunks spell them: whoever calls is found, or withheld, and nothing that stands in a header becomes syntax.

use serde_json::Value;

use crate::scene::{CALLED, Scene, WAYS, has_legs};

/// What becomes of a spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Anna,
    Hidden,
}

use Caller::{Anna, Hidden};

/// The From header (and others behind it), and what it comes to. The number is that of contact 3, whose manager is Anna.
const CALLERS: [(&str, Caller); 20] = [
    ("<sip:+79161234567@trunk.example>", Anna),
    ("<sip:%2B79161234567@trunk.example>", Anna),
    ("<sip:+7(916)123-45-67@trunk.example>", Anna),
    ("<sip:+7%20916%201234567@trunk.example>", Anna),
    ("<sip:89161234567@trunk.example>", Anna),
    ("<sip:79161234567@trunk.example>", Anna),
    ("<sip:9161234567@trunk.example>", Anna),
    ("<sip:+79161234567;npdi@trunk.example>", Anna),
    ("<sip:+79161234567;isub=1@trunk.example>", Anna),
    ("<tel:+79161234567>", Anna),
    ("\"Иван Петров\" <sip:+79161234567@trunk.example>", Anna),
    ("\"ООО \\\"Рога, & ${EXTEN}\\\\ Копыта\\\"\" <sip:+79161234567@trunk.example>", Anna),
    ("<sip:line17@trunk.example>\nP-Asserted-Identity: \"Иван\" <sip:+79161234567@trunk.example>", Anna),
    ("<sip:line17@trunk.example>\nP-Asserted-Identity: <tel:+79161234567>", Anna),
    ("<sip:line17@trunk.example>\nRemote-Party-ID: <sip:+79161234567@trunk.example>;party=calling", Anna),
    (
        "<sip:anonymous@anonymous.invalid>\nRemote-Party-ID: <sip:+79161234567@trunk.example>;party=calling;privacy=full",
        Hidden,
    ),
    (
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>\nP-Asserted-Identity: <sip:+79161234567@trunk.example>\nPrivacy: id",
        Hidden,
    ),
    ("<sip:unavailable@unknown.invalid>", Hidden),
    ("<sip:trunk.example>", Hidden),
    ("<sip:+79161234567%24%7BEXTEN%7D,x&y@trunk.example>", Anna),
];

/// The user that is called, and what the call details have.
const NUMBERS: [(&str, &str); 6] = [
    ("+74951234567", "+74951234567"),
    ("%2B74951234567", "+74951234567"),
    ("84951234567", "84951234567"),
    ("+7495%201234567", "+7495 1234567"),
    ("+74951234567;npdi=yes", "+74951234567"),
    ("74951234567;rn=+7900", "74951234567"),
];

#[tokio::test]
async fn d01_callers_are_known_in_every_spelling_and_nothing_of_it_is_carried_out() {
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    for way in WAYS {
        for (from, expected) in CALLERS {
            let before = scene.newest().await["seq"].as_u64().unwrap_or_default();
            scene.spelled(way, from, CALLED).await;
            let kept = scene.until(|kept| kept["seq"].as_u64() > Some(before) && has_legs(1)(kept)).await;
            let found = match kept["reason"]["code"].as_str() {
                None => Anna,
                Some("caller-hidden") => Hidden,
                Some(other) => panic!("{way:?} {from}: {other}"),
            };
            assert_eq!(found, expected, "{way:?} {from}: {kept}");
            assert!(
                !from.contains("EXTEN%7D") || kept["call"]["caller"] == "+79161234567${EXTEN},x&y",
                "{way:?} {kept}"
            );
            assert!(expected != Hidden || kept["call"]["caller"] == Value::Null, "{way:?} {from}: {kept}");
        }
    }
    assert_eq!(scene.asterisk.errors(), [""; 0]);
}

#[tokio::test]
async fn called_numbers_are_told_as_trunks_spell_them_without_parameters() {
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    for way in WAYS {
        for (called, expected) in NUMBERS {
            let before = scene.newest().await["seq"].as_u64().unwrap_or_default();
            scene.spelled(way, "<sip:+79161234567@trunk.example>", called).await;
            let kept = scene.until(|kept| kept["seq"].as_u64() > Some(before) && has_legs(1)(kept)).await;
            assert_eq!(kept["call"]["called"], expected, "{way:?} {called}");
        }
    }
}
