//! A shadow: the same calls, without acting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use call::document::Route;
use hostile_components::{ENDLESS_LOOP, MEMORY_BOMB, STRANGER_CALLER, TRAP};
use node::shadow::Findings;
use runtime::store::Shelf;
use test_support::{CALLER, Scene};

use crate::scene::{Fixture, INSISTING, PLACEMENT, until, variant};

impl Fixture {
    async fn shadowed_by(self, component: &[u8]) -> Self {
        let digest = self.upload(component).await;
        self.versions.start_shadow(PLACEMENT, &digest, INSISTING).await.unwrap();
        self
    }

    fn findings(&self) -> Findings {
        self.placement().shadow().expect("a shadow").findings()
    }

    /// What the shadow found, once it has followed every call.
    async fn all_findings(&self) -> Findings {
        until("the shadow has followed every call", || async { self.findings().under_way == 0 }).await;
        self.findings()
    }

    /// The keys and values of the operation's cache.
    async fn kept(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let shelf = Shelf { namespace: "main", bucket: "default" };
        let mut kept = Vec::new();
        for key in self.scene.store.list_keys(shelf, 0, 100).await.unwrap().keys {
            let value = self.scene.store.get(shelf.slot(&key)).await.unwrap();
            kept.push((key, value));
        }
        kept
    }
}

#[tokio::test]
async fn an_equal_version_differs_in_nothing_and_asks_nothing() {
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    let fixture = Fixture::with(scene, None, &[]).await.shadowed_by(&variant("two")).await;
    for (number, caller) in [CALLER, CALLER, "8 (903) 555-03-03", "+7 000 000-00-00", ""].into_iter().enumerate() {
        let before = fixture.scene.simulator.requests().len();
        let call = fixture.call_from(&number.to_string(), caller).await;
        fixture.all_findings().await;
        let requests = call.resolved.details.requests.len();
        assert_eq!(fixture.scene.simulator.requests().len() - before, requests, "{caller}: the call's own alone");
    }
    let found = fixture.all_findings().await;
    assert_eq!((found.compared, found.same, found.different), (5, 5, 0), "{found:?}");
    assert!(found.details.is_empty(), "{found:?}");
    assert_eq!((found.instructions.calls, found.instructions.active), (5, found.instructions.shadow));
    assert_eq!(fixture.told.calls().len(), 5, "observers are told of calls, not of shadows");
}

#[tokio::test]
async fn a_fault_that_the_call_met_is_met_by_the_shadow_too() {
    let fixture = Fixture::with(Scene::new().await, None, &[("waiting_time", "500ms")]).await;
    let fixture = fixture.shadowed_by(&variant("two")).await;
    for (number, fault) in ["contacts:hang", "contacts:html-403"].into_iter().enumerate() {
        fixture.scene.no_faults();
        fixture.scene.fault(fault);
        fixture.call(&number.to_string()).await;
    }
    let found = fixture.all_findings().await;
    assert_eq!((found.compared, found.same), (2, 2), "{found:?}");
}

#[tokio::test]
async fn another_version_is_counted_and_listed_and_changes_nothing() {
    let alone = Fixture::new(None).await;
    let alone_call = alone.call("1").await;
    for (component, words) in [
        (TRAP, "The operation failed"),
        (MEMORY_BOMB, "memory limit"),
        (STRANGER_CALLER, "Linked operation queue:sales"),
    ] {
        let fixture = Fixture::new(None).await.shadowed_by(component).await;
        let call = fixture.call("1").await;
        let found = fixture.all_findings().await;
        assert_eq!((found.compared, found.different, found.kinds.get("route")), (1, 1, Some(&1)), "{found:?}");
        let difference = &found.differences[0];
        assert_eq!((&*difference.call, difference.caller.as_deref()), ("1", Some("+7916•••4567")));
        assert_eq!(difference.active.component, *fixture.in_force());
        assert_eq!(difference.shadow.component, fixture.placement().shadow().unwrap().digest());
        assert_eq!(difference.active.employee.as_deref(), Some("anna"));
        assert!(difference.active.text_en.starts_with("Forwarded to Employee anna (anna): 101 (20 s)"));
        assert!(difference.shadow.text_en.contains(words), "{}", difference.shadow.text_en);
        assert!(!serde_json::to_string(&found).unwrap().contains("1234567"), "the caller is masked");
        assert!(matches!(&call.resolved.route, Route::Forward { employee, .. } if employee.id == "anna"));
        assert_eq!(call.resolved.run.instructions, alone_call.resolved.run.instructions);
        assert_eq!(fixture.kept().await, alone.kept().await);
        assert_eq!(fixture.scene.simulator.requests().len(), 1);
    }
}

#[tokio::test]
async fn what_the_shadow_writes_stays_with_it() {
    // The version in force looks nothing up and keeps nothing; the shadow, which forwards, would.
    let mut scene = Scene::new().await;
    scene.operation = test_support::engine().load(TRAP).unwrap();
    let fixture = Fixture::with(scene, None, &[]).await.shadowed_by(&variant("two")).await;
    fixture.call("1").await;
    let found = fixture.all_findings().await;
    assert_eq!((found.compared, found.different), (1, 1), "{found:?}");
    assert_eq!(found.differences[0].shadow.employee.as_deref(), Some("anna"), "it asked, since nobody else did");
    assert_eq!(fixture.kept().await, []);
}

#[tokio::test]
async fn a_shadow_takes_no_turn_that_a_call_may_need() {
    let mut scene = Scene::new().await;
    scene.operation = test_support::engine().load(TRAP).unwrap();
    scene.integration.requests_per_second = 3;
    let fixture = Fixture::with(scene, None, &[]).await.shadowed_by(&variant("two")).await;
    let started = Instant::now();
    for number in 10..40 {
        fixture.call_from(&number.to_string(), &format!("+7 916 000-00-{number}")).await;
    }
    let found = fixture.all_findings().await;
    let seconds = started.elapsed().as_secs() + 1;
    let requests = u64::try_from(fixture.scene.simulator.requests().len()).unwrap();
    assert!((1..=2 * seconds).contains(&requests), "{requests} requests in {seconds} s, of a budget of 3 in a second");
    assert_eq!(found.compared + found.not_compared.not_asked, 30);
    assert!(found.not_compared.not_asked > 0, "{requests} requests in {seconds} s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_that_computes_for_ever_holds_no_call_up_and_too_many_are_counted() {
    const CALLS: u64 = 200;
    let fixture = Arc::new(Fixture::new(None).await.shadowed_by(ENDLESS_LOOP).await);
    fixture.call("warm-up").await;
    let started = Instant::now();
    for number in 0..CALLS {
        let call = fixture.call(&number.to_string()).await;
        assert!(matches!(&call.resolved.route, Route::Forward { .. }));
    }
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}: one loop alone computes for a second",
        started.elapsed()
    );
    let found = fixture.findings();
    assert!(found.not_compared.busy > 0, "{found:?}");
    let ended = fixture.versions.end_shadow(PLACEMENT).await.unwrap();
    assert!(ended && fixture.placement().shadow().is_none());
    fixture.call("after").await;
    assert_eq!(u64::try_from(fixture.told.calls().len()).unwrap(), CALLS + 2);
}
