//! The way to the collector: the host's own HTTP client, so that TLS, addresses and bounds are those of all its requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;
use tracing::{info, warn};

use runtime::capabilities::http::{Ask, BaseUrl, HttpSetupError, OutboundHttp, OutboundHttpConfig, PrivateAddresses};

/// How long the collector may take over a batch.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer of a collector is a few bytes.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// Posts batches to one collector.
#[derive(Debug)]
pub(super) struct Collector {
    http: OutboundHttp,
    /// Batches are sent by a thread that is none of the runtime's.
    runtime: Handle,
    /// Whether the last batch did not arrive.
    failing: AtomicBool,
}

impl Collector {
    pub(super) fn new(address: &BaseUrl) -> Result<Self, HttpSetupError> {
        let http = OutboundHttp::new(OutboundHttpConfig {
            granted: vec![address.origin().clone()],
            // A collector is at home in the own network, and its address comes from the configuration alone.
            private_addresses: PrivateAddresses::Granted,
            user_agent: concat!("host-harness/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_response_bytes: MAX_RESPONSE_BYTES,
            ..OutboundHttpConfig::default()
        })?;
        Ok(Self { http, runtime: Handle::current(), failing: AtomicBool::new(false) })
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let asking = self.runtime.spawn(async move { http.ask(request, TIMEOUT, Ask::WithoutToken).await });
        let answer = asking.await?;
        self.tell(match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the collector answers {}", answer.status())),
            Err(error) => Some(error.to_string()),
        });
        Ok(answer?)
    }
}

impl Collector {
    /// Says once that batches do not arrive, and once that they do again.
    fn tell(&self, failure: Option<String>) {
        let failed_before = self.failing.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(failure) if !failed_before => warn!("traces are dropped: {failure}"),
            None if failed_before => info!("traces arrive again"),
            _ => {}
        }
    }
}
