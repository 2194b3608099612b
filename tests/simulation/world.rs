//! One world: its plan carried out in a time of its own, every call in it checked.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use amocrm::access::consent::Consented;
use amocrm::access::{LongLived, OAuthSettings, Platform};
use amocrm::integration::{Access, Integration, IntegrationSettings};
use amocrm_simulator::{FaultRule, OAuthApp, Options, RateLimit, Simulator};
use call::scenario::Unanswered;
use call::{CallDocument, IncomingCall};
use host_harness::{OPERATION, WORKING_HOURS};
use jiff::{SignedDuration, Timestamp};
use node::{Node, ReadyOperation, ToPlace};
use replay::rehearsal::Simulated;
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::bindings::telephony::operation::types::{Setting, SettingValue};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::{Dial, PrivateAddresses};
use runtime::configuration::WrittenConfiguration;
use runtime::engine::{Engine, EngineSettings, Limits, Operation};
use runtime::secret::Secret;
use runtime::store::Stores;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::account::{account, contact_id, employees, event};
use crate::checks::Model;
use crate::plan::{Caller, Plan, What};
use crate::scenario::{HOURS, MOST_WAITED, STEPS, comes_back_from, first};
use crate::store::WorldStore;
use crate::summary::{Summary, Violation};
use crate::talks::{DAYS, WorldTalks};

/// A Monday, nine in the morning in Moscow.
const START: &str = "2026-11-23T06:00:00Z";
/// The access token of a world without OAuth. Nothing that a call shows may contain it.
pub(crate) const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.the-token-of-a-simulated-world";
/// The settings of the operation that ring deputies, ring whoever last answered, and show who calls.
const FORWARD_TO_DEPUTY: &str = "forward_to_deputy";
const PREFER_LAST_TALKED: &str = "prefer_last_talked";
const SHOW_CONTACT_NAME: &str = "show_contact_name";
/// What amoCRM allows in a second.
pub(crate) const BUDGET: u16 = 7;

/// The operations, the described one first, in an engine that never interrupts them, so that nothing depends on how busy the machine is.
fn operations() -> &'static (Operation, Description, Operation) {
    static LOADED: OnceLock<(Operation, Description, Operation)> = OnceLock::new();
    LOADED.get_or_init(|| {
        let limits = Limits { computing_time: Duration::MAX, ..Limits::default() };
        let settings =
            EngineSettings { count_instructions: false, pooled_calls: Some(256), limits, ..EngineSettings::default() };
        let engine = Engine::new(settings).expect("an engine");
        let [operation, hours] = [OPERATION, WORKING_HOURS].map(|bytes| engine.load(bytes).expect("it fits"));
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let description = runtime.block_on(operation.describe()).expect("it describes itself");
        (operation, description, hours)
    })
}

/// Carries a plan out.
pub(crate) fn run(plan: &Plan) -> Result<Summary, Violation> {
    // Loaded outside of any paused time.
    operations();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let mut world = World::begin(plan).await;
        world.live().await
    })
}

struct World<'a> {
    plan: &'a Plan,
    /// The host's wall clock, which jumps; amoCRM's does not.
    clock: Clock,
    true_time: Clock,
    simulator: Arc<Simulator>,
    store: Arc<WorldStore>,
    talks: Option<Arc<WorldTalks>>,
    /// Where the account is, as the configuration has it.
    address: String,
    enabled: bool,
    node: Option<Process>,
    model: Arc<Mutex<Model>>,
}

/// A process of the host.
struct Process {
    resolver: Resolver,
    calls: JoinSet<()>,
    keeping: Option<tokio::task::JoinHandle<()>>,
}

/// Who resolves its calls.
#[derive(Clone)]
enum Resolver {
    One(Box<ReadyOperation>, Option<Arc<WorldTalks>>),
    Scenario(Node, &'static str),
}

impl Resolver {
    async fn resolve(&self, call: IncomingCall, clock: &Clock) -> CallDocument {
        match self {
            Self::One(placed, talks) => {
                let mut world = placed.world(clock.clone());
                if let Some(talks) = talks {
                    world.directory = world.directory.with_talks(talks.clone());
                }
                placed.resolve_in(world, call, clock.now()).await
            }
            Self::Scenario(node, first) => {
                let first = node.revision().asked_for(Some(first)).expect("it is placed");
                Arc::unwrap_or_clone(node.resolve(&first, call).await.resolved)
            }
        }
    }
}

impl<'a> World<'a> {
    async fn begin(plan: &'a Plan) -> Self {
        let start: Timestamp = START.parse().expect("a time");
        let (clock, true_time) = (Clock::following(start), Clock::following(start));
        let simulated = true_time.clone();
        let simulator = Simulator::without_listeners(Options {
            account: account(plan),
            clock: Arc::new(move || simulated.now()),
            token: (!plan.oauth).then(|| TOKEN.to_owned()),
            oauth: plan.oauth.then(OAuthApp::demo),
            rate_limit: Some(RateLimit { per_second: u32::from(BUDGET), ..RateLimit::default() }),
            seed: plan.seed,
            ..Options::default()
        });
        let simulator = Arc::new(simulator.expect("the account holds together"));
        let address = simulator.base_url().to_owned();
        let talks = plan.prefers_last_talked.then(Arc::<WorldTalks>::default);
        let model = Model::new(plan, Arc::clone(&simulator), talks.clone(), clock.clone(), true_time.clone());
        let model = Arc::new(Mutex::new(model));
        let store = Arc::<WorldStore>::default();
        let mut world =
            Self { plan, clock, true_time, simulator, store, talks, address, enabled: true, node: None, model };
        world.start(true).await;
        world
    }

    async fn live(&mut self) -> Result<Summary, Violation> {
        for (number, happening) in self.plan.happenings.iter().enumerate() {
            sleep(happening.after).await;
            if let What::Call { caller, spelling } = &happening.what {
                self.call(number, *caller, *spelling);
            } else {
                self.happen(&happening.what).await;
            }
            self.broken()?;
        }
        if let Some(node) = &mut self.node {
            while let Some(ended) = node.calls.join_next().await {
                ended.expect("no call panics");
            }
        }
        self.broken()?;
        let mut summary = self.model().summary.clone();
        summary.requests = self.simulator.count();
        Ok(summary)
    }

    fn broken(&self) -> Result<(), Violation> {
        self.model().violation.clone().map_or(Ok(()), Err)
    }

    fn model(&self) -> std::sync::MutexGuard<'_, Model> {
        self.model.lock().expect("no panic")
    }

    fn call(&mut self, number: usize, caller: Caller, spelling: usize) {
        let before = self.model().before(number, caller, self.enabled, &self.store);
        let Some(node) = &mut self.node else { return };
        let (resolver, clock, model) = (node.resolver.clone(), self.clock.clone(), Arc::clone(&self.model));
        let (store, talks) = (Arc::clone(&self.store), self.talks.clone());
        let call = IncomingCall {
            id: format!("call-{number}"),
            caller: caller.presented(spelling).map(Into::into),
            called: "+74951234567".to_owned(),
            ..IncomingCall::default()
        };
        node.calls.spawn(async move {
            let began = Instant::now();
            let resolved = resolver.resolve(call.clone(), &clock).await;
            let left = comes_back_from(&resolved).filter(|_| number.is_multiple_of(2));
            let (back, left) = {
                let mut model = model.lock().expect("no panic");
                model.after(&before, &resolved, began.elapsed(), &store);
                if let Some(talks) = talks {
                    talks.answered(number, caller, &resolved, clock.now());
                }
                let Some(left) = left else { return };
                (model.comes_back(&before, left.clone(), &store), left)
            };
            // Nobody answered: the PBX asks what comes next, under the same call.
            let unanswered = Some(Unanswered { placement: left, endings: Vec::new() });
            let began = Instant::now();
            let resolved = resolver.resolve(IncomingCall { unanswered, ..call }, &clock).await;
            model.lock().expect("no panic").after(&back, &resolved, began.elapsed(), &store);
        });
        while node.calls.try_join_next().is_some() {}
    }

    async fn happen(&mut self, what: &What) {
        self.model().disturbed();
        match what {
            What::Call { .. } => {}
            What::Manager { contact, user } => {
                let id = contact_id(*contact);
                self.simulator.update(|account| {
                    account.contact_mut(id).expect("a contact").responsible_user_id = *user;
                });
                self.model().manager_changed(*contact, *user);
            }
            What::Faults(faults) => {
                let rules = faults.iter().map(|fault| fault.parse::<FaultRule>().expect("a fault"));
                self.simulator.set_faults(rules.collect());
            }
            What::ReadsFail(fail) => self.store.reads_fail.store(*fail, Ordering::Relaxed),
            What::WritesFail(fail) => self.store.writes_fail.store(*fail, Ordering::Relaxed),
            What::Crash { down, loses_last_second } => {
                self.crash().await;
                if *loses_last_second {
                    self.store.lose_last_second().await;
                    self.model().forgot_lately();
                }
                sleep(*down).await;
                self.start(false).await;
            }
            What::Jump { seconds } => self.clock.advance(SignedDuration::from_secs(*seconds)),
            What::Rename => {
                self.address = self.simulator.rename().await.expect("a name");
                // With OAuth the host finds the account by itself; else somebody writes the new address down.
                if !self.plan.oauth {
                    self.restart().await;
                }
            }
            What::Enabled(enabled) => {
                self.enabled = *enabled;
                self.restart().await;
            }
            What::Active(user) => {
                let at = self.true_time.now();
                let number = self.model().acted(*user, at);
                self.simulator.update(|account| account.events.push(event(number, *user, at)));
            }
        }
    }

    /// A process that comes back with the configuration as it is now. It takes longer than the second by which requests are counted.
    async fn restart(&mut self) {
        self.crash().await;
        sleep(Duration::from_millis(1_100)).await;
        self.start(false).await;
    }

    async fn crash(&mut self) {
        let Some(mut node) = self.node.take() else { return };
        if let Some(keeping) = &node.keeping {
            keeping.abort();
        }
        // A node's calls come to their end whoever drops them, so one with a scenario is stopped instead.
        match &node.resolver {
            Resolver::One(..) => node.calls.shutdown().await,
            Resolver::Scenario(..) => while node.calls.join_next().await.is_some() {},
        }
        self.model().crashed();
    }

    async fn start(&mut self, first: bool) {
        let stores = Stores::in_one(self.store.clone());
        let dial: Arc<dyn Dial> = Arc::new(Simulated(Arc::clone(&self.simulator)));
        let settings = self.settings();
        let integration = Integration::in_process(settings, stores, self.clock.clone(), &dial).expect("usable");
        let mut keeping = None;
        if let Some(keeper) = integration.keeper().cloned() {
            if first {
                let code = Secret::new(self.simulator.authorization_code().expect("with OAuth"));
                let account = self.address.parse().expect("an address");
                keeper.connect(Consented { code, account }).await.expect("a good code");
            }
            // A store that cannot be read leaves it without a grant for now.
            let _ = keeper.look().await;
            keeping = Some(tokio::spawn(async move { keeper.keep().await }));
        }
        let resolver = self.resolver(Arc::new(integration)).await;
        self.node = Some(Process { resolver, calls: JoinSet::new(), keeping });
    }

    async fn resolver(&self, integration: Arc<Integration>) -> Resolver {
        let (operation, description, hours) = operations();
        let (prefers, shows_names) = (if self.talks.is_some() { DAYS } else { 0 }, self.plan.shows_names);
        if !self.plan.scenario {
            let linked = "queue:sales".to_owned();
            let settings = [
                (FORWARD_TO_DEPUTY, SettingValue::Flag(self.plan.deputies)),
                (PREFER_LAST_TALKED, SettingValue::Integer(prefers.into())),
                (SHOW_CONTACT_NAME, SettingValue::Flag(shows_names)),
            ];
            let settings = settings.map(|(key, value)| Setting { key: key.to_owned(), value }).into();
            let placed = ReadyOperation::described(operation.clone(), description, integration, linked, settings);
            let placed = placed.expect("a configuration that suits the operation");
            return Resolver::One(Box::new(placed), self.talks.clone());
        }
        let mut node = Node::builder(self.clock.clone()).scenario_waiting_time(Some(MOST_WAITED));
        node = node.integration("world", integration);
        let everywhere = [(FORWARD_TO_DEPUTY, self.plan.deputies), (SHOW_CONTACT_NAME, shows_names)]
            .map(|(key, value)| (key, value.to_string()));
        let with_hours = self.plan.hours.then_some((&HOURS, hours, &[][..]));
        for (step, operation, common) in
            with_hours.into_iter().chain(STEPS.iter().map(|step| (step, operation, &everywhere[..])))
        {
            let common = common.iter().map(|(key, value)| (*key, value.as_str()));
            let settings = step.settings.iter().copied().chain(common);
            let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
            let to_place = ToPlace {
                id: step.id,
                integration: "world",
                exits: step.exits(),
                settings: settings.collect(),
                operation: operation.clone(),
            };
            node = node.place(to_place).await.expect("it fits");
        }
        Resolver::Scenario(node.build().expect("a scenario"), first(self.plan.hours))
    }

    fn settings(&self) -> IntegrationSettings {
        let account = self.address.parse().expect("an address");
        // Every name that the account may come to have.
        let names = (1..100).map(|number| format!("http://demo-{number}.amocrm.test"));
        let hosts = names.chain(["http://demo.amocrm.test".to_owned(), "http://api.amocrm.test".to_owned()]);
        let access = if self.plan.oauth {
            Access::OAuth(OAuthSettings {
                client_id: OAuthApp::DEMO_CLIENT_ID.to_owned(),
                client_secret: Secret::new(OAuthApp::DEMO_CLIENT_SECRET.to_owned()).into(),
                redirect_uri: OAuthApp::DEMO_REDIRECT_URI.to_owned(),
                platform: Platform::Amocrm,
                account: Some(account),
            })
        } else {
            Access::LongLived(LongLived {
                account,
                token: Secret::new(TOKEN.to_owned()),
                namespace: "world".to_owned(),
            })
        };
        let granted =
            if self.plan.oauth { hosts.map(|host| host.parse().expect("an origin")).collect() } else { Vec::new() };
        IntegrationSettings {
            enabled: self.enabled,
            configuration: WrittenConfiguration::from_iter([(
                "consider_manager_status",
                self.plan.considers_status.to_string(),
            )]),
            granted,
            private_addresses: PrivateAddresses::Granted,
            requests_per_second: BUDGET,
            ..IntegrationSettings::new("world", access, employees(self.plan.deputies))
        }
    }
}
