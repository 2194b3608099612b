//! What amoCRM and its pages report to the host over HTTP: what each report proves itself by, and what it does.
//!
//! | request | from | what it does |
//! |---|---|---|
//! | `POST /v1/integrations/{id}/presence`, `X-Auth-Token: …` | the widget in amoCRM's pages | notes that a user is at work ([`amocrm::presence`]) |
//! | `GET`, `POST /v1/integrations/{id}/widget`, `X-Auth-Token: …` | the same, its settings | shows and changes settings (`settings`) |
//! | `GET /v1/integrations/{id}/uninstalled?…` | amoCRM, signed | switches the integration off ([`amocrm::access::uninstall`]) |
//! | `POST /v1/integrations/{id}/manager-changed/{key}` | amoCRM's webhooks | drops what was kept of managers (`notice`) |
//!
//! Each proves itself: by a one-time token, by a signature, by a key in its address. Nothing is revealed to who cannot: an integration that
//! does not exist answers as one that has no such hook, with 404.

pub(crate) mod notice;
mod page;
mod presence;
mod routes;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use http::StatusCode;
use tracing::warn;

use crate::configuration::Configuration;
use crate::problem::Problem;
use crate::rate_limited::RateLimited;
use amocrm::access::Keeper;
use amocrm::integration::Integration;
use amocrm::presence::PresenceFeed;
use amocrm::widget_token::ClientKeys;
use call::one_line::on_one_line;
use node::{Node, Placement, Revision};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::http::OutboundHttp;

pub use routes::routes;

/// How much of a text from outside is worth a line of the log.
const LONGEST_NAME: usize = 128;

/// The hooks of all integrations of a node.
pub struct Webhooks {
    node: Node,
    refused: Arc<RateLimited>,
    configuration: Option<Arc<dyn Configuration>>,
}

/// An integration that a hook reports to, and the revision of the node that the report is taken in with.
pub(crate) struct Hooked {
    revision: Arc<Revision>,
    integration: Arc<Integration>,
}

/// What the routes of the hooks share.
#[derive(Clone)]
struct Routed {
    hooks: Arc<Webhooks>,
    body_timeout: Duration,
}

/// What is in the path; an integration whose name cannot be read is none.
fn named<T>(path: Result<Path<T>, PathRejection>) -> Result<T, Problem> {
    path.map(|Path(named)| named).map_err(|_| no_such_hook())
}

fn no_such_hook() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such hook")
}

impl Webhooks {
    /// Those of this node.
    pub fn new(node: Node) -> Self {
        Self { node, refused: Arc::new(RateLimited::new()), configuration: None }
    }

    /// The same, with what the widget's settings may change.
    pub(crate) fn with_configuration(self, configuration: Option<Arc<dyn Configuration>>) -> Self {
        Self { configuration, ..self }
    }

    /// What the widget's settings may change, where something can be changed.
    pub(crate) fn configuration(&self) -> Option<&Arc<dyn Configuration>> {
        self.configuration.as_ref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.node.clock()
    }

    /// Counts what a hook refused, and says so once a second at most: anybody may try.
    pub(crate) fn refused(&self, integration: &str, problem: Problem) -> Problem {
        if let Some(left_out) = self.refused.count(self.clock().now()) {
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

    /// The integration of this name, as it is now.
    pub(crate) fn of(&self, integration: &str) -> Option<Hooked> {
        let revision = self.node.revision();
        let integration = Arc::clone(revision.integrations().get(integration)?);
        Some(Hooked { revision, integration })
    }
}

impl Hooked {
    /// Where the widget of the integration reports presence, and what it proves itself by.
    pub(crate) fn presence(&self) -> Option<(PresenceFeed, ClientKeys)> {
        self.integration.presence_feed().zip(self.integration.settings().hook_keys().client)
    }

    /// Who is told that the integration was switched off in amoCRM, and how amoCRM is asked.
    pub(crate) fn keeper(&self) -> Option<(&Keeper, &OutboundHttp)> {
        Some((self.integration.keeper()?, self.integration.http()))
    }

    /// Who is told of a webhook that has this key in its address.
    pub(crate) fn told_of_webhook(&self, key: &str) -> Option<Vec<Arc<Placement>>> {
        let webhook = self.integration.settings().webhook_key.as_ref()?;
        notice::is_key(key, webhook).then(|| {
            let placements = self.revision.placements().iter();
            placements.filter(|placement| Arc::ptr_eq(placement.integration(), &self.integration)).cloned().collect()
        })
    }
}
