//! A scene for tests: the built-in operation, placed in a PBX of its own with a simulated amoCRM, a store and a clock that stands still
//! until it is moved. No scene shares anything with another but the compiled component.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use amocrm::access::LongLived;
use amocrm::integration::{Access, Integration, IntegrationSettings};
use amocrm_simulator::{Account, Endpoint, FaultRule, Options, RateLimit, Simulator};
use call::document::Ring;
use host_harness::OPERATION;
use jiff::SignedDuration;
use node::{Node, NodeBuilder, Observer, ReadyOperation, ToPlace};
use runtime::bindings::telephony::operation::types::{Setting, SettingValue};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::{Destination, Employee, Presence};
use runtime::capabilities::http::{BaseUrl, PrivateAddresses};
use runtime::engine::{Engine, EngineSettings, Limits, Operation};
use runtime::store::{KeyValueStore, MemoryStore, Stores};

use crate::{Line, Outcome, account, compiled};

/// When every scene begins: noon in Moscow, the simulated account's own time.
pub const START: &str = "2026-11-22T09:00:00Z";
/// The caller of most tests: contact 3 of the demonstration account, whose manager is Anna.
pub const CALLER: &str = "+7 916 123-45-67";
/// Anna's amoCRM user.
pub const ANNA: u64 = 504_141;
/// Boris's amoCRM user.
pub const BORIS: u64 = 504_142;
/// The access token of every scene. Nothing that a scene shows may contain it.
pub const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.a-long-lived-token";
/// How much longer than the waiting time a call may take before the host gives it up.
pub const MARGIN: Duration = Duration::from_secs(1);
/// The linked operation of every scene.
pub const LINKED_OPERATION: &str = "queue:sales";

/// The engine, shared by all tests of this binary: compiling the component once is what makes them fast.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    // The host gives a component up later than it usually does, so that on a busy machine it is the component that ends a call in time.
    let limits = Limits { margin: MARGIN, ..Limits::default() };
    ENGINE.get_or_init(|| {
        let settings = EngineSettings { limits, ..EngineSettings::default() };
        Engine::with_compilation(settings, compiled::in_process()).expect("wasmtime runs on this machine")
    })
}

/// The operation under test.
pub fn operation() -> Operation {
    static LOADED: OnceLock<Operation> = OnceLock::new();
    LOADED.get_or_init(|| engine().load(OPERATION).expect("the operation fits the contract")).clone()
}

/// A PBX with one placed operation, before and between calls. Change its fields as the test needs.
pub struct Scene {
    /// The account.
    pub simulator: Simulator,
    /// The time of everybody in the scene.
    pub clock: Clock,
    /// Where values are kept.
    pub store: Arc<dyn KeyValueStore>,
    /// The account's access, limits and employees.
    pub integration: IntegrationSettings,
    /// The settings of the placed operation.
    pub settings: Vec<Setting>,
    /// The component.
    pub operation: Operation,
}

impl Scene {
    /// The demonstration account, with the employees `anna` (two numbers) and `boris` (one).
    pub async fn new() -> Self {
        Self::with_account(Account::demo()).await
    }

    /// Another account.
    pub async fn with_account(account: Account) -> Self {
        Self::with_limit(account, None).await
    }

    /// The demonstration account that takes so many requests in a second and blocks who goes on. The simulator has a thread of its own until the
    /// process ends: the rush that it watches must not delay its watch.
    pub async fn limited(rate_limit: RateLimit) -> Self {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let scene = Self::with_limit(Account::demo(), Some(rate_limit)).await;
                assert!(sender.send(scene).is_ok(), "the test waits for its scene");
                std::future::pending::<()>().await;
            });
        });
        receiver.await.expect("a scene")
    }

    async fn with_limit(account: Account, rate_limit: Option<RateLimit>) -> Self {
        let clock = Clock::frozen_at(START.parse().expect("a time"));
        let options = Options { account, token: Some(TOKEN.to_owned()), rate_limit, ..Options::default() };
        let simulator = account::simulator(&clock, options).await;
        let integration = Self::settings(account::address(&simulator));
        Self {
            simulator,
            clock,
            store: Arc::new(MemoryStore::new()),
            integration,
            settings: Vec::new(),
            operation: operation(),
        }
    }

    /// The integration with an account at this address.
    pub fn settings(account: BaseUrl) -> IntegrationSettings {
        let access = Access::LongLived(account::long_lived(account, TOKEN, "main"));
        let employees = vec![
            (ANNA, employee("anna", &[("101", 20), ("+79035550101", 25)])),
            (BORIS, employee("boris", &[("102", 20)])),
        ];
        let settings = IntegrationSettings::new("main", access, employees);
        IntegrationSettings { private_addresses: PrivateAddresses::Granted, ..settings }
    }

    /// An account written as TOML.
    pub async fn with_toml(account: &str) -> Self {
        Self::with_account(Account::from_toml(account).expect("a well-formed account")).await
    }

    /// Resolves a call from this number; an empty one is withheld.
    pub async fn call(&self, caller: &str) -> Outcome {
        self.call_to(caller, "+74951234567").await
    }

    /// Resolves a call from this number to that one.
    pub async fn call_to(&self, caller: &str, called: &str) -> Outcome {
        self.line(&self.integrate()).await.call_to(caller, called).await
    }

    /// The integration as it is set now, for several calls that share its budget, circuit and connections.
    pub fn integrate(&self) -> Arc<Integration> {
        let stores = Stores::in_one(Arc::clone(&self.store));
        Arc::new(Integration::new(self.integration.clone(), stores).expect("a usable integration"))
    }

    /// The operation, placed with the settings of now.
    pub async fn line(&self, integration: &Arc<Integration>) -> Line {
        let placed = ReadyOperation::new(
            self.operation.clone(),
            Arc::clone(integration),
            LINKED_OPERATION.to_owned(),
            self.settings.clone(),
        );
        Line::new(placed.await.expect("an operation that describes itself"), self.clock.clone())
    }

    /// A node with this integration and one step, `main`.
    pub async fn node(&self, observers: Vec<Arc<dyn Observer>>) -> Node {
        let id = self.integration.id.as_str();
        let node = Node::builder(self.clock.clone()).integration(id, self.integrate()).place(ToPlace {
            id: "main",
            integration: id,
            exits: LINKED_OPERATION.into(),
            settings: BTreeMap::new(),
            operation: self.operation.clone(),
        });
        let node = node.await.expect("an operation that describes itself");
        observers.into_iter().fold(node, NodeBuilder::observer).build().expect("a scenario")
    }

    /// The account and its token.
    pub fn access(&mut self) -> &mut LongLived {
        match &mut self.integration.access {
            Access::LongLived(access) => access,
            Access::OAuth(_) | Access::NoAccount => panic!("scenes have a fixed token"),
        }
    }

    /// Points the integration at another server.
    pub fn set_account(&mut self, address: &str) {
        self.access().account = address.parse().expect("an address");
    }

    /// Sets a setting of the placed operation, of whatever kind and value.
    pub fn set(&mut self, key: &str, value: SettingValue) {
        self.settings.retain(|setting| setting.key != key);
        self.settings.push(Setting { key: key.to_owned(), value });
    }

    /// Sets the waiting time.
    pub fn set_waiting_time(&mut self, waiting_time: Duration) {
        let milliseconds = u64::try_from(waiting_time.as_millis()).expect("a sane waiting time");
        self.set("waiting_time", SettingValue::Duration(milliseconds));
    }

    /// Sets a choice.
    pub fn choose(&mut self, key: &str, option: &str) {
        self.set(key, SettingValue::Choice(option.to_owned()));
    }

    /// Changes an employee.
    pub fn change_employee(&mut self, user: u64, change: impl FnOnce(&mut Employee)) {
        let (_, employee) =
            self.integration.employees.iter_mut().find(|(id, _)| *id == user).expect("a mapped employee");
        change(employee);
    }

    /// Sets an employee's presence.
    pub fn set_presence(&mut self, user: u64, presence: Presence) {
        self.change_employee(user, |employee| employee.presence = presence);
    }

    /// Gives an employee a deputy, by amoCRM user.
    pub fn set_deputy(&mut self, user: u64, deputy: u64) {
        self.change_employee(user, |employee| employee.deputy_crm_user_id = Some(deputy));
    }

    /// Changes the manager of a contact in amoCRM.
    pub fn change_manager(&self, contact: u64, manager: Option<u64>) {
        self.simulator.update(|account| {
            account.contact_mut(contact).expect("a contact of the account").responsible_user_id = manager;
        });
    }

    /// Makes amoCRM misbehave: a fault as the command line spells it.
    pub fn fault(&self, spelling: &str) {
        self.simulator.add_fault(spelling.parse::<FaultRule>().expect("a fault"));
    }

    /// Makes amoCRM behave again.
    pub fn no_faults(&self) {
        self.simulator.set_faults(Vec::new());
    }

    /// Moves the clock.
    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// How many requests amoCRM got since the last look.
    pub fn requests(&self) -> Vec<Option<Endpoint>> {
        let requests = self.simulator.requests().into_iter().map(|request| request.endpoint).collect();
        self.simulator.clear_requests();
        requests
    }
}

/// The built-in operation with something written into it that changes its digest and nothing else.
pub fn variant(name: &str) -> Vec<u8> {
    let name = format!("version {name}");
    let length = u8::try_from(name.len()).expect("a short name");
    // A custom section: its kind, its size, the length of its name, its name.
    let mut bytes = OPERATION.to_vec();
    bytes.extend([0, length + 1, length]);
    bytes.extend(name.as_bytes());
    bytes
}

/// An employee with these numbers and ring times in seconds.
pub fn employee(id: &str, numbers: &[(&str, u64)]) -> Employee {
    Employee {
        id: id.to_owned(),
        name: format!("Employee {id}"),
        enabled: true,
        destinations: numbers
            .iter()
            .map(|(number, seconds)| Destination {
                number: (*number).to_owned(),
                ring_time: Duration::from_secs(*seconds),
            })
            .collect(),
        presence: Presence::NotFed,
        deputy_crm_user_id: None,
        ring: Ring::InTurn,
    }
}
