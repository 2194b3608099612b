//! Outbound HTTP of one integration: what all its calls share.

use std::path::PathBuf;
use std::sync::Arc;

use http::header::HeaderValue;
use http::uri::{PathAndQuery, Uri};
use tokio::time::Instant;

use super::access::AccessTokens;
use super::addresses::PrivateAddresses;
use super::allow_list::AllowList;
use super::client::{self, HttpSetupError, Pool};
use super::hooks::CallHttp;
use super::origin::Origin;
use super::resolver::{Lookup, Resolver, SystemLookup};
use super::timing::RequestTimeouts;

/// What one integration's component may do over HTTP.
#[derive(Clone, Debug, Default)]
pub struct OutboundHttpConfig {
    /// The origins that requests may go to; none means that no request may be made.
    pub granted: Vec<Origin>,
    /// Whether they may lead to this machine or network.
    pub private_addresses: PrivateAddresses,
    /// Certificate authorities to trust besides Mozilla's, a file in PEM form.
    pub ca_file: Option<PathBuf>,
    /// Where the access token comes from, if there is one. Its origin is granted too.
    pub access: Option<Arc<dyn AccessTokens>>,
    /// The `user-agent` of requests to which the component gave none.
    pub user_agent: String,
    /// The most bytes that an answer's body may have.
    pub max_response_bytes: u64,
    /// Whether the bounds count that the component chooses for its requests.
    pub request_timeouts: RequestTimeouts,
}

/// Outbound HTTP of one integration: its grants, its token, its connections. A clone is the same one.
#[derive(Clone, Debug)]
pub struct OutboundHttp(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) allow_list: AllowList,
    pub(super) private_addresses: PrivateAddresses,
    pub(super) access: Option<Arc<dyn AccessTokens>>,
    pub(super) user_agent: HeaderValue,
    pub(super) max_response_bytes: u64,
    pub(super) request_timeouts: RequestTimeouts,
    pub(super) pool: Pool,
}

impl OutboundHttp {
    /// Checks the configuration and reads `ca_file`. No connection is opened before the first request.
    pub fn new(config: OutboundHttpConfig) -> Result<Self, HttpSetupError> {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    /// The same with another source of addresses than the operating system's.
    pub fn with_lookup(config: OutboundHttpConfig, lookup: Arc<dyn Lookup>) -> Result<Self, HttpSetupError> {
        let pool = client::pool(Resolver::new(lookup, config.private_addresses), config.ca_file.as_deref())?;
        Ok(Self(Arc::new(Shared {
            allow_list: AllowList::new(config.granted),
            private_addresses: config.private_addresses,
            access: config.access,
            user_agent: HeaderValue::try_from(config.user_agent).map_err(|_| HttpSetupError::UserAgent)?,
            max_response_bytes: config.max_response_bytes,
            request_timeouts: config.request_timeouts,
            pool,
        })))
    }

    /// What one call's component is given. No request of it, nor any body, outlasts the deadline.
    pub fn for_call(&self, deadline: Instant) -> CallHttp {
        CallHttp::new(self.clone(), deadline)
    }
}

/// The address of a request, from the granted origin: what is connected to is what was judged.
pub(super) fn rebuilt(origin: &Origin, path: Option<&PathAndQuery>) -> Option<Uri> {
    Uri::builder()
        .scheme(origin.scheme().as_str())
        .authority(origin.authority())
        .path_and_query(path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
        .ok()
}
