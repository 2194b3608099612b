//! What amoCRM and its pages report to the host over HTTP, ready to be mounted on a server: a request goes in, a response comes out.
//!
//! | request | from | what it does |
//! |---|---|---|
//! | `POST /v1/integrations/{id}/presence`, `X-Auth-Token: …` | the widget in amoCRM's pages | notes that a user is at work ([`presence`]) |
//! | `GET /v1/integrations/{id}/uninstalled?…` | amoCRM, signed | switches the integration off ([`crate::access::uninstall`]) |
//! | `POST /v1/integrations/{id}/manager-changed/{key}` | amoCRM's webhook | drops the kept manager ([`manager_changed`]) |
//!
//! Each proves itself: by a one-time token, by a signature, by a key in its address. Nothing is revealed to who cannot: an integration that
//! does not exist answers as one that has no such hook, with 404.

pub mod manager_changed;
pub mod once;
pub mod presence;
pub mod widget_token;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::access::uninstall;
use crate::capabilities::clocks::Clock;
use crate::integration::{Integration, IntegrationSettings};
use crate::node::{Node, Step};
use crate::secret::Secret;
use widget_token::ClientKeys;

/// What the hooks of one integration prove themselves by. Without a key there is no such hook.
#[derive(Clone, Debug, Default)]
pub struct HookKeys {
    /// What amoCRM signs the widget's one-time tokens with.
    pub client: Option<ClientKeys>,
    /// The last part of the webhook's address.
    pub webhook: Option<Secret>,
}

/// The hooks of all integrations.
pub struct Hooks {
    clock: Clock,
    integrations: BTreeMap<String, Hooked>,
}

struct Hooked {
    keys: HookKeys,
    integration: Arc<Integration>,
    operations: Vec<Arc<Step>>,
}

impl Hooks {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, integrations: BTreeMap::new() }
    }

    /// Those of a node whose integrations are set up like this.
    pub fn of(node: &Node, integrations: &[IntegrationSettings]) -> Self {
        let mut hooks = Self::new(node.clock().clone());
        for settings in integrations {
            let Some(integration) = node.integrations().get(settings.id.as_str()) else { continue };
            let steps = node.steps().iter().filter(|step| step.integration_id() == settings.id);
            hooks.add(settings.id.as_str(), settings.hook_keys(), Arc::clone(integration), steps.cloned().collect());
        }
        hooks
    }

    /// Adds an integration and the operations that are placed with it.
    pub fn add(
        &mut self,
        id: impl Into<String>,
        keys: HookKeys,
        integration: Arc<Integration>,
        operations: Vec<Arc<Step>>,
    ) {
        self.integrations.insert(id.into(), Hooked { keys, integration, operations });
    }

    /// Answers a request. The body is whole, and the server that read it has bounded it.
    pub async fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let nothing_here = || refuse(StatusCode::NOT_FOUND, "there is no such hook");
        let parts: Vec<&str> = request.uri().path().split('/').skip(1).collect();
        let ["v1", "integrations", id, hook @ ..] = parts.as_slice() else { return nothing_here() };
        let id = percent_decode_str(id).decode_utf8_lossy();
        let Some(Hooked { keys, integration, operations }) = self.integrations.get(id.as_ref()) else {
            return nothing_here();
        };
        match hook {
            ["presence"] => match (&keys.client, integration.presence_feed()) {
                (Some(client), Some(feed)) => feed.answer(client, &self.clock, request).await,
                _ => nothing_here(),
            },
            ["uninstalled"] => match integration.keeper() {
                Some(keeper) => uninstall::answer(keeper, request).await.map(Bytes::from),
                None => nothing_here(),
            },
            ["manager-changed", key] => match &keys.webhook {
                Some(webhook) if manager_changed::is_key(key, webhook) => {
                    manager_changed::tell(operations, &self.clock, request).await
                }
                _ => nothing_here(),
            },
            _ => nothing_here(),
        }
    }
}

/// A response without a body.
fn answer(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// A refusal that says why, as a problem document (RFC 9457).
fn refuse(status: StatusCode, detail: &str) -> Response<Bytes> {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = json!({"title": title, "status": status.as_u16(), "detail": detail});
    let mut response = Response::new(Bytes::from(problem.to_string()));
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
