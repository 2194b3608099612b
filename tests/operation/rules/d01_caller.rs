//! D1 Caller: hidden and unusable numbers ask nothing; all spellings come to international digits; the national part is searched.

use test_support::{CALLER, Scene};

#[tokio::test]
async fn d01_a_hidden_caller_asks_nothing() {
    let scene = Scene::new().await;
    for caller in ["", "anonymous", "Anonymous", "unknown", "restricted"] {
        let outcome = scene.call(caller).await;
        assert_eq!((outcome.code(), outcome.class()), ("caller-hidden", "caller"), "{caller}");
    }
    assert_eq!(scene.simulator.count(), 0);
}

#[tokio::test]
async fn d01_an_unusable_caller_asks_nothing() {
    let scene = Scene::new().await;
    for caller in [
        "101",
        "12345",
        "+7",
        "8 (12) 34",
        "alice",
        "alice79161234567",
        "12345678901234567890",
        "+7916;ext=1234567",
        "---",
    ] {
        let outcome = scene.call(caller).await;
        assert_eq!((outcome.code(), outcome.class()), ("caller-unusable", "caller"), "{caller}");
    }
    assert_eq!(scene.simulator.count(), 0);
}

#[tokio::test]
async fn d01_every_spelling_finds_the_contact() {
    for caller in [
        CALLER,
        "+79161234567",
        "79161234567",
        "89161234567",
        "8 (916) 123-45-67",
        "9161234567",
        "916.123.45.67",
        "0079161234567",
        "8-10-7-916-123-45-67",
        "+7 916 123-45-67 доб. 12",
        "+79161234567,12",
        "+79161234567#12",
        "+79161234567x12",
        "+7 916 123-45-67 ext. 12",
        "+7\u{a0}916\u{a0}123\u{2011}45\u{2011}67",
    ] {
        let scene = Scene::new().await;
        assert_eq!(scene.call(caller).await.employee(), Some("anna"), "{caller}");
    }
}

#[tokio::test]
async fn d01_ten_bare_digits_get_the_default_countrys_code() {
    let mut scene =
        Scene::with_toml("[[contacts]]\nresponsible_user_id = 504141\nphones = [\"+49 301 234 5678\"]\n").await;
    assert_eq!(scene.call("3012345678").await.code(), "contact-not-found");
    scene.integration.configuration.set("default_country_code", "49");
    assert_eq!(scene.call("3012345678").await.employee(), Some("anna"));
}

#[tokio::test]
async fn d01_the_trunk_eight_is_russian_only() {
    let account = "[[contacts]]\nresponsible_user_id = 504141\nphones = [\"+79161234567\"]\n";
    let mut scene = Scene::with_toml(account).await;
    scene.integration.configuration.set("default_country_code", "81");
    assert_eq!(scene.call("89161234567").await.code(), "contact-not-found");
}

#[tokio::test]
async fn d01_short_numbers_are_searched_whole() {
    let scene = Scene::with_toml("[[contacts]]\nresponsible_user_id = 504141\nphones = [\"555-123\"]\n").await;
    assert_eq!(scene.call("555123").await.employee(), Some("anna"));
    assert_eq!(scene.simulator.requests()[0].query[0], ("query".to_owned(), "555123".to_owned()));
}
