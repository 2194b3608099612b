//! OpenTelemetry traces, sent to a collector by OTLP (HTTP, protobuf): a span for each call, and within it one for each request to the account.
//!
//! Spans are made after the call, out of what its details know: nothing is added to the call's path but a place in a bounded queue. Where the
//! queue is full, or the collector away, spans are dropped and counted ([`Traces::dropped`]).
//!
//! | span | kind | attributes |
//! |---|---|---|
//! | `resolve_call` | server | `call.id`, `call.operation`, `call.integration`, `call.caller` (masked), `call.route`, `call.reason`, `call.reason_class`, `call.employee`, `call.component`, the operation's facts as `call.fact.…` |
//! | `step` | internal | one of several operations that the call went through, its requests within it: `step.operation`, `step.integration`, `step.outcome`, `step.component` |
//! | `request PURPOSE` | client | `url.path`, `http.response.status_code`, `request.outcome`, `request.fate`, `request.budget_wait_ms`, `request.circuit` |

mod collector;
mod spans;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::{FinishedCall, Observer};
use collector::Collector;
use runtime::capabilities::http::BaseUrl;
use runtime::secret::Secret;

/// How many calls may wait for their spans to be made.
const QUEUE: usize = 4_096;
/// How long the last spans may take at the end.
const LAST: Duration = Duration::from_secs(3);

/// Where traces go, and how many.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    /// The collector; its `/v1/traces` is posted to.
    pub collector: BaseUrl,
    /// Headers of each request, such as an API key.
    pub headers: Vec<(String, Secret)>,
    /// The share of calls that are traced, 0 to 1.
    pub share: f64,
    /// The name of this program among others.
    pub service: String,
}

/// Traces cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be set up: {0}")]
pub struct TraceError(String);

/// The sender of traces; told of calls as an [`Observer`].
pub struct Traces {
    calls: mpsc::Sender<FinishedCall>,
    dropped: AtomicU64,
    provider: SdkTracerProvider,
    making: Mutex<Option<JoinHandle<()>>>,
}

impl Traces {
    /// Begins to send. Must be called within the asynchronous runtime; the collector need not be there yet.
    pub fn begin(settings: &TraceSettings) -> Result<Arc<Self>, TraceError> {
        let refused = |error: &dyn fmt::Display| TraceError(error.to_string());
        let address = format!("{}/v1/traces", settings.collector.to_string().trim_end_matches('/'));
        let headers: HashMap<_, _> =
            settings.headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
        let collector = Collector::new(&settings.collector).map_err(|error| refused(&error))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(address)
            .with_protocol(Protocol::HttpBinary)
            .with_headers(headers)
            .build()
            .map_err(|error| refused(&error))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::TraceIdRatioBased(settings.share))
            .with_resource(Resource::builder().with_service_name(settings.service.clone()).build())
            .build();
        let tracer = provider.tracer("host-harness");
        let (calls, mut finished) = mpsc::channel::<FinishedCall>(QUEUE);
        let making = tokio::spawn(async move {
            while let Some(call) = finished.recv().await {
                spans::make(&tracer, &call);
            }
        });
        Ok(Arc::new(Self { calls, dropped: AtomicU64::new(0), provider, making: Mutex::new(Some(making)) }))
    }

    /// How many calls got no spans because too many waited.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Sends what is left, within a bounded time. Calls that are resolved later get no spans.
    pub async fn end(&self) {
        let Some(making) = self.making.lock().await.take() else { return };
        // The calls that wait in the queue are turned into spans first; a collector that hangs must not hold the end up.
        while self.calls.capacity() < self.calls.max_capacity() && !making.is_finished() {
            tokio::task::yield_now().await;
        }
        making.abort();
        let _ = making.await;
        let provider = self.provider.clone();
        let ending = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST));
        let _ = tokio::time::timeout(LAST, ending).await;
    }
}

impl Observer for Traces {
    fn finished(&self, call: &FinishedCall) {
        if self.calls.try_send(call.clone()).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Traces").finish_non_exhaustive()
    }
}
