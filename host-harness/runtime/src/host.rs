//! A host for operations, put together from what it grants them. For embedding: a PBX hands in its own directory and store, and resolves calls.
//! The crate page has an example, `host-harness/examples/embed.rs` a whole program.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use call::scenario::Exits;
use call::{CallDocument, IncomingCall};

use crate::capabilities::clocks::Clock;
use crate::capabilities::config::Configuration;
use crate::capabilities::directory::{CallDirectory, Directory, Employees};
use crate::capabilities::http::{OutboundHttp, OutboundHttpConfig};
use crate::capabilities::key_value::KeyValue;
use crate::configured::ConfiguredOperation;
use crate::engine::{Engine, EngineSettings, Fit, Undescribed, World};
use crate::journal::{Journal, Script};
use crate::settings::{SettingError, read_settings};
use crate::store::{KeyValueStore, MemoryStore};

/// The bucket that operations may open, unless another is named.
pub const BUCKET: &str = "default";

/// An engine, and what the calls of its operations are granted. Cheap to clone; a clone is the same one.
#[derive(Clone)]
pub struct Host {
    engine: Engine,
    clock: Clock,
    directory: Arc<dyn Directory>,
    store: Arc<dyn KeyValueStore>,
    namespace: Arc<str>,
    http: OutboundHttp,
    configuration: Configuration,
}

impl Host {
    /// A host that grants nothing: no HTTP, no employees, no configuration, values in memory, the system's clock.
    pub fn builder() -> HostBuilder {
        HostBuilder {
            engine: EngineSettings::default(),
            clock: Clock::system(),
            directory: Arc::new(Employees::default()),
            store: Arc::new(MemoryStore::new()),
            namespace: "main".into(),
            http: OutboundHttpConfig::default(),
            configuration: BTreeMap::new(),
        }
    }

    /// The engine, which loads and judges components.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Loads a component and places it, with settings as text by the keys that it describes.
    ///
    /// # Errors
    /// Where it is not a component of the contract, cannot describe itself, or has no such setting.
    pub async fn place(
        &self,
        component: &[u8],
        exits: impl Into<Exits>,
        settings: &BTreeMap<String, String>,
    ) -> Result<ConfiguredOperation, PlaceError> {
        let operation = self.engine.load(component).map_err(PlaceError::Rejected)?;
        let description = operation.describe().await.map_err(PlaceError::Undescribed)?;
        let settings = read_settings(&description, settings).map_err(PlaceError::Setting)?;
        Ok(ConfiguredOperation::new(operation, &description, exits, settings))
    }

    /// Resolves a call that has just come in. There is always a route, inside the waiting time in force.
    pub async fn resolve(&self, placement: &ConfiguredOperation, call: IncomingCall) -> CallDocument {
        placement.resolve_in(self.world(), call, self.clock.now()).await
    }

    /// What one call is granted.
    fn world(&self) -> World {
        World {
            clock: self.clock.clone(),
            http: self.http.clone(),
            key_value: KeyValue::new(Arc::clone(&self.store), &*self.namespace, BUCKET),
            configuration: self.configuration.clone(),
            directory: CallDirectory::new(Arc::clone(&self.directory), self.clock.clone()),
            journal: Journal::default(),
            script: Script::default(),
        }
    }
}

/// Puts a [`Host`] together.
#[must_use = "a host is made by `build`"]
pub struct HostBuilder {
    engine: EngineSettings,
    clock: Clock,
    directory: Arc<dyn Directory>,
    store: Arc<dyn KeyValueStore>,
    namespace: Arc<str>,
    http: OutboundHttpConfig,
    configuration: BTreeMap<String, String>,
}

impl HostBuilder {
    /// How components are run, and what one call may use.
    pub const fn engine(mut self, settings: EngineSettings) -> Self {
        self.engine = settings;
        self
    }

    /// What time it is.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Who the PBX can ring.
    pub fn directory(mut self, directory: impl Directory + 'static) -> Self {
        self.directory = Arc::new(directory);
        self
    }

    /// Where operations keep values, and the namespace that keeps them apart from those of other hosts with the same store.
    pub fn store(mut self, store: impl KeyValueStore + 'static, namespace: impl Into<Arc<str>>) -> Self {
        self.store = Arc::new(store);
        self.namespace = namespace.into();
        self
    }

    /// Which servers operations may reach, and how.
    pub fn http(mut self, config: OutboundHttpConfig) -> Self {
        self.http = config;
        self
    }

    /// Keys and values for `wasi:config`, which an operation describes. Those of several calls add up.
    pub fn configuration<K: Into<String>, V: Into<String>>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        self.configuration.extend(pairs.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// The host.
    ///
    /// # Errors
    /// Where this machine cannot run components, or the certificates for HTTP cannot be read.
    pub fn build(self) -> anyhow::Result<Host> {
        let Self { engine, clock, directory, store, namespace, http, configuration } = self;
        let engine = Engine::new(engine)?;
        let http = OutboundHttp::new(OutboundHttpConfig { clock: clock.clone(), ..http })?;
        let configuration = configuration.into_iter().collect();
        Ok(Host { engine, clock, directory, store, namespace, http, configuration })
    }
}

/// Why a component was not placed.
#[derive(Debug)]
pub enum PlaceError {
    /// It is not a component of the contract.
    Rejected(Fit),
    /// It cannot describe itself.
    Undescribed(Undescribed),
    /// A setting is none of its own.
    Setting(SettingError),
}

impl fmt::Display for PlaceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(fit) => {
                formatter.write_str("component rejected:")?;
                fit.rejections().try_for_each(|finding| write!(formatter, "\n  {finding}"))
            }
            Self::Undescribed(undescribed) => undescribed.fmt(formatter),
            Self::Setting(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for PlaceError {}
