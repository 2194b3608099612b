//! D3 Several contacts: one manager is taken; of different ones the most recently updated contact's, unless the placement refuses.

use test_support::{ANNA, BORIS, CALLER, Scene};

/// Contacts of the caller: responsible user and time of update.
async fn scene_with(contacts: &[(u64, u64)]) -> Scene {
    let mut account = String::new();
    for (manager, updated_at) in contacts {
        account.push_str(&format!(
            "[[contacts]]\nresponsible_user_id = {manager}\nupdated_at = {updated_at}\nphones = [\"+79161234567\"]\n"
        ));
    }
    Scene::with_toml(&account).await
}

#[tokio::test]
async fn d03_contacts_with_one_manager_are_not_ambiguous() {
    let scene = scene_with(&[(ANNA, 1_700_000_000), (ANNA, 1_600_000_000)]).await;
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert!(!outcome.has_note("contact-ambiguous"));
}

#[tokio::test]
async fn d03_of_different_managers_the_most_recently_updated_contacts_is_taken() {
    for (contacts, expected) in [
        ([(ANNA, 1_700_000_000), (BORIS, 1_600_000_000)], "anna"),
        ([(ANNA, 1_600_000_000), (BORIS, 1_700_000_000)], "boris"),
    ] {
        let outcome = scene_with(&contacts).await.call(CALLER).await;
        assert_eq!(outcome.employee(), Some(expected));
        assert!(outcome.has_note("contact-ambiguous"), "the call details say so");
    }
}

#[tokio::test]
async fn d03_a_placement_may_refuse_ambiguity() {
    let mut scene = scene_with(&[(ANNA, 1_700_000_000), (BORIS, 1_600_000_000)]).await;
    scene.choose("several_contacts", "linked-operation");
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("contact-ambiguous", "empty-answer"));
}

#[tokio::test]
async fn d03_ambiguity_is_remembered_with_the_manager() {
    // One placement takes the latest; another of the same integration, which refuses, must not be talked into it by the cache.
    let mut scene = scene_with(&[(ANNA, 1_700_000_000), (BORIS, 1_600_000_000)]).await;
    assert_eq!(scene.call(CALLER).await.employee(), Some("anna"));
    scene.choose("several_contacts", "linked-operation");
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.source()), ("contact-ambiguous", Some("cache")));
    scene.choose("several_contacts", "latest");
    assert!(scene.call(CALLER).await.has_note("contact-ambiguous"));
}

#[tokio::test]
async fn d03_deleted_contacts_do_not_count() {
    let scene = Scene::new().await;
    assert_eq!(scene.call("+7 903 555-04-04").await.code(), "contact-not-found");
    let outcome = scene.call("+7 903 555-04-05").await;
    assert_eq!(outcome.detail("contact_id"), 24, "the living duplicate");
    assert!(!outcome.has_note("contact-ambiguous"));
}
