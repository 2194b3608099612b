//! A placed operation whose access is kept while calls come: tokens are refused and refreshed, and the integration ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amocrm::access::{Keeper, uninstall};
use amocrm::integration::{Integration, IntegrationSettings};
use amocrm_simulator::{FaultRule, Simulator};
use call::IncomingCall;
use jiff::SignedDuration;
use node::{Placement, ToPlace};
use runtime::capabilities::clocks::Clock;
use runtime::secret::Secret;
use runtime::store::Stores;
use server::webhooks::Webhooks;
use test_support::{CALLER, LINKED_OPERATION, Outcome, START, Scene, account, operation};

/// What the last part of the webhook's address is.
pub(crate) const WEBHOOK_KEY: &str = "webhook-key-0123456789";

/// An integration with OAuth, connected, in a process that stays.
pub(crate) struct Node {
    pub(crate) simulator: Simulator,
    pub(crate) clock: Clock,
    keeper: Arc<Keeper>,
    placement: Arc<Placement>,
    /// What amoCRM reports to.
    pub(crate) hooks: axum::Router,
}

impl Node {
    async fn start() -> Self {
        Self::connected(false).await
    }

    /// One that considers the manager status.
    pub(crate) async fn considering_status() -> Self {
        Self::connected(true).await
    }

    async fn connected(consider_manager_status: bool) -> Self {
        let clock = Clock::frozen_at(START.parse().expect("a time"));
        let simulator = account::simulator_with_oauth(&clock).await;
        let scene = Scene::new().await;
        let access = account::oauth(&simulator);
        let mut settings = IntegrationSettings {
            access,
            // A hundred days pass in a moment here.
            requests_per_second: 50,
            webhook_key: Some(Secret::new(WEBHOOK_KEY.to_owned())),
            ..scene.integration.clone()
        };
        settings.configuration.set("consider_manager_status", consider_manager_status.to_string());
        let stores = Stores::in_one(Arc::clone(&scene.store));
        let integration = Integration::with_clock(settings, stores, clock.clone()).expect("a usable integration");
        let integration = Arc::new(integration);
        let keeper = Arc::clone(integration.keeper().expect("OAuth has a keeper"));
        account::connect(&keeper, &simulator).await;
        let node = node::Node::builder(clock.clone()).integration("main", integration).place(ToPlace {
            id: "main",
            integration: "main",
            exits: LINKED_OPERATION.into(),
            settings: BTreeMap::new(),
            operation: operation(),
        });
        let node = node.await.expect("an operation that describes itself").build().expect("a scenario");
        let placement = Arc::clone(&node.revision().placements()[0]);
        let (hooks, _) = server::webhooks::routes(Webhooks::new(node), Duration::from_secs(5)).split_for_parts();
        Self { simulator, clock, keeper, placement, hooks }
    }

    pub(crate) async fn call(&self, caller: &str) -> Outcome {
        let call = IncomingCall {
            id: "call-1".to_owned(),
            caller: Some(caller.into()),
            called: String::new(),
            ..IncomingCall::default()
        };
        Outcome::new(self.placement.active().placed.resolve(call, &self.clock).await)
    }
}

#[tokio::test]
async fn calls_that_are_refused_together_are_one_refresh_beside_them() {
    let node = Node::start().await;
    let keeping = tokio::spawn({
        let keeper = Arc::clone(&node.keeper);
        async move { keeper.keep().await }
    });
    node.simulator.add_fault("contacts:unauthorized-401".parse::<FaultRule>().expect("a fault"));
    // Slow enough that all calls are refused before there is a new token.
    node.simulator.add_fault("token:delay-headers=300ms".parse::<FaultRule>().expect("a fault"));
    let refused = tokio::join!(
        node.call("+7 916 000-00-01"),
        node.call("+7 916 000-00-02"),
        node.call("+7 916 000-00-03"),
        node.call("+7 916 000-00-04"),
    );
    for call in [refused.0, refused.1, refused.2, refused.3] {
        assert_eq!(call.code(), "credentials-rejected");
    }
    node.simulator.set_faults(Vec::new());
    while node.simulator.refreshes().succeeded == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while node.keeper.due().is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(node.call(CALLER).await.employee(), Some("anna"));
    assert_eq!((node.simulator.refreshes().succeeded, node.simulator.refreshes().refused), (1, 0));
    keeping.abort();
}

#[tokio::test]
async fn months_pass_and_calls_are_never_refused() {
    let node = Node::start().await;
    for day in 0..100 {
        node.clock.advance(SignedDuration::from_hours(17));
        node.keeper.refresh_if_due().await.expect("a new token");
        assert_eq!(node.call(CALLER).await.employee(), Some("anna"), "day {day}");
    }
    assert_eq!((node.simulator.refreshes().succeeded, node.simulator.refreshes().refused), (100, 0));
    assert_eq!(node.keeper.refreshes(), 100);
}

#[tokio::test]
async fn o6_an_uninstalled_integration_is_off_at_once() {
    let node = Node::start().await;
    assert_eq!(node.call(CALLER).await.employee(), Some("anna"));
    let query = node.simulator.uninstall().expect("with OAuth");
    let forged = query.replace("account_id=", "account_id=1");
    for (query, status) in [(forged, 403), (query, 200)] {
        let request = http::Request::get(format!("/amocrm/uninstalled?{query}")).body(()).expect("a request");
        assert_eq!(
            uninstall::answer(&node.keeper, node.placement.active().placed.integration().http(), &request)
                .await
                .status(),
            status
        );
    }
    node.simulator.clear_requests();
    // Not even the manager that is kept is used.
    assert_eq!(node.call(CALLER).await.code(), "integration-off");
    assert!(node.simulator.requests().is_empty());
}
