//! An operation with configuration keys of its own, on an integration without an account: it gets what it describes, and nothing else.

use amocrm::integration::Access;
use hostile_components::OWN_CONFIGURATION;
use node::{Misfit, ReadyOperation};
use runtime::secret::Secret;

use super::story;
use test_support::{CALLER, Scene, engine};

async fn scene() -> Scene {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(OWN_CONFIGURATION).expect("it fits the contract");
    scene.integration.access = Access::NoAccount;
    scene.integration.cache_key_secret = Some(Secret::new("a-secret-that-it-does-not-describe".to_owned()));
    scene.integration.configuration.set("shop", "Example");
    scene
}

async fn refusal(scene: &Scene) -> String {
    let placed = ReadyOperation::new(scene.operation.clone(), scene.integrate(), String::new(), Vec::new()).await;
    match placed {
        Err(Misfit::Configuration(misconfigured)) => misconfigured.to_string(),
        Err(another) => panic!("{another}"),
        Ok(_) => panic!("it was placed"),
    }
}

#[tokio::test]
async fn own_configuration_reaches_the_operation_as_it_describes_it() {
    let mut scene = scene().await;
    let outcome = scene.call(CALLER).await;
    assert_eq!(
        story(&outcome),
        "shop=Example attempts=- patience=- loud=- tone=- cache_key_secret=- api_key of 0",
        "only what is written and described"
    );
    for (key, value) in [("attempts", "5"), ("patience", "1s 500ms"), ("loud", "true"), ("tone", "high")] {
        scene.integration.configuration.set(key, value);
    }
    scene.integration.configuration.set_secret("api_key", Secret::new("0123456789".to_owned()));
    let outcome = scene.call(CALLER).await;
    assert_eq!(
        story(&outcome),
        "shop=Example attempts=5 patience=1500 loud=true tone=high cache_key_secret=- api_key of 10"
    );
}

#[tokio::test]
async fn own_configuration_that_does_not_fit_is_refused_where_it_is_placed() {
    for (key, value, fix) in [
        ("attempts", "6", "set a whole number from 1 to 5"),
        ("patience", "11s", "set a duration from 1s to 10s"),
        ("loud", "yes", "set `true` or `false`"),
        ("tone", "shrill", "set one of `low`, `high`"),
        ("shop", "a name of twenty-one .", "set at most 20 characters"),
    ] {
        let mut scene = scene().await;
        scene.integration.configuration.set(key, value);
        let said = refusal(&scene).await;
        let place = format!("[[integration]] `main`: configuration key `{key}` = `{value}`: ");
        assert!(said.starts_with(&place) && said.contains(fix), "{said}");
    }
    let mut without = scene().await;
    without.integration.configuration = [("loud", "true")].into_iter().collect();
    let said = refusal(&without).await;
    assert!(said.contains("`shop` (shop) is missing") && said.contains("[integration.configuration]"), "{said}");
}
