//! O2 Forward: a call goes to the numbers of the personal manager of the caller's contact.

use test_support::{ANNA, BORIS, CALLER, Scene};

#[tokio::test]
async fn o2_a_call_is_forwarded_to_the_responsible_user_of_the_contact() {
    let scene = Scene::new().await;
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "forward");
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(outcome.detail("manager_user_id"), ANNA);
    assert_eq!(outcome.detail("contact_id"), 3);
    assert_eq!(outcome.source(), Some("crm"));
}

#[tokio::test]
async fn o2_another_contact_has_another_manager() {
    let scene = Scene::new().await;
    scene.change_manager(3, Some(BORIS));
    assert_eq!(scene.call(CALLER).await.employee(), Some("boris"));
}

#[tokio::test]
async fn o2_one_request_asks_for_the_national_part_newest_first() {
    let scene = Scene::new().await;
    scene.call(CALLER).await;
    let requests = scene.simulator.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/api/v4/contacts");
    let query: Vec<_> = requests[0].query.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(query, [("query", "9161234567"), ("limit", "50"), ("page", "1"), ("order[updated_at]", "desc")]);
    assert!(requests[0].authorised, "the host added the access token");
    assert!(requests[0].user_agent.as_deref().is_some_and(|agent| agent.starts_with("forward-to-personal-manager/")));
}

#[tokio::test]
async fn o2_the_account_may_live_below_a_path() {
    // Whatever stands behind the address is asked below its path: this simulator knows no such path and answers 404.
    let mut scene = Scene::new().await;
    scene.set_account(&format!("{}/gateway/", scene.simulator.base_url()));
    assert_eq!(scene.call(CALLER).await.code(), "crm-error");
    assert_eq!(scene.simulator.requests()[0].path, "/gateway/api/v4/contacts");
}

#[tokio::test]
async fn o2_hits_on_a_later_page_are_found() {
    // Sixty contacts carry the caller's digits in an order number and were updated later than the caller's own.
    let mut account = String::from(
        "[[contacts]]\nresponsible_user_id = 504141\nphones = [\"+79161234567\"]\nupdated_at = 1700000000\n",
    );
    for index in 0..60 {
        account.push_str(&format!(
            "[[contacts]]\nname = \"order {index}\"\nupdated_at = {}\ncustom_fields = [{{ name = \"Order\", values = [\"9161234567\"] }}]\n",
            1_700_000_001 + index
        ));
    }
    let scene = Scene::with_toml(&account).await;
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(outcome.requests(), ["contacts:ok", "contacts:ok"]);
}
