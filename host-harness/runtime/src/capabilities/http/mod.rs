//! Outbound HTTP: what a component's requests may do.
//!
//! One [`OutboundHttp`] belongs to one integration and outlives its calls: it holds the grants, the access token, the rate budget, the circuit
//! and the pooled connections. Each call gets its own `CallHttp` from it, which is the [`WasiHttpHooks`] of that call's store and ends with it.
//!
//! | a request meets, in this order | and otherwise the component gets |
//! |---|---|
//! | the allow-list (`allow_list`): origin, method, headers | `HTTP-request-denied` |
//! | addresses, before and after DNS ([`addresses`]) | `destination-IP-prohibited` |
//! | the access token ([`access`]), added for exactly one origin | |
//! | the number of requests a call may make | `connection-limit-reached` |
//! | the same question under way (`single_flight`): its answer is shared | |
//! | the circuit ([`circuit`]), opened by refusals of the server ([`policy`]) | `connection-limit-reached`, `HTTP-request-denied` |
//! | its turn in the rate budget (`budget`), refused at once where it would come too late | `connection-limit-reached` |
//! | a pooled keep-alive connection, or a new one, with TLS ([`client`]), through a [`proxy`] if there is one | `connection-refused`, `TLS-certificate-error`, … |
//! | time (`timing`): the component's own bounds, never beyond the call's deadline | `connection-timeout`, … |
//! | the size (`request_task`) and the pace (`response_body`) of the answer's body | `HTTP-response-body-size`, `HTTP-response-incomplete`, … |
//!
//! Redirects are passed through and never followed. What was refused is remembered per call (`CallHttp::denials`), each with the
//! configuration line that would grant it; what became of each request is, too (`CallHttp::exchanges`). Budget and circuit
//! concern the requests that the server limits. The host asks through [`OutboundHttp::ask`].
//!
//! [`WasiHttpHooks`]: wasmtime_wasi_http::WasiHttpHooks

pub mod access;
pub mod account_requests;
pub mod addresses;
pub(crate) mod allow_list;
pub mod ask;
mod budget;
pub mod circuit;
pub mod client;
mod connection;
pub(crate) mod denial;
pub mod dial;
pub(crate) mod error_code;
mod errors;
pub mod exchange;
pub mod hooks;
pub mod origin;
pub mod outbound;
pub mod policy;
pub mod proxy;
mod request_body;
mod request_task;
pub(crate) mod resolver;
pub(crate) mod response_body;
mod single_flight;
pub(crate) mod timing;
pub mod watcher;

#[cfg(test)]
mod tests;

pub use access::{AccessToken, AccessTokens};
pub use account_requests::{AccountRequest, AccountRequests};
pub use addresses::PrivateAddresses;
pub use ask::{Ask, AskError};
pub use circuit::{CircuitCause, CircuitSettings, CircuitState};
pub use client::HttpSetupError;
pub use denial::Denial;
pub use dial::Dial;
pub use error_code::add_to_linker;
pub use errors::HttpError;
pub use exchange::{Dispatch, Exchange};
pub(crate) use hooks::CallHttp;
pub(crate) use hooks::{Outgoing, Responding};
pub use origin::{BaseUrl, Origin, OriginError, Scheme};
pub use outbound::{HttpState, OutboundHttp, OutboundHttpConfig, budget_bounds};
pub use policy::AccountPolicy;
pub use proxy::Proxy;
pub(crate) use request_body::RequestBody;
pub use timing::RequestTimeouts;
pub(crate) use timing::Timing;
pub use watcher::AccountWatcher;
