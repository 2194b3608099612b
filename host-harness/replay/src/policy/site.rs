//! Where a case takes place: a PBX with the placed operations, a simulated amoCRM, a store in memory and a clock that stands still.

use std::collections::BTreeMap;
use std::sync::Arc;

use amocrm_simulator::{Account, Options, Simulator};
use jiff::Timestamp;

use super::expect::Expectation;
use super::scenario::Scenario;
use super::script::Step;
use crate::demo;
use amocrm::integration::{Integration, IntegrationSettings, Misconfigured};
use call::one_line::one_line;
use call::{CallDocument, IncomingCall, WholeNumber};
use node::{Misfit, Node, NotPlaced, ToPlace, Version};
use runtime::bindings::exports::telephony::operation::operation::{Description, SettingKind};
use runtime::bindings::telephony::operation::types::ReasonClass;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::Employee;
use runtime::configuration::WrittenConfiguration;
use runtime::engine::Operation;
use runtime::secret::Secret;
use runtime::store::Stores;

/// The identifier of the integration with the simulated amoCRM.
const INTEGRATION: &str = "demo";

/// A case's surroundings; its fields are changed between calls.
pub(super) struct Site {
    pub(super) simulator: Simulator,
    pub(super) clock: Clock,
    pub(super) integration: IntegrationSettings,
    stores: Stores,
    /// The component of each placed operation, in the order of the scenario.
    operations: Vec<Operation>,
}

impl Site {
    /// Starts the simulated amoCRM with this account, whose events are reckoned from the start.
    pub(super) async fn build(
        start: Timestamp,
        account: Account,
        employees: Vec<(u64, Employee)>,
        operations: Vec<Operation>,
    ) -> Result<Self, String> {
        let clock = Clock::frozen_at(start);
        let simulated = clock.clone();
        let options = Options { account, clock: Arc::new(move || simulated.now()), ..Options::default() };
        let simulator = Simulator::start(options)
            .await
            .map_err(|error| format!("  the simulated amoCRM cannot start: {error:#}"))?;
        let address = simulator.base_url().parse().map_err(|error| format!("  the simulated amoCRM: {error}"))?;
        let integration = demo::integration(address, employees);
        Ok(Self { simulator, clock, integration, stores: Stores::in_memory(), operations })
    }

    /// Resolves a call; an empty caller is a withheld one.
    ///
    /// Its configuration is judged as that of a file is, unless the call is to be refused for it: then the operation is the judge.
    pub(super) async fn call(&self, scenario: &Scenario, step: &Step) -> Result<CallDocument, String> {
        let mut descriptions = Vec::new();
        for operation in &self.operations {
            descriptions.push(operation.describe().await.map_err(|failure| format!("  {failure}"))?);
        }
        let written = configuration(&descriptions, &step.integration.keys);
        let is_judged = !is_to_be_refused(step, &descriptions);
        let configuration = if is_judged { written.clone() } else { WrittenConfiguration::default() };
        let integration =
            Integration::new(IntegrationSettings { configuration, ..self.integration.clone() }, self.stores.clone())
                .map_err(|error| format!("  {error}"))?;
        integration.refuse_unread_keys(&descriptions).map_err(|wrong| of_integration(&wrong))?;
        let mut node = Node::builder(self.clock.clone())
            .scenario_waiting_time(scenario.waiting_time)
            .integration(INTEGRATION, Arc::new(integration));
        for (placed, operation) in scenario.placed.iter().zip(&self.operations) {
            let settings = if scenario.is_written { &placed.settings } else { &step.settings };
            let to_place = ToPlace {
                id: &placed.id,
                integration: INTEGRATION,
                exits: placed.exits(),
                settings: settings.clone(),
                operation: operation.clone(),
            };
            node = node.place(to_place).await.map_err(|error| not_placed(scenario, &placed.id, &error))?;
        }
        if !is_judged {
            for placement in node.placements() {
                let Version { placed, description } = &*placement.active();
                let placed = placed.clone().with_configuration(written.unjudged(description));
                placement.activate(Version { placed, description: description.clone() });
            }
        }
        let node = node.build().map_err(|fault| format!("  call.toml: [[operation]]: {fault}"))?;
        let first = node.revision().first().ok_or("  call.toml: there is no operation")?;
        let caller = Some(step.caller.as_str()).filter(|caller| !caller.is_empty()).map(WholeNumber::new);
        let call =
            IncomingCall { id: "call-1".to_owned(), caller, called: step.called.clone(), ..IncomingCall::default() };
        Ok(Arc::unwrap_or_clone(node.resolve(&first, call).await.resolved))
    }
}

fn of_integration(Misconfigured { error, .. }: &Misconfigured) -> String {
    format!("  call.toml: [integration]: {error}")
}

fn not_placed(scenario: &Scenario, id: &str, error: &NotPlaced) -> String {
    match error {
        NotPlaced::Misfit(Misfit::Configuration(wrong)) => of_integration(wrong),
        error if scenario.is_written => format!("  call.toml: [[operation]] `{}`: {error}", one_line(id)),
        error => format!("  call.toml: [settings]: {error}"),
    }
}

/// Whether the case expects that the call is refused for its configuration.
fn is_to_be_refused(step: &Step, descriptions: &[Description]) -> bool {
    let mut expected = step.expect.iter().flat_map(Expectation::reasons);
    let reasons = descriptions.iter().flat_map(|description| &description.reasons);
    let refusals: Vec<_> = reasons.filter(|reason| reason.class == ReasonClass::Configuration).collect();
    expected.any(|expected| refusals.iter().any(|reason| reason.code == expected))
}

/// The keys of a case as the operations describe them. A case holds no real secret, so what takes the place of one is written there.
fn configuration(descriptions: &[Description], keys: &BTreeMap<String, String>) -> WrittenConfiguration {
    let is_secret = |key: &str| {
        let described = descriptions.iter().flat_map(|description| &description.configuration);
        let mut described = described.filter(|described| described.key == key);
        described.any(|described| matches!(&described.kind, SettingKind::Text(text) if text.secret))
    };
    let mut written = WrittenConfiguration::default();
    for (key, value) in keys {
        if is_secret(key) {
            written.set_secret(key, Secret::new(value.clone()));
        } else {
            written.set(key, value);
        }
    }
    written
}
