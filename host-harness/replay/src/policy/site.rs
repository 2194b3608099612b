//! Where a case takes place: a PBX with the operation at one place, a simulated amoCRM, a store in memory and a clock that stands still.

use std::collections::BTreeMap;
use std::sync::Arc;

use amocrm_simulator::{Account, Options, Simulator};
use jiff::Timestamp;

use crate::demo;
use amocrm::integration::{Integration, IntegrationSettings};
use call::{CallDocument, IncomingCall, WholeNumber};
use node::PlacedOperation;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::Employee;
use runtime::engine::Operation;
use runtime::settings::read_settings;
use runtime::store::{KeyValueStore, MemoryStore};

/// A case's surroundings; its fields are changed between calls.
pub(super) struct Site {
    pub(super) simulator: Simulator,
    pub(super) clock: Clock,
    pub(super) integration: IntegrationSettings,
    store: Arc<dyn KeyValueStore>,
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
        Ok(Self { simulator, clock, integration, store: Arc::new(MemoryStore::new()), operation })
    }

    /// Resolves a call; an empty caller is a withheld one.
    pub(super) async fn call(
        &self,
        caller: &str,
        called: String,
        settings: &BTreeMap<String, String>,
    ) -> Result<CallDocument, String> {
        let description = self.operation.describe().await.map_err(|failure| format!("  {failure}"))?;
        let settings =
            read_settings(&description, settings).map_err(|error| format!("  call.toml: [settings]: {error}"))?;
        let integration = Integration::new(self.integration.clone(), Arc::clone(&self.store))
            .map_err(|error| format!("  {error}"))?;
        let placed = PlacedOperation::described(
            self.operation.clone(),
            &description,
            Arc::new(integration),
            demo::LINKED_OPERATION.to_owned(),
            settings,
        );
        let caller = Some(caller).filter(|caller| !caller.is_empty()).map(WholeNumber::new);
        let call = IncomingCall { id: "call-1".to_owned(), caller, called };
        Ok(placed.resolve(call, &self.clock).await)
    }
}
