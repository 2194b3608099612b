//! From a name to addresses, without those that may not be reached.
//!
//! The judgement comes after the lookup and on the very addresses that are then connected to, so a name that answers differently the
//! second time (DNS rebinding) gains nothing.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::addresses::PrivateAddresses;

/// Asks the DNS. Replaced in tests.
#[async_trait::async_trait]
pub(crate) trait Lookup: Send + Sync + 'static {
    /// All addresses of a host name. An error and an empty list both mean that there is no such host.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver (`getaddrinfo` on a thread of its own).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemLookup;

#[async_trait::async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// The lookup failed.
    #[error("the name {host} could not be looked up ({cause})")]
    LookupFailed {
        /// The name.
        host: String,
        /// What the resolver said.
        cause: io::Error,
    },
    /// The lookup worked and found nothing.
    #[error("the name {0} has no addresses")]
    NoAddresses(String),
    /// There are addresses, and none may be reached.
    #[error("every address of {host} is prohibited ({address} is one)")]
    Prohibited {
        /// The name.
        host: String,
        /// The first of them.
        address: IpAddr,
    },
}

/// The resolver of the connection pool: looks up, then drops what is not permitted.
#[derive(Clone)]
pub(crate) struct Resolver {
    lookup: Arc<dyn Lookup>,
    private_addresses: PrivateAddresses,
}

impl Resolver {
    /// A resolver over this lookup and with this policy.
    pub(crate) fn new(lookup: Arc<dyn Lookup>, private_addresses: PrivateAddresses) -> Self {
        Self { lookup, private_addresses }
    }

    /// The same lookup with another policy.
    pub(super) fn with(&self, private_addresses: PrivateAddresses) -> Self {
        Self { private_addresses, ..self.clone() }
    }

    /// The permitted addresses of a host, at least one.
    pub(crate) async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let found = self
            .lookup
            .lookup(host)
            .await
            .map_err(|cause| ResolveError::LookupFailed { host: host.to_owned(), cause })?;
        let first = *found.first().ok_or_else(|| ResolveError::NoAddresses(host.to_owned()))?;
        let permitted: Vec<_> = found.into_iter().filter(|address| self.private_addresses.permit(*address)).collect();
        if permitted.is_empty() {
            return Err(ResolveError::Prohibited { host: host.to_owned(), address: first });
        }
        Ok(permitted)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("private_addresses", &self.private_addresses).finish_non_exhaustive()
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ResolveError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = self.clone();
        Box::pin(async move {
            // The connector replaces port 0 with that of the origin.
            let addresses: Vec<_> =
                resolver.resolve(name.as_str()).await?.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(addresses.into_iter())
        })
    }
}
