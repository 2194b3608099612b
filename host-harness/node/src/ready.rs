//! An operation that is ready for calls: a component at one place of a call scenario, with its settings, its exits, its integration and what it
//! reads of the integration's configuration.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Misfit;
use amocrm::integration::{Integration, Misconfigured};
use call::document::CallRecord;
use call::scenario::Exits;
use call::{CallDocument, IncomingCall};
use runtime::bindings::attentive::exports::telephony::operation::notices::Notice;
use runtime::bindings::exports::telephony::operation::operation::Description;
use runtime::bindings::telephony::operation::types::{Note, Setting};
use runtime::capabilities::clocks::Clock;
use runtime::configuration::ReadConfiguration;
use runtime::configured::ConfiguredOperation;
use runtime::engine::{Failure, Operation, World};

/// A configured operation with its integration: ready for calls.
#[derive(Clone)]
pub struct ReadyOperation {
    configured: ConfiguredOperation,
    integration: Arc<Integration>,
    configuration: Arc<ReadConfiguration>,
}

impl ReadyOperation {
    /// Places an operation. The settings are those that differ from the described defaults; they are not judged here, the operation does that
    /// itself. (A face that takes settings from people judges them first with [`runtime::settings::read_settings`].)
    ///
    /// Fails when the operation cannot describe itself, or would not accept the integration's configuration.
    pub async fn new(
        operation: Operation,
        integration: Arc<Integration>,
        exits: impl Into<Exits>,
        settings: Vec<Setting>,
    ) -> Result<Self, Misfit> {
        let description = operation.describe().await.map_err(Misfit::Undescribed)?;
        Ok(Self::described(operation, &description, integration, exits, settings)?)
    }

    /// Places an operation that has described itself already. Fails where it would not accept the integration's configuration.
    pub fn described(
        operation: Operation,
        description: &Description,
        integration: Arc<Integration>,
        exits: impl Into<Exits>,
        settings: Vec<Setting>,
    ) -> Result<Self, Misconfigured> {
        let configuration = integration.configuration(description)?;
        let configured = ConfiguredOperation::new(operation, description, exits, settings);
        Ok(Self::new_with(configured, integration, configuration))
    }

    /// One whose configuration was judged already.
    pub(super) fn new_with(
        configured: ConfiguredOperation,
        integration: Arc<Integration>,
        configuration: ReadConfiguration,
    ) -> Self {
        let configured = configured.with_locale(integration.locale().clone());
        Self { configured, integration, configuration: Arc::new(configuration) }
    }

    /// The same with a configuration of which the operation itself is to be the judge.
    #[must_use]
    pub fn with_configuration(self, configuration: ReadConfiguration) -> Self {
        Self { configuration: Arc::new(configuration), ..self }
    }

    /// The same with the same component in another engine.
    pub fn with_operation(&self, operation: Operation) -> Self {
        Self { configured: self.configured.with_operation(operation), ..self.clone() }
    }

    /// The same with a waiting time of at most `most`, but not less than any operation may have.
    #[must_use]
    pub fn waiting_at_most(&self, most: Duration) -> Self {
        Self { configured: self.configured.waiting_at_most(most), ..self.clone() }
    }

    /// The same without its integration.
    pub const fn configured(&self) -> &ConfiguredOperation {
        &self.configured
    }

    /// The integration that it belongs to.
    pub const fn integration(&self) -> &Arc<Integration> {
        &self.integration
    }

    /// What it reads of the integration's configuration.
    pub fn configuration(&self) -> &ReadConfiguration {
        &self.configuration
    }

    /// What one call of it is granted.
    pub fn world(&self, clock: Clock) -> World {
        self.integration.world(clock, &self.configuration)
    }

    /// The component.
    pub const fn operation(&self) -> &Operation {
        self.configured.operation()
    }

    /// The waiting time in force.
    pub const fn waiting_time(&self) -> Duration {
        self.configured.waiting_time()
    }

    /// Resolves one call. There is always a route.
    pub async fn resolve(&self, call: IncomingCall, clock: &Clock) -> CallDocument {
        self.resolve_in(self.world(clock.clone()), call, clock.now()).await
    }

    /// Resolves one call that arrived at `at`, with another world than the integration's own.
    pub async fn resolve_in(&self, world: World, call: IncomingCall, at: Timestamp) -> CallDocument {
        self.configured.resolve_in(world, call, at).await
    }

    /// The record of a call during which the host itself failed: it goes to the linked operation.
    pub fn host_failed(&self, call: &IncomingCall, clock: &Clock) -> CallDocument {
        self.configured.host_failed(CallRecord::new(call, clock.now()))
    }

    /// Passes a notice from outside on to the operation. `None` where the operation takes none.
    pub async fn notify(&self, notice: &Notice, clock: &Clock) -> Option<Result<Vec<Note>, Failure>> {
        self.operation().notify(self.world(clock.clone()), notice).await
    }
}
