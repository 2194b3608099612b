//! Puts a server together: a node, what it keeps and shows of calls, its webhooks and its faces. The program, the tests, the benches and the
//! fuzz targets all build theirs here.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;

use call::{Localized, system_error_ru};
use node::call_details::CallDetails;
use node::observe::logs::CallLog;
use node::observe::metrics::Metrics;
use node::observe::traces::Traces;
use node::versions::Versions;
use node::{NodeBuilder, SharedCalls};
use runtime::engine::Engine;
use runtime::store::Stores;

use super::configuration::Configuration;
use super::fastagi::FastAgi;
use super::guarded::Guarded;
use super::tls::Tls;
use super::{Assembled, Server, ServerSettings, calls, components, look_at_tokens, metrics, page};

/// A part of the state document that another part of the program answers for.
pub type Section = Box<dyn Fn() -> serde_json::Value + Send + Sync>;
/// Work to be done at the stop.
pub type Ending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Puts a [`Server`] together. Without more, it resolves calls and shows its state.
#[must_use = "a server is made by `bind`"]
pub struct ServerBuilder {
    node: NodeBuilder,
    stores: Stores,
    settings: ServerSettings,
    metrics: Option<Arc<Metrics>>,
    call_details: Option<CallDetails>,
    traces: Option<Arc<Traces>>,
    versions: Option<(Engine, Option<PathBuf>)>,
    added: Added,
}

/// What others add to a server.
#[derive(Default)]
pub(super) struct Added {
    pub(super) guarded: Vec<Guarded>,
    pub(super) open: Vec<Router>,
    pub(super) sections: Vec<(&'static str, Section)>,
    pub(super) at_stop: Vec<Ending>,
    pub(super) state_directory: Option<PathBuf>,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) configuration: Option<Arc<dyn Configuration>>,
}

impl ServerBuilder {
    pub(super) fn new(node: NodeBuilder, stores: Stores, settings: ServerSettings) -> Self {
        Self {
            node,
            stores,
            settings,
            metrics: None,
            call_details: None,
            traces: None,
            versions: None,
            added: Added::default(),
        }
    }

    /// Writes a line to the log for each call.
    pub fn log_calls(self) -> Self {
        Self { node: self.node.observer(Arc::new(CallLog)), ..self }
    }

    /// Counts, and shows the metrics.
    pub fn metrics(self) -> Self {
        Self { metrics: Some(Arc::new(Metrics::new())), ..self }
    }

    /// Keeps the details of calls, and shows them. FastAGI needs them: it reports how calls ended.
    pub fn call_details(self, details: CallDetails) -> Self {
        Self { call_details: Some(details), ..self }
    }

    /// Sends a trace of each call.
    pub fn traces(self, traces: Arc<Traces>) -> Self {
        Self { traces: Some(traces), ..self }
    }

    /// Lets components be uploaded and put in force, and remembers them under this state directory (none: nothing outlasts the process).
    pub fn versions(self, engine: Engine, state: Option<PathBuf>) -> Self {
        Self { versions: Some((engine, state)), ..self }
    }

    /// Lets clients see the configuration, and change it.
    pub fn configuration(mut self, configuration: Arc<dyn Configuration>) -> Self {
        self.added.configuration = Some(configuration);
        self
    }

    /// Shows the page for the browser.
    pub fn page(self) -> Self {
        self.open(page::routes())
    }

    /// Notices when this directory, where the server keeps its files, is moved away or deleted.
    pub fn state_directory(mut self, directory: PathBuf) -> Self {
        self.added.state_directory = Some(directory);
        self
    }

    /// Adds routes for clients whose scope is enough. They become part of the description.
    pub fn guarded(mut self, routes: Guarded) -> Self {
        self.added.guarded.push(routes);
        self
    }

    /// Adds routes for everybody: they must reveal nothing.
    pub fn open(mut self, routes: Router) -> Self {
        self.added.open.push(routes);
        self
    }

    /// Adds a section of `GET /v1/state`. It is computed at each request and must return at once.
    pub fn section(
        mut self,
        key: &'static str,
        section: impl Fn() -> serde_json::Value + Send + Sync + 'static,
    ) -> Self {
        self.added.sections.push((key, Box::new(section)));
        self
    }

    /// Adds work to be done when the last call has ended, one piece after another. Each bounds itself.
    pub fn at_stop(mut self, ending: impl Future<Output = ()> + Send + 'static) -> Self {
        self.added.at_stop.push(Box::pin(ending));
        self
    }

    /// Listens, after one bounded look at the tokens of each integration. Nothing is answered before [`Server::run`].
    ///
    /// # Errors
    /// Where an address is taken, where there is nothing to serve, and where no client could be authenticated.
    pub async fn bind(self) -> anyhow::Result<Server> {
        let assembled = self.assemble().await?;
        look_at_tokens(assembled.shared.node.revision().integrations()).await;
        let settings = &assembled.shared.settings;
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Localized::new(
                format!("нельзя слушать {listen} ({}); выберите другой адрес в --listen", system_error_ru(&error)),
                format!("cannot listen on {listen}; choose another address with --listen: {error}"),
            )
        })?;
        let fastagi = match settings.asterisk.as_ref().and_then(|asterisk| asterisk.fastagi) {
            Some(address) => {
                let details =
                    assembled.call_details.clone().context("FastAGI needs call details: it reports how calls ended")?;
                let node = assembled.shared.node.clone();
                let connections = Arc::clone(&assembled.shared.fastagi_connections);
                Some(FastAgi::bind(address, node, details, settings.max_calls, connections).await?)
            }
            None => None,
        };
        Ok(Server { listener, fastagi, assembled })
    }

    /// The HTTP routes without a listener.
    ///
    /// # Errors
    /// As [`bind`](Self::bind), apart from addresses.
    pub async fn router(self) -> anyhow::Result<Router> {
        Ok(self.assemble().await?.router)
    }

    async fn assemble(self) -> anyhow::Result<Assembled> {
        let Self { mut node, stores, settings, metrics, call_details, traces, versions, mut added } = self;
        if let Some(metrics) = &metrics {
            node = node.observer(metrics.clone());
            added.guarded.push(metrics::routes(Arc::clone(metrics)));
        }
        if let Some(details) = &call_details {
            node = node.observer(Arc::new(details.clone())).talks_of(details.reader());
            if stores.records.is_shared() {
                let calls = SharedCalls::new(Arc::clone(&stores.records));
                details.share(calls.clone());
                node = node.shared_calls(calls);
            }
            if let Some(metrics) = &metrics {
                metrics.collect(Box::new(details.clone()));
            }
            added.guarded.push(calls::routes(details.clone(), node.clock().clone(), settings.max_followers));
            let (state, ending) = (details.clone(), details.clone());
            let state = move || serde_json::to_value(state.state()).unwrap_or_default();
            added.sections.push(("call_details", Box::new(state)));
            added.at_stop.push(Box::pin(async move { ending.end().await }));
        }
        if let Some(traces) = traces {
            node = node.observer(traces.clone());
            added.at_stop.push(Box::pin(async move { traces.end().await }));
        }
        let node = node.extension(settings.pbx()).build()?;
        if let Some(metrics) = &metrics {
            metrics.watch(&node);
        }
        if let (Some(metrics), Some(configuration)) = (&metrics, &added.configuration) {
            let (configuration, help) =
                (Arc::clone(configuration), "1 while the configuration file was refused as it is now");
            let refused = move || i64::from(configuration.in_force().refused.is_some());
            metrics.gauge("configuration_refused", help, refused);
        }
        if let Some(configuration) = &added.configuration {
            let configuration = Arc::clone(configuration);
            added.sections.push(("configuration", Box::new(move || configuration.in_force().state())));
        }
        if let Some(details) = &call_details {
            added.guarded.push(calls::forgetting::routes(details.clone(), node.clone(), added.configuration.clone()));
        }
        let versions = match versions {
            Some((engine, state)) => {
                let store = stores.records.is_shared().then(|| Arc::clone(&stores.records));
                Some(Versions::open(node.clone(), engine, state.as_deref(), store).await)
            }
            None => None,
        };
        let versions = versions.map(|(versions, warnings)| (Arc::new(versions), warnings));
        let (versions, warnings) = versions.unzip();
        if let Some(versions) = &versions {
            let state = Arc::clone(versions);
            added
                .sections
                .push(("versions", Box::new(move || serde_json::to_value(state.state()).unwrap_or_default())));
            added.guarded.push(components::routes(Arc::clone(versions)));
        }
        if let Some(files) = settings.tls.clone() {
            added.tls = Some(Tls::read(files).await?);
        }
        let assembled = Assembled::new(node, stores, settings, added)?;
        if let Some(metrics) = metrics {
            assembled.count_connections(&metrics);
        }
        Ok(Assembled { call_details, versions, warnings: warnings.unwrap_or_default(), ..assembled })
    }
}
