//! What amoCRM and its pages report to the host over HTTP: what each report proves itself by, and what it does.
//!
//! | request | from | what it does |
//! |---|---|---|
//! | `POST /v1/integrations/{id}/presence`, `X-Auth-Token: …` | the widget in amoCRM's pages | notes that a user is at work ([`amocrm::presence`]) |
//! | `GET /v1/integrations/{id}/uninstalled?…` | amoCRM, signed | switches the integration off ([`amocrm::access::uninstall`]) |
//! | `POST /v1/integrations/{id}/manager-changed/{key}` | amoCRM's webhooks | drops what was kept of managers (`notice`) |
//!
//! Each proves itself: by a one-time token, by a signature, by a key in its address. Nothing is revealed to who cannot: an integration that
//! does not exist answers as one that has no such hook, with 404.

mod notice;
mod routes;

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::warn;

use crate::problem::Problem;
use crate::rate_limited::RateLimited;
use amocrm::access::Keeper;
use amocrm::integration::{Integration, IntegrationSettings, WebhookKeys};
use amocrm::presence::PresenceFeed;
use amocrm::widget_token::ClientKeys;
use call::one_line::on_one_line;
use node::{Node, Placement};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::OutboundHttp;

pub use routes::routes;

/// How much of a text from outside is worth a line of the log.
const LONGEST_NAME: usize = 128;

/// The hooks of all integrations.
pub struct Webhooks {
    pub(crate) clock: Clock,
    refused: Arc<RateLimited>,
    integrations: BTreeMap<String, Hooked>,
}

struct Hooked {
    keys: WebhookKeys,
    integration: Arc<Integration>,
    operations: Vec<Arc<Placement>>,
}

impl Webhooks {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, refused: Arc::new(RateLimited::new()), integrations: BTreeMap::new() }
    }

    /// Those of a node whose integrations are set up like this.
    pub fn of(node: &Node, integrations: &[IntegrationSettings]) -> Self {
        let mut hooks = Self::new(node.clock().clone());
        for settings in integrations {
            let Some(integration) = node.integrations().get(settings.id.as_str()) else { continue };
            let placements = node.placements().iter().filter(|placement| placement.integration_id() == settings.id);
            hooks.add(
                settings.id.as_str(),
                settings.hook_keys(),
                Arc::clone(integration),
                placements.cloned().collect(),
            );
        }
        hooks
    }

    /// Adds an integration and the operations that are placed with it.
    pub fn add(
        &mut self,
        id: impl Into<String>,
        keys: WebhookKeys,
        integration: Arc<Integration>,
        operations: Vec<Arc<Placement>>,
    ) {
        self.integrations.insert(id.into(), Hooked { keys, integration, operations });
    }

    /// Counts what a hook refused, and says so once a second at most: anybody may try.
    pub(crate) fn refused(&self, integration: &str, problem: Problem) -> Problem {
        if let Some(left_out) = self.refused.count(self.clock.now()) {
            let integration = on_one_line(integration, LONGEST_NAME);
            let (status, why) = (problem.status, on_one_line(&problem.detail, LONGEST_NAME));
            warn!(integration, status, why, left_out, "a hook refused what it was sent");
        }
        problem
    }

    /// How many requests the hooks refused.
    pub(crate) fn count(&self) -> Arc<RateLimited> {
        Arc::clone(&self.refused)
    }

    /// Where the widget of an integration reports presence, and what it proves itself by.
    pub(crate) fn presence(&self, integration: &str) -> Option<(PresenceFeed, &ClientKeys)> {
        let hooked = self.integrations.get(integration)?;
        hooked.integration.presence_feed().zip(hooked.keys.client.as_ref())
    }

    /// Who is told that an integration was switched off in amoCRM, and how amoCRM is asked.
    pub(crate) fn keeper(&self, integration: &str) -> Option<(&Keeper, &OutboundHttp)> {
        let integration = &self.integrations.get(integration)?.integration;
        Some((integration.keeper()?, integration.http()))
    }

    /// Who is told of a webhook that has this key in its address.
    pub(crate) fn told_of_webhook(&self, integration: &str, key: &str) -> Option<&[Arc<Placement>]> {
        let hooked = self.integrations.get(integration)?;
        let webhook = hooked.keys.webhook.as_ref()?;
        notice::is_key(key, webhook).then_some(hooked.operations.as_slice())
    }
}
