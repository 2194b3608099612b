//! Where a case takes place: a PBX with the operation at one place, a simulated amoCRM, a store in memory and a clock that stands still.

use std::collections::BTreeMap;
use std::sync::Arc;

use amocrm_simulator::{Account, Options, Simulator};
use jiff::Timestamp;

use super::expect::Expectation;
use super::script::Step;
use crate::demo;
use amocrm::integration::{Integration, IntegrationSettings, Misconfigured};
use call::{CallDocument, IncomingCall, WholeNumber};
use node::ReadyOperation;
use runtime::bindings::exports::telephony::operation::operation::{Description, ReasonDescription, SettingKind};
use runtime::bindings::telephony::operation::types::ReasonClass;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::Employee;
use runtime::configuration::WrittenConfiguration;
use runtime::engine::Operation;
use runtime::secret::Secret;
use runtime::settings::read_settings;
use runtime::store::Stores;

/// A case's surroundings; its fields are changed between calls.
pub(super) struct Site {
    pub(super) simulator: Simulator,
    pub(super) clock: Clock,
    pub(super) integration: IntegrationSettings,
    stores: Stores,
    operation: Operation,
}

impl Site {
    /// Starts the simulated amoCRM with this account, whose events are reckoned from the start.
    pub(super) async fn build(
        start: Timestamp,
        account: Account,
        employees: Vec<(u64, Employee)>,
        operation: Operation,
    ) -> Result<Self, String> {
        let clock = Clock::frozen_at(start);
        let simulated = clock.clone();
        let options = Options { account, clock: Arc::new(move || simulated.now()), ..Options::default() };
        let simulator = Simulator::start(options)
            .await
            .map_err(|error| format!("  the simulated amoCRM cannot start: {error:#}"))?;
        let address = simulator.base_url().parse().map_err(|error| format!("  the simulated amoCRM: {error}"))?;
        let integration = demo::integration(address, employees);
        Ok(Self { simulator, clock, integration, stores: Stores::in_memory(), operation })
    }

    /// Resolves a call; an empty caller is a withheld one.
    ///
    /// Its configuration is judged as that of a file is, unless the call is to be refused for it: then the operation is the judge.
    pub(super) async fn call(&self, step: &Step) -> Result<CallDocument, String> {
        let description = self.operation.describe().await.map_err(|failure| format!("  {failure}"))?;
        let settings =
            read_settings(&description, &step.settings).map_err(|error| format!("  call.toml: [settings]: {error}"))?;
        let written = configuration(&description, &step.integration.keys);
        let unjudged = is_to_be_refused(step, &description).then(|| written.unjudged(&description));
        let configuration = if unjudged.is_none() { written } else { WrittenConfiguration::default() };
        let integration =
            Integration::new(IntegrationSettings { configuration, ..self.integration.clone() }, self.stores.clone())
                .map_err(|error| format!("  {error}"))?;
        let wrong = |Misconfigured { error, .. }| format!("  call.toml: [integration]: {error}");
        integration.refuse_unread_keys([&description]).map_err(wrong)?;
        let mut placed = ReadyOperation::described(
            self.operation.clone(),
            &description,
            Arc::new(integration),
            demo::LINKED_OPERATION.to_owned(),
            settings,
        )
        .map_err(wrong)?;
        if let Some(unjudged) = unjudged {
            placed = placed.with_configuration(unjudged);
        }
        let caller = Some(step.caller.as_str()).filter(|caller| !caller.is_empty()).map(WholeNumber::new);
        let call =
            IncomingCall { id: "call-1".to_owned(), caller, called: step.called.clone(), ..IncomingCall::default() };
        Ok(placed.resolve(call, &self.clock).await)
    }
}

/// Whether the case expects that the call is refused for its configuration.
fn is_to_be_refused(step: &Step, description: &Description) -> bool {
    let expected = step.expect.as_ref().and_then(Expectation::reason);
    let is_it = |reason: &ReasonDescription| {
        reason.class == ReasonClass::Configuration && Some(reason.code.as_str()) == expected
    };
    description.reasons.iter().any(is_it)
}

/// The keys of a case as the operation describes them. A case holds no real secret, so what takes the place of one is written there.
fn configuration(description: &Description, keys: &BTreeMap<String, String>) -> WrittenConfiguration {
    let is_secret = |key: &str| {
        let described = description.configuration.iter().find(|described| described.key == key);
        described.is_some_and(|described| matches!(&described.kind, SettingKind::Text(text) if text.secret))
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
