//! The server: the face that PBXs talk to, over HTTP. It translates and decides nothing.
//!
//! | route | who may | what it does |
//! |---|---|---|
//! | `GET /livez`, `GET /readyz` | anybody | whether the process lives; whether it takes calls |
//! | `GET /openapi.json` | anybody | the server's own description |
//! | `POST /v1/resolve-call` | `pbx` | a call in, its route out: always 200 ([`resolve`]) |
//! | `GET /v1/operations`, `GET /v1/operations/{id}` | `viewer` | the placed operations |
//! | `/v1/components…`, `/v1/operations/{id}/component`, `…/rollback`, `…/shadow` | `viewer`; `manager` to change | versions ([`components`]) |
//! | `/v1/configuration`, `/v1/integrations…`, `/v1/changes…` | `viewer`; `manager` to change | the configuration ([`configuration`]) |
//! | `/v1/integrations/{id}/connection…` | `manager` | connecting to amoCRM in the browser (`connecting`) |
//! | `GET /v1/oauth/callback` | the answer's own proof | amoCRM's answer to that |
//! | `/v1/integrations/{id}/audits…` | `viewer`; `manager` to begin one | audits (`audits`) |
//! | `GET /v1/state` | `viewer` | how the node and its integrations stand |
//! | `/v1/session` | who has a token, a session | logging in and out ([`login`], [`sessions`]) |
//! | `GET /v1/tokens` | `manager` | who has a token ([`tokens`]) |
//! | `/v1/integrations/{id}/…` | the hook's own proof | what amoCRM reports ([`crate::webhooks`]) |
//!
//! Who sends a request is found out by [`proof`]; what they may do, by [`scope`]. A server is put together by [`Server::builder`], which also
//! takes routes, sections of the state and work at the stop from others.
//! Everything is bounded: connections, calls at once, the time for a request's head and body, the body's length, and the stop itself
//! ([`connections`]).
//!
//! The crate may use the node and what is below it; where a call goes, the operation says.
//!
//! ```no_run
//! use node::Node;
//! use runtime::capabilities::clocks::Clock;
//! use runtime::store::Stores;
//! use server::{Server, ServerSettings};
//!
//! # async fn serve(settings: ServerSettings) -> anyhow::Result<()> {
//! let node = Node::builder(Clock::system());
//! let server = Server::builder(node, Stores::in_memory(), settings).metrics().page().bind().await?;
//! println!("listening on http://{}", server.address()?);
//! server.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

pub mod calls;
pub mod components;
pub mod configuration;
pub mod connections;
pub mod fastagi;
pub mod guarded;
pub mod identity;
pub mod login;
pub mod metrics;
pub mod operations;
pub mod outcomes;
pub mod page;
pub mod pbx;
pub mod problem;
pub mod proof;
pub mod resolve;
pub mod scope;
pub mod sessions;
pub mod settings;
pub mod state;
pub mod tls;
pub mod tokens;
pub mod webhooks;

mod audits;
mod authenticated;
mod body;
mod builder;
mod connecting;
mod health;
mod json;
mod keepers;
mod manners;
mod openapi;
mod pointer;
mod query;
mod rate_limited;
mod refusals;
mod repeated;
mod state_directory;
mod widget_archive;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use builder::Added;
use call::Localized;
use connections::table::Table;
use fastagi::FastAgi;
use node::call_details::CallDetails;
use node::observe::metrics::Metrics;
use node::versions::Versions;
use node::{Node, NodeBuilder};
use rate_limited::RateLimited;
use runtime::store::Stores;
use state_directory::StateDirectory;
use tls::Tls;
use webhooks::Webhooks;

pub use builder::{Ending, Section, ServerBuilder};
pub use identity::Identity;
pub use keepers::look_at_tokens;
pub use pointer::escaped;
pub use proof::Guard;
pub use settings::ServerSettings;

/// How often the server looks at what changes by itself: tokens that expire, and a certificate that is renewed.
const LOOK_AFTER: Duration = Duration::from_secs(60);
/// How much longer than the longest waiting time the stop waits for calls.
const STOP_MARGIN: Duration = Duration::from_secs(2);

/// What the routes share.
pub(crate) struct Shared {
    pub(crate) node: Node,
    pub(crate) settings: ServerSettings,
    pub(crate) guard: Arc<Guard>,
    pub(crate) stores: Stores,
    /// How many more calls may be resolved at once.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) connections: Arc<Table>,
    pub(crate) fastagi_connections: Arc<Table>,
    pub(crate) refused_by_hooks: Arc<RateLimited>,
    /// What those were told who asked whether the server is ready.
    pub(crate) store_failures: RateLimited,
    pub(crate) stopping: AtomicBool,
    pub(crate) started_at: Timestamp,
    pub(crate) state_directory: Option<StateDirectory>,
    pub(crate) tls: Option<Arc<Tls>>,
    sections: Vec<(&'static str, Section)>,
}

impl Shared {
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// A server that listens, and does not answer before [`run`](Self::run).
pub struct Server {
    listener: TcpListener,
    fastagi: Option<FastAgi>,
    assembled: Assembled,
}

/// A server without its listeners.
struct Assembled {
    router: Router,
    shared: Arc<Shared>,
    call_details: Option<CallDetails>,
    versions: Option<Arc<Versions>>,
    warnings: Vec<Localized>,
    at_stop: Vec<Ending>,
}

impl Server {
    /// Begins to put a server together that resolves the calls of this node, which keeps its values in these stores.
    pub fn builder(node: NodeBuilder, stores: Stores, settings: ServerSettings) -> ServerBuilder {
        ServerBuilder::new(node, stores, settings)
    }

    /// Where it listens for HTTP.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where it listens for FastAGI, if it does.
    pub fn fastagi_address(&self) -> Option<std::io::Result<SocketAddr>> {
        self.fastagi.as_ref().map(FastAgi::address)
    }

    /// The node whose calls it resolves.
    pub fn node(&self) -> &Node {
        &self.assembled.shared.node
    }

    /// The versions of its components, where they may be changed.
    pub const fn versions(&self) -> Option<&Arc<Versions>> {
        self.assembled.versions.as_ref()
    }

    /// What is not as it was when the last server stopped, a line each: components that are no longer in force, and why.
    pub fn warnings(&self) -> &[Localized] {
        &self.assembled.warnings
    }

    /// Who may use the server, for those who change that while it runs.
    pub fn guard(&self) -> &Arc<Guard> {
        &self.assembled.shared.guard
    }

    /// The certificate with which it speaks TLS, where it does, for those who renew it while it runs.
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.assembled.shared.tls.as_ref()
    }

    /// Answers until `stop`, then ends well: nothing new is accepted, the calls in flight are answered, and what is to be kept is written.
    /// It waits for calls no longer than any may take, and then for what was added with [`ServerBuilder::at_stop`].
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, fastagi, assembled: Assembled { router, shared, versions, call_details, at_stop, .. } } =
            self;
        // A version that is put in force while the server runs may have another waiting time.
        let longest = || longest_stop(&shared);
        let ended = CancellationToken::new();
        let _gone = ended.clone().drop_guard();
        let keeping = tokio::spawn(keepers::keep(shared.node.clone(), ended.clone()));
        if let Some(versions) = versions {
            tokio::spawn(versions.follow(ended.clone()));
        }
        if let Some(details) = call_details {
            tokio::spawn(details.take_passed_on(ended.clone()));
        }
        let stopping = CancellationToken::new();
        let http = connections::serve(listener, router, &shared, longest, stopping.cancelled());
        let asterisk = async {
            if let Some(fastagi) = fastagi {
                fastagi.run(stopping.cancelled()).await;
            }
        };
        let told = async {
            stop.await;
            stopping.cancel();
        };
        let looked_after = async {
            while !stopping.is_cancelled() {
                shared.guard.warn_of_expiry();
                if let Some(tls) = &shared.tls {
                    tls.look().await;
                }
                // Elapsed, or stopping.
                let _ = tokio::time::timeout(LOOK_AFTER, stopping.cancelled()).await;
            }
        };
        tokio::join!(http, asterisk, told, looked_after);
        for ending in at_stop {
            ending.await;
        }
        // A refresh that has begun is waited for: with its answer a refresh token would be lost.
        ended.cancel();
        if tokio::time::timeout(longest(), keeping).await.is_err() {
            tracing::warn!("a refresh of tokens did not end in time");
        }
    }

    /// How long calls are waited for at the stop, at most, were it now.
    pub fn longest_stop(&self) -> Duration {
        longest_stop(&self.assembled.shared)
    }
}

/// Said where there is nothing to serve.
pub fn no_operation() -> Localized {
    Localized::new(
        "нет операции, которая принимала бы звонки; добавьте в файл настроек `[[operation]]` с `linked_operation`",
        "there is no operation to serve; add `[[operation]]` with `linked_operation` to the configuration",
    )
}

impl Assembled {
    fn new(node: Node, stores: Stores, settings: ServerSettings, added: Added) -> anyhow::Result<Self> {
        if node.revision().placements().is_empty() {
            return Err(no_operation().into());
        }
        let guard = Guard::new(&settings, node.clock().clone())?;
        let webhooks = Webhooks::new(node.clone()).with_configuration(added.configuration.clone());
        let shared = Arc::new(Shared {
            started_at: node.clock().now(),
            room: Arc::new(Semaphore::new(settings.max_calls)),
            connections: Table::new(settings.connections()),
            fastagi_connections: Table::new(settings.fastagi_connections()),
            store_failures: RateLimited::new(),
            refused_by_hooks: webhooks.count(),
            stopping: AtomicBool::new(false),
            sections: added.sections,
            state_directory: added.state_directory.map(StateDirectory::new),
            node,
            settings,
            guard: Arc::new(guard),
            tls: added.tls,
            stores,
        });
        let mut guarded = state::routes(&shared)
            .merge(operations::routes(&shared))
            .merge(configuration::integrations(&shared))
            .merge(tokens::routes(&shared))
            .merge(widget_archive::routes(&shared));
        let (connecting, redirected) = connecting::routes(&shared.node, added.configuration.clone());
        guarded = guarded.merge(connecting).merge(audits::routes(&shared.node));
        if let Some(configuration) = added.configuration {
            guarded = guarded.merge(configuration::routes(&shared, configuration));
        }
        for routes in added.guarded {
            guarded = guarded.merge(routes);
        }
        let guarded =
            guarded.into_routes().layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), proof::layer));
        // The route of calls looks at the proof itself: whoever proves it gets a route, whatever is wrong with the rest of the request.
        let described = resolve::routes(&shared)
            .merge(health::routes(&shared))
            .merge(login::routes(&shared))
            .merge(redirected)
            .merge(webhooks::routes(webhooks, shared.settings.body_timeout));
        let (mut router, description) = openapi::described().merge(described).merge(guarded).split_for_parts();
        router = router.merge(openapi::route(&description)?);
        for open in added.open {
            router = router.merge(open);
        }
        let router = router
            .layer(CatchPanicLayer::custom(problem::of_panic))
            .fallback(problem::not_found)
            .layer(axum::middleware::from_fn(manners::layer));
        Ok(Self { router, shared, call_details: None, versions: None, warnings: Vec::new(), at_stop: added.at_stop })
    }

    /// Has the connections counted that are closed before they are authenticated.
    fn count_connections(&self, metrics: &Metrics) {
        let shared = Arc::clone(&self.shared);
        let help = "Connections of clients that the server closed before they were authenticated";
        metrics.counter("client_connections_closed", help, move || {
            let listeners = [("http", &shared.connections), ("fastagi", &shared.fastagi_connections)];
            let closed = listeners.into_iter().flat_map(|(listener, table)| {
                let closed = table.counted().closed().into_iter();
                closed.map(move |(reason, count)| ([("listener", listener), ("reason", reason)], count))
            });
            closed.collect()
        });
    }
}

fn longest_stop(shared: &Shared) -> Duration {
    let revision = shared.node.revision();
    let longest = revision.placements().iter().map(|placement| revision.longest_wait(placement)).max();
    let longest = longest.unwrap_or_default();
    shared.settings.shutdown_grace.unwrap_or(longest + STOP_MARGIN)
}
