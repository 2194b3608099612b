//! A server in this process, on a port of the system's, with simulated accounts behind it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amocrm::integration::{Access, Integration, IntegrationSettings};
use amocrm_simulator::{FaultRule, Options, Simulator};
use call::scenario::Exits;
use node::{Node, NodeBuilder, Observer, ToPlace};
use replay::demo;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::PrivateAddresses;
use runtime::engine::Operation;
use runtime::secret::Secret;
use runtime::store::{KeyValueStore, MemoryStore, Stores};
use server::tls::Tls;
use server::{Server, ServerBuilder, ServerSettings};
use test_support::client::{Client, PATIENCE, TOKEN};
use test_support::{LINKED_OPERATION, START, account, operation};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What a server will be made of. Change it as the test needs.
pub(crate) struct Scene {
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn KeyValueStore>,
    pub(crate) settings: ServerSettings,
    pub(crate) integrations: Vec<IntegrationSettings>,
    /// Identifier, integration, linked operation, settings.
    pub(crate) steps: Vec<(String, String, String, BTreeMap<String, String>)>,
    /// Placement, reason's code or class or `not-answered`, and where those calls go.
    pub(crate) exits: Vec<(&'static str, &'static str, &'static str)>,
    /// Components of placements that are not the personal manager's.
    pub(crate) components: Vec<(&'static str, Operation)>,
    /// How long a call may wait in all its steps together.
    pub(crate) scenario_waiting_time: Option<Duration>,
    pub(crate) simulators: Vec<Simulator>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    /// What is added to the server.
    pub(crate) added: Vec<Box<dyn FnOnce(ServerBuilder) -> ServerBuilder>>,
}

impl Scene {
    /// The demonstration account, and one operation placed with it.
    pub(crate) async fn new() -> Self {
        let mut scene = Self::empty();
        scene.add("main", "token-of-the-first-account", LINKED_OPERATION).await;
        scene
    }

    pub(crate) fn empty() -> Self {
        let settings = ServerSettings {
            listen: "127.0.0.1:0".parse().expect("an address"),
            token: Some(Secret::new(TOKEN.to_owned())),
            ..ServerSettings::default()
        };
        Self {
            clock: Clock::frozen_at(START.parse().expect("a time")),
            store: Arc::new(MemoryStore::new()),
            settings,
            integrations: Vec::new(),
            steps: Vec::new(),
            exits: Vec::new(),
            components: Vec::new(),
            scenario_waiting_time: None,
            simulators: Vec::new(),
            observers: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Adds an account of its own with a long-lived token, an integration with it, and an operation, both of this name.
    pub(crate) async fn add(&mut self, id: &str, token: &str, linked_operation: &str) {
        let options = Options { token: Some(token.to_owned()), ..Options::default() };
        let simulator = account::simulator(&self.clock, options).await;
        let access = Access::LongLived(account::long_lived(account::address(&simulator), token, id));
        self.place(id, access, linked_operation, simulator);
    }

    /// The same with OAuth; the account is connected by [`connect`](Serving::connect).
    pub(crate) async fn add_oauth(&mut self, id: &str, linked_operation: &str) {
        let simulator = account::simulator_with_oauth(&self.clock).await;
        let access = account::oauth(&simulator);
        self.place(id, access, linked_operation, simulator);
    }

    pub(crate) fn place(&mut self, id: &str, access: Access, linked_operation: &str, simulator: Simulator) {
        self.integrations.push(IntegrationSettings {
            private_addresses: PrivateAddresses::Granted,
            requests_per_second: 50,
            webhook_key: Some(Secret::new(format!("webhook-key-of-{id}-0123456789"))),
            ..IntegrationSettings::new(id, access, demo::employees())
        });
        self.steps.push((id.to_owned(), id.to_owned(), linked_operation.to_owned(), BTreeMap::new()));
        self.simulators.push(simulator);
    }

    /// Adds something to the server.
    pub(crate) fn add_to_server(&mut self, add: impl FnOnce(ServerBuilder) -> ServerBuilder + 'static) {
        self.added.push(Box::new(add));
    }

    /// Makes every account misbehave: a fault as the command line spells it.
    pub(crate) fn fault(&self, spelling: &str) {
        for simulator in &self.simulators {
            simulator.add_fault(spelling.parse::<FaultRule>().expect("a fault"));
        }
    }

    /// Starts the server.
    pub(crate) async fn serve(mut self) -> Serving {
        let (clock, simulators) = (self.clock.clone(), std::mem::take(&mut self.simulators));
        let server = self.bound().await;
        let (node, tls) = (server.node().clone(), server.tls().cloned());
        let client = Client::of(server.address().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async { drop(stopped.await) }));
        Serving { client, node, clock, simulators, tls, stop: Some(stop), running }
    }

    /// The server, which listens and answers nothing yet.
    pub(crate) async fn bound(self) -> Server {
        let mut node = Node::builder(self.clock.clone()).scenario_waiting_time(self.scenario_waiting_time);
        for settings in &self.integrations {
            let stores = Stores::in_one(Arc::clone(&self.store));
            let integration = Integration::with_clock(settings.clone(), stores, self.clock.clone());
            node = node.integration(settings.id.as_str(), Arc::new(integration.expect("a usable integration")));
        }
        for (id, integration, linked_operation, settings) in &self.steps {
            let its = self.exits.iter().filter(|(placement, ..)| placement == id);
            let others = its.map(|(_, exit, target)| ((*exit).to_owned(), (*target).to_owned())).collect();
            let (exits, settings) = (Exits::new(linked_operation.clone(), others), settings.clone());
            let own = self.components.iter().find(|(placement, _)| placement == id);
            let operation = own.map_or_else(operation, |(_, own)| own.clone());
            let placed = node.place(ToPlace { id, integration, exits, settings, operation });
            node = placed.await.expect("settings that fit");
        }
        let node = self.observers.into_iter().fold(node, NodeBuilder::observer);
        let server = Server::builder(node, Stores::in_one(self.store), self.settings);
        let server = self.added.into_iter().fold(server, |server, add| add(server));
        server.bind().await.expect("a port")
    }
}

/// A server that runs.
pub(crate) struct Serving {
    pub(crate) client: Client,
    pub(crate) node: Node,
    pub(crate) clock: Clock,
    pub(crate) simulators: Vec<Simulator>,
    pub(crate) tls: Option<Arc<Tls>>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Serving {
    pub(crate) fn simulator(&self) -> &Simulator {
        self.simulators.first().expect("an account")
    }

    /// Connects the integration of this name to its account, which is the one at this place.
    pub(crate) async fn connect(&self, id: &str, place: usize) {
        let simulator = &self.simulators[place];
        let revision = self.node.revision();
        let keeper = revision.integrations()[id].keeper().expect("OAuth has a keeper");
        account::connect(keeper, simulator).await;
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().expect("not told yet").send(());
    }

    /// Waits until it has stopped.
    pub(crate) async fn ended(self) {
        tokio::time::timeout(PATIENCE, self.running).await.expect("it stops in time").expect("it does not panic");
    }

    /// Waits until so many calls are being resolved.
    pub(crate) async fn in_flight(&self, calls: usize) {
        until(|| self.node.in_flight() == calls).await;
    }
}

/// Waits for a condition.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the condition comes true in time");
}
