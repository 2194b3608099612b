//! One integration at run time: an amoCRM account's connection to the PBX, with everything that its operations may reach.
//!
//! Each integration has its own HTTP client and token, its own configuration, employees and part of the store; nothing is shared
//! between two of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::capabilities::clocks::Clock;
use crate::capabilities::config::Configuration;
use crate::capabilities::directory::{Directory, Employee};
use crate::capabilities::http::{
    BaseUrl, HttpSetupError, Origin, OutboundHttp, OutboundHttpConfig, PrivateAddresses, RequestTimeouts,
};
use crate::capabilities::key_value::KeyValue;
use crate::engine::World;
use crate::secret::Secret;
use crate::stores::KeyValueStore;

/// The bucket that an integration's operations may open.
pub const BUCKET: &str = "default";

/// The most bytes of one answer's body that reach an operation. More than it reads, so that its own bound is the one that is met.
const MAX_RESPONSE_BYTES: u64 = 8 * 1024 * 1024;

/// What an integration is made of.
#[derive(Clone, Debug)]
pub struct IntegrationSettings {
    /// The stable identifier.
    pub id: String,
    /// The account's address.
    pub account: BaseUrl,
    /// Under which name the operations' values are kept. Another account needs another name.
    pub namespace: String,
    /// The access token.
    pub token: Secret,
    /// Whether the integration is on (rule O6).
    pub enabled: bool,
    /// «Учитывать статус персонального менеджера» (rule O7).
    pub consider_manager_status: bool,
    /// For how long a status that amoCRM's events have just shown is used again, in whole seconds; zero: not at all.
    pub manager_status_reuse: Duration,
    /// The calling code of numbers written without one.
    pub default_country_code: u16,
    /// Other servers that operations may reach.
    pub granted: Vec<Origin>,
    /// Whether servers may be in this machine or network.
    pub private_addresses: PrivateAddresses,
    /// Certificate authorities to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Whether the bounds count that an operation chooses for its requests.
    pub request_timeouts: RequestTimeouts,
    /// Employees by amoCRM user.
    pub employees: Vec<(u64, Employee)>,
}

/// An integration, ready for calls.
#[derive(Clone)]
pub struct Integration {
    http: OutboundHttp,
    store: Arc<dyn KeyValueStore>,
    namespace: String,
    configuration: Configuration,
    directory: Directory,
}

impl Integration {
    /// Sets an integration up. Nothing is connected before the first call.
    pub fn new(settings: IntegrationSettings, store: Arc<dyn KeyValueStore>) -> Result<Self, HttpSetupError> {
        let origin = settings.account.origin().clone();
        let mut granted = settings.granted;
        granted.push(origin.clone());
        let http = OutboundHttp::new(OutboundHttpConfig {
            granted,
            private_addresses: settings.private_addresses,
            ca_file: settings.ca_file,
            credentials: Some((origin, settings.token)),
            user_agent: concat!("host-harness/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_response_bytes: MAX_RESPONSE_BYTES,
            request_timeouts: settings.request_timeouts,
        })?;
        let configuration = [
            ("amocrm_base_url", settings.account.to_string()),
            ("enabled", settings.enabled.to_string()),
            ("consider_manager_status", settings.consider_manager_status.to_string()),
            ("manager_status_reuse_seconds", settings.manager_status_reuse.as_secs().to_string()),
            ("default_country_code", settings.default_country_code.to_string()),
            ("kv_bucket", BUCKET.to_owned()),
        ];
        Ok(Self {
            http,
            store,
            namespace: settings.namespace,
            configuration: configuration.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            directory: Directory::new(settings.employees),
        })
    }

    /// What one call of this integration is granted.
    pub fn world(&self, clock: Clock) -> World {
        World {
            clock,
            http: self.http.clone(),
            key_value: KeyValue::new(Arc::clone(&self.store), self.namespace.as_str(), BUCKET),
            configuration: self.configuration.clone(),
            directory: self.directory.clone(),
        }
    }
}
