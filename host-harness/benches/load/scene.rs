//! A node with the built-in operation, as a server has it, and a simulated amoCRM with a thread of its own.

use std::sync::Arc;

use amocrm::access::LongLived;
use amocrm::integration::{Access, Integration, IntegrationSettings};
use amocrm_simulator::{Options, Simulator};
use call::IncomingCall;
use host_harness::OPERATION;
use node::{Node, NodeBuilder, Observer, ToPlace};
use replay::demo;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::PrivateAddresses;
use runtime::engine::{Engine, EngineSettings, Operation};
use runtime::secret::Secret;
use runtime::store::{KeyValueStore, MemoryStore, Stores};
use server::ServerSettings;

/// The operation in the engine of a server.
pub(crate) fn operation() -> Operation {
    Engine::new(EngineSettings::for_calls(ServerSettings::default().max_calls))
        .expect("an engine")
        .load(OPERATION)
        .expect("the operation fits")
}

/// A simulated amoCRM; gives its address.
pub(crate) fn simulator() -> (Simulator, String) {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let simulator = Simulator::start(Options::default()).await.expect("the simulator starts");
            let address = simulator.base_url().to_owned();
            sender.send((simulator, address)).expect("somebody waits for it");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("a simulator")
}

pub(crate) fn integration(address: &str, store: Arc<dyn KeyValueStore>) -> Arc<Integration> {
    let access = Access::LongLived(LongLived {
        account: address.parse().expect("an address"),
        token: Secret::new("a-token".to_owned()),
        namespace: "main".to_owned(),
    });
    let settings = IntegrationSettings {
        private_addresses: PrivateAddresses::Granted,
        // The budget is not part of what is measured.
        requests_per_second: u16::MAX,
        ..IntegrationSettings::new("main", access, demo::employees())
    };
    Arc::new(Integration::new(settings, Stores::in_one(store)).expect("a usable integration"))
}

pub(crate) async fn node(
    operation: &Operation,
    integration: Arc<Integration>,
    settings: &[(&str, &str)],
    observers: Vec<Arc<dyn Observer>>,
) -> Node {
    let node = node_builder(operation, integration, settings).await;
    observers.into_iter().fold(node, NodeBuilder::observer).build().expect("a scenario")
}

async fn node_builder(operation: &Operation, integration: Arc<Integration>, settings: &[(&str, &str)]) -> NodeBuilder {
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let node = Node::builder(Clock::system()).integration("main", integration).place(ToPlace {
        id: "main",
        integration: "main",
        exits: "queue:sales".into(),
        settings,
        operation: operation.clone(),
    });
    node.await.expect("an operation that describes itself")
}

pub(crate) fn call(caller: &str) -> IncomingCall {
    IncomingCall {
        id: "call-1".to_owned(),
        caller: Some(caller.into()),
        called: "+74951234567".to_owned(),
        ..IncomingCall::default()
    }
}

/// A node whose store knows the caller's manager.
pub(crate) async fn with_a_kept_manager(operation: &Operation, store: Arc<dyn KeyValueStore>) -> Node {
    builder_with_a_kept_manager(operation, store).await.build().expect("a scenario")
}

/// The same, not built yet.
pub(crate) async fn builder_with_a_kept_manager(operation: &Operation, store: Arc<dyn KeyValueStore>) -> NodeBuilder {
    let (_simulator, address) = simulator();
    let integration = integration(&address, store);
    let node = node(operation, Arc::clone(&integration), &[], Vec::new()).await;
    let finished = node.resolve(&node.revision().first().expect("a placement"), call(crate::CALLER)).await;
    assert_eq!(finished.resolved.details.requests.len(), 1, "asked once, and kept");
    node_builder(operation, integration, &[]).await
}

pub(crate) fn memory() -> Arc<dyn KeyValueStore> {
    Arc::new(MemoryStore::new())
}
