//! Outbound HTTP of one integration: what all its calls share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use wasmtime_wasi_http::Error;

use super::access::{AccessToken, AccessTokens};
use super::account_requests::AccountRequests;
use super::addresses::PrivateAddresses;
use super::allow_list::AllowList;
use super::budget::{Budget, WINDOW};
use super::circuit::{Circuit, CircuitSettings, CircuitState};
use super::client::{self, HttpSetupError, Pool};
use super::connection::Connections;
use super::denial::Denial;
use super::dial::{Dial, Dialler};
use super::origin::Origin;
use super::policy::{AccountPolicy, StandardPolicy};
use super::proxy::Proxy;
use super::request_body::RequestBody;
use super::resolver::{Lookup, Resolver, SystemLookup};
use super::single_flight::SingleFlight;
use super::timing::RequestTimeouts;
use super::watcher::AccountWatcher;
use crate::capabilities::clocks::Clock;
use crate::store::{SharedWindow, WindowBounds};

/// What one integration's component may do over HTTP.
#[derive(Clone, Debug)]
pub struct OutboundHttpConfig {
    /// The origins that requests may go to; none means that no request may be made.
    pub granted: Vec<Origin>,
    /// Whether they may lead to this machine or network.
    pub private_addresses: PrivateAddresses,
    /// Certificate authorities to trust besides Mozilla's, a file in PEM form.
    pub ca_file: Option<PathBuf>,
    /// Through which proxy connections go, if any.
    pub proxy: Proxy,
    /// Where the access token comes from, if there is one. Its origin is granted too.
    pub access: Option<Arc<dyn AccessTokens>>,
    /// What may be asked with that token.
    pub account_requests: AccountRequests,
    /// The `user-agent` of requests to which the component gave none.
    pub user_agent: String,
    /// The most bytes that an answer's body may have.
    pub max_response_bytes: u64,
    /// Whether the bounds count that the component chooses for its requests.
    pub request_timeouts: RequestTimeouts,
    /// How the account's server limits requests.
    pub policy: Arc<dyn AccountPolicy>,
    /// How many limited requests may begin in any second. The default is as good as no bound.
    pub requests_per_second: u16,
    /// Where these are counted together with other nodes.
    pub shared_budget: Option<Arc<dyn SharedWindow>>,
    /// How long nothing is sent after the server refused.
    pub circuit: CircuitSettings,
    /// Who is told how the account's server answers, if anybody.
    pub watcher: Option<Arc<dyn AccountWatcher>>,
    /// What a date in `Retry-After` is compared with.
    pub clock: Clock,
}

/// How many requests of calls may be under way at once, each on a connection of its own. The budget lets 210 begin within the longest waiting
/// time. Beyond, a server that hangs would only take memory and file descriptors (of which a process often has 1,024); a call waits for one
/// of them inside its waiting time.
pub(super) const MOST_AT_ONCE: usize = 512;

/// The bounds of a window that nodes share so as to send no more than this in any second.
pub fn budget_bounds(requests_per_second: u16) -> WindowBounds {
    WindowBounds { most: u32::from(requests_per_second.max(1)), length: WINDOW }
}

/// What an integration's requests are up against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpState {
    /// Whether requests go out.
    pub circuit: CircuitState,
    /// How many requests wait for their turn.
    pub waiting: usize,
    /// Whether the budget is counted together with other nodes now: none where it never is, `false` while their store does not answer.
    pub budget_shared: Option<bool>,
    /// How many connections are open.
    pub connections_open: usize,
    /// How many connections were ever opened.
    pub connections_opened: u64,
}

/// Outbound HTTP of one integration: its grants, its token, its connections. A clone is the same one.
#[derive(Clone, Debug)]
pub struct OutboundHttp(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) allow_list: AllowList,
    pub(super) private_addresses: PrivateAddresses,
    pub(super) access: Option<Arc<dyn AccessTokens>>,
    /// The server of the account, as the last token said: it counts requests without a token too.
    account: Mutex<Option<Origin>>,
    account_requests: AccountRequests,
    pub(super) user_agent: HeaderValue,
    pub(super) max_response_bytes: u64,
    pub(super) request_timeouts: RequestTimeouts,
    pub(super) pool: Pool,
    /// For what is sent once more, on a new connection.
    pub(super) unkept: Pool,
    pub(super) connections: Connections,
    /// How many more requests of calls may be under way at once.
    pub(super) room: Arc<Semaphore>,
    pub(super) policy: Arc<dyn AccountPolicy>,
    pub(super) budget: Budget,
    pub(super) circuit: Circuit,
    pub(super) watcher: Option<Arc<dyn AccountWatcher>>,
    /// What a date in `Retry-After` is compared with.
    pub(super) clock: Clock,
    pub(super) single_flight: SingleFlight,
    /// Held by whoever asks besides the calls.
    pub(super) aside: tokio::sync::Mutex<()>,
}

/// The most bytes of one answer's body, unless configured.
const MAX_RESPONSE_BYTES: u64 = 8 * 1024 * 1024;

/// A request that may be sent.
pub(super) struct Admitted {
    pub(super) origin: Origin,
    /// The access token in it, if it carries one.
    pub(super) token: Option<AccessToken>,
    /// Whether it goes to the server of the account, with a token or, where there is none any more, without.
    pub(super) to_account: bool,
    pub(super) request: Request<RequestBody>,
}

/// Nothing is granted, and nothing limited.
impl Default for OutboundHttpConfig {
    fn default() -> Self {
        Self {
            granted: Vec::new(),
            private_addresses: PrivateAddresses::default(),
            ca_file: None,
            proxy: Proxy::default(),
            access: None,
            account_requests: AccountRequests::default(),
            user_agent: String::new(),
            max_response_bytes: MAX_RESPONSE_BYTES,
            request_timeouts: RequestTimeouts::default(),
            policy: Arc::new(StandardPolicy),
            requests_per_second: u16::MAX,
            shared_budget: None,
            circuit: CircuitSettings::default(),
            watcher: None,
            clock: Clock::system(),
        }
    }
}

impl OutboundHttp {
    /// Checks the configuration and reads `ca_file`. No connection is opened before the first request.
    pub fn new(config: OutboundHttpConfig) -> Result<Self, HttpSetupError> {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    /// The same with another source of addresses than the operating system's.
    pub(crate) fn with_lookup(config: OutboundHttpConfig, lookup: Arc<dyn Lookup>) -> Result<Self, HttpSetupError> {
        let resolver = Resolver::new(lookup, config.private_addresses);
        let network = client::network(&resolver, config.proxy.clone(), config.ca_file.as_deref())?;
        Self::over(config, network)
    }

    /// The same to servers that are in this process.
    pub fn in_process(config: OutboundHttpConfig, dial: Arc<dyn Dial>) -> Result<Self, HttpSetupError> {
        Self::over(config, Dialler::InProcess(dial))
    }

    fn over(config: OutboundHttpConfig, connector: Dialler) -> Result<Self, HttpSetupError> {
        let connections = Connections::default();
        let pool = client::pool(connector.clone(), connections.clone());
        let unkept = client::unkept(connector, connections.clone());
        let shared = Shared {
            allow_list: AllowList::new(config.granted),
            private_addresses: config.private_addresses,
            access: config.access,
            account: Mutex::default(),
            account_requests: config.account_requests,
            user_agent: HeaderValue::try_from(config.user_agent).map_err(|_| HttpSetupError::UserAgent)?,
            max_response_bytes: config.max_response_bytes,
            request_timeouts: config.request_timeouts,
            pool,
            unkept,
            connections,
            room: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            policy: config.policy,
            watcher: config.watcher,
            budget: Budget::new(config.requests_per_second, config.shared_budget),
            circuit: Circuit::new(config.circuit),
            clock: config.clock,
            single_flight: SingleFlight::default(),
            aside: tokio::sync::Mutex::default(),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// What requests are up against now.
    pub fn state(&self) -> HttpState {
        HttpState {
            circuit: self.0.circuit.state(),
            waiting: self.0.budget.waiting(),
            budget_shared: self.0.budget.is_shared(),
            connections_open: self.0.connections.open(),
            connections_opened: self.0.connections.opened(),
        }
    }

    /// The request as it will be sent, or the refusal and what the component is told.
    pub(super) fn admit(
        &self,
        request: Request<RequestBody>,
        deadline: Instant,
    ) -> Result<Admitted, (Option<Denial>, Error)> {
        let shared = &self.0;
        let token = shared.access.as_ref().and_then(|access| access.current());
        let origin = match shared.allow_list.judge(&request, token.as_ref().map(AccessToken::origin)) {
            Ok(origin) => origin.clone(),
            Err(denial) => return Err((Some(denial), Error::HttpRequestDenied)),
        };
        let to_account = self.is_account(&origin, token.as_ref());
        let token = token.filter(|token| *token.origin() == origin);
        if token.is_some() && !shared.account_requests.permit(request.method(), request.uri().path()) {
            let denial = Denial::account_request(request.method(), request.uri().path());
            return Err((Some(denial), Error::HttpRequestDenied));
        }
        // The pool does not ask the resolver about a host that is an address already.
        if let Some(address) = origin.address()
            && !shared.private_addresses.permit(address)
        {
            return Err((Some(Denial::IpAddress { origin, address }), Error::DestinationIpProhibited));
        }
        let (mut head, body) = request.into_parts();
        head.uri = rebuilt(&origin, head.uri.path_and_query()).ok_or((None, Error::HttpRequestUriInvalid))?;
        head.version = http::Version::HTTP_11;
        // The pool writes the host header from the rebuilt address.
        head.headers.remove(HOST);
        head.headers.entry(USER_AGENT).or_insert_with(|| shared.user_agent.clone());
        if let Some(token) = &token {
            head.headers.insert(AUTHORIZATION, token.header().clone());
        }
        // Without a declared length, these carry no body on the wire, even where the component opened one.
        let bodiless = matches!(head.method, Method::GET | Method::HEAD) && !head.headers.contains_key(CONTENT_LENGTH);
        let body = if bodiless { RequestBody::empty(deadline) } else { body };
        Ok(Admitted { origin, token, to_account, request: Request::from_parts(head, body) })
    }

    /// Whether this is the server of the account. A call may go on when access has ended in its midst; its requests are counted then as before.
    fn is_account(&self, origin: &Origin, token: Option<&AccessToken>) -> bool {
        let mut account = self.0.account.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = token
            && account.as_ref() != Some(token.origin())
        {
            *account = Some(token.origin().clone());
        }
        account.as_ref() == Some(origin)
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
