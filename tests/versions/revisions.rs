//! A placement that is set up anew while components were uploaded for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use call::scenario::Exits;
use node::{NotPlaced, RevisionBuilder, ToPlace};
use test_support::LINKED_OPERATION;

use crate::scene::{Fixture, PLACEMENT, variant};

/// The next revision, with these settings.
async fn next(fixture: &Fixture, settings: &[(&str, &str)], exits: Exits) -> Result<RevisionBuilder, NotPlaced> {
    let (before, placement) = (fixture.node.revision(), fixture.placement());
    let settings: BTreeMap<_, _> = settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let to_place = ToPlace {
        id: PLACEMENT,
        integration: "main",
        exits,
        settings,
        operation: placement.configured().placed.operation().clone(),
    };
    before.next().integration("main", Arc::clone(placement.integration())).place(to_place).await
}

#[tokio::test]
async fn o1_o3_a_changed_placement_goes_on_with_the_version_in_force_and_its_shadow() {
    let fixture = Fixture::new(None).await;
    let (two, three) = (fixture.upload(&variant("two")).await, fixture.upload(&variant("three")).await);
    fixture.versions.activate(PLACEMENT, &two, "test").await.unwrap();
    fixture.versions.start_shadow(PLACEMENT, &three, "test").await.unwrap();
    let before = fixture.placement();
    let since = before.shadow().unwrap().since();
    let next = next(&fixture, &[("waiting_time", "2s")], "queue:changed".into()).await.unwrap().build().unwrap();
    let prepared = fixture.versions.prepare(next).await.unwrap();
    assert!(prepared.warnings().is_empty());
    assert_eq!(fixture.placement().exits().linked_operation(), LINKED_OPERATION, "nothing is in force yet");
    prepared.put_in_force();
    let after = fixture.placement();
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!((fixture.in_force(), after.active().placed.waiting_time()), (two.clone(), Duration::from_secs(2)));
    assert_eq!((after.shadow().unwrap().digest(), after.shadow().unwrap().since()), (&*three, since));
    let withheld = fixture.call_from("1", "").await;
    assert_eq!((withheld.resolved.component(), withheld.resolved.target()), (&*two, "queue:changed"));
    // What was put in force before can be put in force again.
    let back = fixture.versions.roll_back(PLACEMENT, "test").await.unwrap();
    assert_eq!((back.digest, back.from), (after.configured().placed.operation().digest().to_string(), two));
}

#[tokio::test]
async fn a_change_that_does_not_fit_is_refused_as_at_the_start_and_changes_nothing() {
    let fixture = Fixture::new(None).await;
    let before = fixture.node.revision();
    for (settings, exits, part) in [
        (vec![("waiting_time", "1h")], Exits::from("queue:a"), "setting `waiting_time` = `1h`"),
        (
            vec![],
            Exits::new("queue:a".to_owned(), BTreeMap::from([("late".to_owned(), "b".to_owned())])),
            "exit `late`",
        ),
    ] {
        let refused = next(&fixture, &settings, exits).await.err().expect("it does not fit").to_string();
        assert!(refused.contains(part), "{refused}");
    }
    let circle = next(&fixture, &[], Exits::from("operation:main")).await.unwrap().build();
    assert!(circle.err().expect("a circle").to_string().contains("in a circle"));
    assert!(Arc::ptr_eq(&before, &fixture.node.revision()));
}
