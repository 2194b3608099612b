//! O6 Switched off: calls go to the linked operation, with no request, and kept managers are not used.

use test_support::{CALLER, Scene};

#[tokio::test]
async fn o6_a_switched_off_integration_asks_nothing() {
    let mut scene = Scene::new().await;
    scene.integration.enabled = false;
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("integration-off", "integration-off"));
    assert_eq!(outcome.json["reason"]["status"], "Переадресация не удалась");
    assert_eq!(scene.simulator.count(), 0);
}

#[tokio::test]
async fn o6_a_kept_manager_is_not_used_and_not_lost() {
    let mut scene = Scene::new().await;
    scene.call(CALLER).await;
    scene.integration.enabled = false;
    assert_eq!(scene.call(CALLER).await.code(), "integration-off");
    scene.integration.enabled = true;
    assert_eq!(scene.call(CALLER).await.source(), Some("cache"));
}

#[tokio::test]
async fn o6_comes_before_everything_else_that_may_be_wrong() {
    use runtime::bindings::telephony::operation::types::SettingValue;
    let mut scene = Scene::new().await;
    scene.integration.enabled = false;
    scene.set("waiting_time", SettingValue::Duration(1));
    assert_eq!(scene.call("").await.code(), "integration-off");
}
