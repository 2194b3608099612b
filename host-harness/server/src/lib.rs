//! The server: the face that PBXs talk to, over HTTP. It translates and decides nothing.
//!
//! | route | who may | what it does |
//! |---|---|---|
//! | `GET /livez`, `GET /readyz` | anybody | whether the process lives; whether it takes calls |
//! | `GET /openapi.json` | anybody | the server's own description |
//! | `POST /v1/resolve-call` | authenticated | a call in, its route out: always 200 ([`resolve`]) |
//! | `GET /v1/operations`, `GET /v1/operations/{id}` | authenticated | the placed operations |
//! | `/v1/components…`, `/v1/operations/{id}/component`, `…/rollback`, `…/shadow` | authenticated | versions ([`components`]) |
//! | `GET /v1/state` | authenticated | how the node and its integrations stand |
//! | `/v1/integrations/{id}/…` | the hook's own proof | what amoCRM reports ([`crate::webhooks`]) |
//!
//! Proof is a bearer token or a signature ([`proof`]). Other rooms add routes, sections of the state and work at the stop through [`Extras`].
//! Everything is bounded: connections, calls at once, the time for a request's head and body, the body's length, and the stop itself
//! ([`connections`]).
//!
//! The crate may use the node and what is below it; where a call goes, the operation says.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use node::Node;
//! use runtime::capabilities::clocks::Clock;
//! use runtime::store::MemoryStore;
//! use server::webhooks::Webhooks;
//! use server::{Extras, Server, ServerSettings};
//!
//! # async fn serve(settings: ServerSettings) -> anyhow::Result<()> {
//! let clock = Clock::system();
//! let node = Node::builder(clock.clone()).build();
//! let store = Arc::new(MemoryStore::new());
//! let server = Server::bind(node, Webhooks::new(clock), store, settings, Extras::default()).await?;
//! println!("listening on http://{}", server.address()?);
//! server.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

pub mod calls;
pub mod components;
pub mod connections;
pub mod fastagi;
pub mod metrics;
pub mod operations;
pub mod outcomes;
pub mod page;
pub mod pbx;
pub mod problem;
pub mod proof;
pub mod resolve;
pub mod settings;
pub mod state;
pub mod token;
pub mod webhooks;

mod body;
mod health;
mod openapi;
mod query;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

use amocrm::access::Keeper;
use node::Node;
use runtime::store::KeyValueStore;
use webhooks::Webhooks;

pub use proof::Guard;
pub use settings::ServerSettings;

/// How long an integration's tokens are looked up before the server listens. A store that does not answer must not keep it from calls.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// How much longer than the longest waiting time the stop waits for calls.
const STOP_MARGIN: Duration = Duration::from_secs(2);

/// A part of the state document that another room answers for.
pub type Section = Box<dyn Fn() -> serde_json::Value + Send + Sync>;
/// Work to be done at the stop.
pub type Ending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What other rooms add to the server. Who wants to know of calls is an [`Observer`](node::Observer) of the node.
#[derive(Default)]
pub struct Extras {
    /// Routes for those who prove themselves, already with their state. They become part of the description.
    pub guarded: Vec<OpenApiRouter>,
    /// Routes for everybody: they reveal nothing.
    pub open: Vec<Router>,
    /// Sections of `GET /v1/state` by their keys, computed at each request: they must return at once.
    pub state: Vec<(&'static str, Section)>,
    /// Carried out one after another when the last call has ended. Each bounds itself.
    pub at_stop: Vec<Ending>,
}

/// What the routes share.
pub(crate) struct Shared {
    pub(crate) node: Node,
    pub(crate) settings: ServerSettings,
    pub(crate) guard: Guard,
    pub(crate) store: Arc<dyn KeyValueStore>,
    /// How many more calls may be resolved at once.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) stopping: AtomicBool,
    pub(crate) started_at: Timestamp,
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
    router: Router,
    shared: Arc<Shared>,
    at_stop: Vec<Ending>,
}

impl Server {
    /// Listens, after one bounded look at the tokens of every integration.
    ///
    /// Fails where the address cannot be had, where there is nothing to serve, and where nobody could prove themselves.
    pub async fn bind(
        node: Node,
        hooks: Webhooks,
        store: Arc<dyn KeyValueStore>,
        settings: ServerSettings,
        extras: Extras,
    ) -> anyhow::Result<Self> {
        for (id, keeper) in keepers(&node) {
            match tokio::time::timeout(FIRST_LOOK, keeper.look()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(integration = %id, %error, "the tokens cannot be read yet"),
                Err(_) => tracing::warn!(integration = %id, "the store with the tokens does not answer yet"),
            }
        }
        let listen = settings.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}; choose another address with --listen"))?;
        let (router, shared, at_stop) = assemble(node, hooks, store, settings, extras)?;
        Ok(Self { listener, router, shared, at_stop })
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop`, then ends well: nothing new is accepted, the calls in flight are answered, and what other rooms hold is kept.
    /// Ends at the latest [`longest_stop`](Self::longest_stop) later, apart from what the rooms take.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, router, shared, at_stop } = self;
        let longest = longest_stop(&shared);
        let (ended, keeping) = keep_tokens(&shared.node);
        connections::serve(listener, router, &shared, longest, stop).await;
        for ending in at_stop {
            ending.await;
        }
        // A refresh that has begun is waited for: with its answer a refresh token would be lost.
        let _ = ended.send(true);
        if tokio::time::timeout(longest, keeping).await.is_err() {
            tracing::warn!("a refresh of tokens did not end in time");
        }
    }

    /// How long calls are waited for at the stop, at most.
    pub fn longest_stop(&self) -> Duration {
        longest_stop(&self.shared)
    }
}

/// The routes without a listener, for tests and benches.
pub fn router(
    node: Node,
    hooks: Webhooks,
    store: Arc<dyn KeyValueStore>,
    settings: ServerSettings,
    extras: Extras,
) -> anyhow::Result<Router> {
    Ok(assemble(node, hooks, store, settings, extras)?.0)
}

fn assemble(
    node: Node,
    hooks: Webhooks,
    store: Arc<dyn KeyValueStore>,
    settings: ServerSettings,
    extras: Extras,
) -> anyhow::Result<(Router, Arc<Shared>, Vec<Ending>)> {
    anyhow::ensure!(
        !node.placements().is_empty(),
        "there is no operation to serve; add `[[operation]]` with `linked_operation` to the configuration"
    );
    let guard = Guard::new(&settings, node.clock().clone(), Arc::clone(&store))?;
    let shared = Arc::new(Shared {
        started_at: node.clock().now(),
        room: Arc::new(Semaphore::new(settings.max_calls)),
        stopping: AtomicBool::new(false),
        sections: extras.state,
        node,
        settings,
        guard,
        store,
    });
    let mut guarded = state::routes(&shared).merge(operations::routes(&shared));
    for routes in extras.guarded {
        guarded = guarded.merge(routes);
    }
    let guarded = guarded.layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), proof::layer));
    // The route of calls looks at the proof itself: whoever proves it gets a route, whatever is wrong with the rest of the request.
    let described = resolve::routes(&shared)
        .merge(health::routes(&shared))
        .merge(webhooks::routes(hooks, shared.settings.body_timeout));
    let (mut router, description) = openapi::described().merge(described).merge(guarded).split_for_parts();
    router = router.merge(openapi::route(&description)?);
    for open in extras.open {
        router = router.merge(open);
    }
    let router = router.layer(CatchPanicLayer::custom(problem::of_panic)).fallback(problem::not_found);
    Ok((router, shared, extras.at_stop))
}

fn keepers(node: &Node) -> impl Iterator<Item = (&Arc<str>, &Arc<Keeper>)> {
    node.integrations().iter().filter_map(|(id, integration)| Some((id, integration.keeper()?)))
}

/// Keeps the tokens of every integration fresh until it is told that it is over.
fn keep_tokens(node: &Node) -> (tokio::sync::watch::Sender<bool>, impl Future<Output = ()> + use<>) {
    let (ended, told) = tokio::sync::watch::channel(false);
    let mut keeping = tokio::task::JoinSet::new();
    for (_, keeper) in keepers(node) {
        let (keeper, mut told) = (Arc::clone(keeper), told.clone());
        keeping.spawn(async move {
            // Told so, or the server is gone: either way it is over.
            keeper.keep_until(async { drop(told.wait_for(|ended| *ended).await) }).await;
        });
    }
    (ended, async move { while keeping.join_next().await.is_some() {} })
}

fn longest_stop(shared: &Shared) -> Duration {
    let longest = shared
        .node
        .placements()
        .iter()
        .map(|placement| placement.active().placed.waiting_time())
        .max()
        .unwrap_or_default();
    shared.settings.shutdown_grace.unwrap_or(longest + STOP_MARGIN)
}
