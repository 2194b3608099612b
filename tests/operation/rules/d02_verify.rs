//! D2 Verify: amoCRM's search covers every field, so only a hit that has the caller's number as a PHONE counts.

use test_support::{CALLER, Scene};

#[tokio::test]
async fn d02_an_order_number_that_equals_the_phone_is_not_used() {
    // Contact 20 of the demonstration account carries the caller's digits as an order number, with another manager and a later update.
    let scene = Scene::new().await;
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.detail("contact_id"), 3);
    assert!(outcome.has_note("hits-unverified"));
}

#[tokio::test]
async fn d02_hits_that_are_all_unverified_are_no_contact() {
    let scene = Scene::new().await;
    let outcome = scene.call("+7 903 555-04-03").await;
    assert_eq!(outcome.code(), "contact-not-found");
    assert_eq!(outcome.detail("requests")[0]["status"], 200, "the search did find something");
}

#[tokio::test]
async fn d02_the_last_ten_digits_are_not_enough() {
    // +49 916 1234567 ends like +7 916 123-45-67.
    let scene = Scene::with_toml("[[contacts]]\nresponsible_user_id = 504141\nphones = [\"+49 916 1234567\"]\n").await;
    assert_eq!(scene.call(CALLER).await.code(), "contact-not-found");
    assert_eq!(scene.call("+499161234567").await.employee(), Some("anna"));
}

#[tokio::test]
async fn d02_any_of_a_contacts_numbers_counts_in_any_spelling() {
    for phone in
        ["8 (916) 123-45-67", "9161234567", "+7 916 123 45 67 доб. 5", "8-10-7-916-123-45-67", "тел. 89161234567"]
    {
        let account = format!("[[contacts]]\nresponsible_user_id = 504141\nphones = [\"+74951112233\", \"{phone}\"]\n");
        let scene = Scene::with_toml(&account).await;
        assert_eq!(scene.call(CALLER).await.employee(), Some("anna"), "{phone}");
    }
}

#[tokio::test]
async fn d02_a_contact_without_fields_is_not_used() {
    let scene = Scene::with_toml("[[contacts]]\nname = \"9161234567\"\nresponsible_user_id = 504141\n").await;
    assert_eq!(scene.call(CALLER).await.code(), "contact-not-found");
}

#[tokio::test]
async fn d02_the_field_code_counts_and_not_the_name() {
    let account = "[[contacts]]\nresponsible_user_id = 504141\ncustom_fields = [{ name = \"Телефон\", values = [\"+79161234567\"] }]\n";
    let scene = Scene::with_toml(account).await;
    assert_eq!(scene.call(CALLER).await.code(), "contact-not-found");
}
