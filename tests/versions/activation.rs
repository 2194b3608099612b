//! Activating and rolling back while calls come in, and over a restart.

use std::collections::BTreeSet;
use std::sync::Arc;

use call::document::Route;
use host_harness::OPERATION;
use hostile_components::{OWN_CONFIGURATION, TRAP};
use node::MisfitKind;
use node::versions::{How, VersionError};
use test_support::{Scene, engine};

use crate::scene::{Fixture, INSISTING, PLACEMENT, variant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_while_versions_are_swapped_under_load() {
    const CALLS: usize = 2_000;
    let fixture = Arc::new(Fixture::new(None).await);
    let first = fixture.in_force();
    let second = fixture.upload(&variant("two")).await;
    fixture.call("warm-up").await;
    let swapping = tokio::spawn({
        let (fixture, versions) = (Arc::clone(&fixture), [second.clone(), first.clone()]);
        async move {
            for round in 0_usize.. {
                if fixture.told.calls().len() > CALLS {
                    break;
                }
                let wanted = &versions[round % 2];
                fixture.versions.activate(PLACEMENT, wanted, "test").await.unwrap();
                let call = fixture.call(&format!("after-{round}")).await;
                assert_eq!(call.resolved.component(), &**wanted, "what was activated resolves the next call");
            }
        }
    });
    let callers = (0..8).map(|caller| {
        let fixture = Arc::clone(&fixture);
        tokio::spawn(async move {
            for number in 0..CALLS / 8 {
                let call = fixture.call(&format!("{caller}-{number}")).await;
                assert!(matches!(&call.resolved.route, Route::Forward { employee, .. } if employee.id == "anna"));
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    swapping.await.unwrap();
    let calls = fixture.told.calls();
    let ids: BTreeSet<_> = calls.iter().map(|call| call.resolved.call.id.clone()).collect();
    assert_eq!(ids.len(), calls.len(), "one record for each call");
    for number in 0..CALLS / 8 {
        assert!((0..8).all(|caller| ids.contains(&format!("{caller}-{number}"))));
    }
    let components: BTreeSet<_> = calls.iter().map(|call| call.resolved.component().to_owned()).collect();
    assert_eq!(components, BTreeSet::from([first, second]), "each call names one of the two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_go_on_while_a_component_is_compiled() {
    let fixture = Arc::new(Fixture::new(None).await);
    fixture.call("warm-up").await;
    let uploading = tokio::spawn({
        let fixture = Arc::clone(&fixture);
        async move { fixture.upload(&variant("two")).await }
    });
    let mut answered = 0;
    while !uploading.is_finished() {
        fixture.call(&answered.to_string()).await;
        answered += 1;
    }
    uploading.await.unwrap();
    assert!(answered > 2, "{answered} calls were answered while a component was compiled");
}

#[tokio::test]
async fn what_is_in_force_and_the_shadow_outlast_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(Some(state.path())).await;
    let configured = fixture.in_force();
    let (two, three) = (fixture.upload(&variant("two")).await, fixture.upload(&variant("three")).await);
    let activated = fixture.versions.activate(PLACEMENT, &two, "anna").await.unwrap();
    assert_eq!((activated.digest, activated.from), (two.clone(), configured.clone()));
    fixture.versions.start_shadow(PLACEMENT, &three, "anna").await.unwrap();
    let again = Fixture::new(Some(state.path())).await;
    assert_eq!((again.in_force(), again.warnings.clone()), (two.clone(), Vec::new()));
    assert_eq!(again.placement().shadow().unwrap().digest(), three);
    assert!(again.versions.end_shadow(PLACEMENT).await.unwrap());
    assert!(!again.versions.end_shadow(PLACEMENT).await.unwrap());
    let history = again.versions.history(PLACEMENT).await.unwrap();
    let changes: Vec<_> = history.iter().map(|change| (&*change.digest, &*change.from, &*change.by)).collect();
    assert_eq!(changes, [(&*two, &*configured, "anna")]);
    assert!(Fixture::new(Some(state.path())).await.placement().shadow().is_none());
}

#[tokio::test]
async fn rolling_back_goes_one_version_further_back_each_time() {
    let fixture = Fixture::new(None).await;
    let configured = fixture.in_force();
    let (two, three) = (fixture.upload(&variant("two")).await, fixture.upload(&variant("three")).await);
    let nothing = fixture.versions.roll_back(PLACEMENT, "test").await;
    assert!(matches!(nothing, Err(VersionError::NothingBefore(_))));
    fixture.versions.activate(PLACEMENT, &two, "test").await.unwrap();
    fixture.versions.activate(PLACEMENT, &three, "test").await.unwrap();
    fixture.versions.activate(PLACEMENT, &three, "test").await.unwrap();
    assert_eq!(fixture.versions.history(PLACEMENT).await.unwrap().len(), 2, "the same version again is not a change");
    assert_eq!(fixture.versions.roll_back(PLACEMENT, "test").await.unwrap().digest, two);
    assert_eq!(fixture.in_force(), two);
    assert_eq!(fixture.versions.roll_back(PLACEMENT, "test").await.unwrap().digest, configured);
    assert_eq!(fixture.call("1").await.resolved.component(), &*configured);
    assert!(fixture.versions.roll_back(PLACEMENT, "test").await.is_err());
    let history = fixture.versions.history(PLACEMENT).await.unwrap();
    let how: Vec<_> = history.iter().map(|change| change.how).collect();
    assert_eq!(how, [How::Activated, How::Activated, How::RolledBack, How::RolledBack]);
}

#[tokio::test]
async fn a_lost_version_leaves_the_configured_one_in_force_and_is_said() {
    let state = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(Some(state.path())).await;
    let configured = fixture.in_force();
    let two = fixture.upload(&variant("two")).await;
    fixture.versions.activate(PLACEMENT, &two, "test").await.unwrap();
    std::fs::remove_file(state.path().join("components").join(format!("{two}.wasm"))).unwrap();
    let again = Fixture::new(Some(state.path())).await;
    assert_eq!(again.in_force(), configured);
    assert!(again.warnings[0].contains("goes on with the configured component"), "{:?}", again.warnings);
    again.call("1").await;
}

#[tokio::test]
async fn a_version_that_does_not_know_the_settings_is_refused() {
    let fixture = Fixture::with(Scene::new().await, None, &[("waiting_time", "2s")]).await;
    let before = fixture.in_force();
    let trap = fixture.upload(TRAP).await;
    let refused = fixture.versions.activate(PLACEMENT, &trap, "test").await.unwrap_err().to_string();
    assert!(refused.contains("setting `waiting_time`"), "{refused}");
    assert_eq!(fixture.in_force(), before);
    assert!(fixture.versions.start_shadow(PLACEMENT, &trap, "test").await.is_err());
    let unknown = fixture.versions.activate(PLACEMENT, &"0".repeat(64), "test").await.unwrap_err().to_string();
    assert!(unknown.contains("there is no component"), "{unknown}");
    assert!(matches!(fixture.versions.activate("other", &before, "test").await, Err(VersionError::NoPlacement(_))));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_put_in_force() {
    let state = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(Some(state.path())).await;
    let before = fixture.in_force();
    let two = fixture.upload(&variant("two")).await;
    // Nothing can be renamed over a directory.
    std::fs::create_dir(state.path().join("activations.json")).unwrap();
    let refused = fixture.versions.activate(PLACEMENT, &two, "test").await;
    assert!(matches!(refused, Err(VersionError::NotKept(_))), "{refused:?}");
    assert_eq!(fixture.in_force(), before);
}

#[tokio::test]
async fn what_does_not_fit_the_placement_is_refused_with_every_reason_unless_somebody_insists() {
    let state = tempfile::tempdir().unwrap();
    let settings = [("search_companies", "true"), ("waiting_time", "3s")];
    let fixture = Fixture::with(Scene::new().await, Some(state.path()), &settings).await;
    let (own, other) = (fixture.in_force(), fixture.upload(TRAP).await);
    let activated = fixture.versions.activate(PLACEMENT, &other, "test").await.map(drop);
    let shadowed = fixture.versions.start_shadow(PLACEMENT, &other, "test").await.map(drop);
    for refused in [activated, shadowed] {
        let said = refused.unwrap_err().to_string();
        for reason in ["it is the operation `hostile`", "`search_companies`", "`waiting_time`", "insist"] {
            assert!(said.contains(reason), "{reason} is missing: {said}");
        }
    }
    assert_eq!((fixture.in_force(), fixture.placement().shadow().is_none()), (own.clone(), true), "nothing changed");

    fixture.versions.activate(PLACEMENT, &other, INSISTING).await.unwrap();
    let last = fixture.versions.history(PLACEMENT).await.unwrap().pop().unwrap();
    assert_eq!((last.digest.as_str(), last.by.as_str(), last.insisted), (other.as_str(), "test", true));
    // What was insisted on outlasts a restart, and the configured operation may come back without insisting.
    let again = Fixture::with(Scene::new().await, Some(state.path()), &settings).await;
    assert_eq!((again.warnings.len(), again.in_force()), (0, other.clone()));
    again.versions.roll_back(PLACEMENT, "test").await.unwrap();
    assert_eq!(again.in_force(), own);
    assert!(!again.versions.history(PLACEMENT).await.unwrap().pop().unwrap().insisted);
}

/// Why a version is refused: each kind, and the key at fault.
async fn misfits(fixture: &Fixture, digest: &str) -> Vec<(MisfitKind, Option<String>)> {
    match fixture.versions.activate(PLACEMENT, digest, "test").await {
        Err(VersionError::Misfit { misfits, .. }) => {
            misfits.0.iter().map(|misfit| (misfit.kind(), misfit.key().map(str::to_owned))).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_the_integrations_configuration_does_not_suit_is_refused_with_every_key_unless_somebody_insists() {
    let state = tempfile::tempdir().unwrap();
    let scene = async || {
        let mut scene = Scene::new().await;
        scene.integration.configuration.set("attempts", "9");
        scene
    };
    let fixture = Fixture::with(scene().await, Some(state.path()), &[]).await;
    let own = fixture.upload(OWN_CONFIGURATION).await;
    assert_eq!(
        misfits(&fixture, &own).await,
        [
            (MisfitKind::OtherOperation, None),
            (MisfitKind::Configuration, Some("attempts".to_owned())),
            (MisfitKind::MissingConfiguration, Some("shop".to_owned())),
        ]
    );
    fixture.versions.activate(PLACEMENT, &own, INSISTING).await.unwrap();
    let call = fixture.call("1").await;
    let told = &call.resolved.reason.as_ref().unwrap().text_en;
    assert!(told.contains("shop=- attempts=- "), "what it does not accept is left out: {told}");
    // The next server says what it still cannot work without.
    let again = Fixture::with(scene().await, Some(state.path()), &[]).await;
    assert_eq!((again.in_force(), again.warnings.len()), (own, 1));
    assert!(again.warnings[0].contains("[[operation]] `main`: ") && again.warnings[0].contains("`shop` (shop)"));
}

#[tokio::test]
async fn a_key_that_no_operation_would_read_any_more_is_among_the_reasons() {
    let mut scene = Scene::new().await;
    scene.operation = engine().load(OWN_CONFIGURATION).unwrap();
    scene.integration.configuration.set("shop", "Example");
    scene.integration.configuration.set("loud", "true");
    let fixture = Fixture::with(scene, None, &[]).await;
    let built_in = fixture.upload(OPERATION).await;
    let unknown = |key: &str| (MisfitKind::UnknownConfiguration, Some(key.to_owned()));
    assert_eq!(
        misfits(&fixture, &built_in).await,
        [(MisfitKind::OtherOperation, None), unknown("loud"), unknown("shop")]
    );
    fixture.versions.activate(PLACEMENT, &built_in, INSISTING).await.unwrap();
    // Nobody read them before this change either.
    assert_eq!(misfits(&fixture, &fixture.upload(TRAP).await).await, [(MisfitKind::OtherOperation, None)]);
}
