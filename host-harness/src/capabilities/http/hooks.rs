//! The requests of a component, from its `outgoing-handler.handle` to the answer.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::{Instant, sleep_until, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::access::{AccessToken, AccessTokens};
use super::addresses::PrivateAddresses;
use super::allow_list::AllowList;
use super::client::{self, HttpSetupError, Pool};
use super::denial::{Denial, Denials};
use super::errors::{self, Failure};
use super::origin::Origin;
use super::request_body::RequestBody;
use super::resolver::{Lookup, Resolver, SystemLookup};
use super::response_body::BoundedBody;
use super::timing::{RequestTimeouts, Timing};

/// How many requests one call may make. The operation needs fewer than ten.
const MAX_REQUESTS: usize = 64;

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
pub struct OutboundHttp(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    allow_list: AllowList,
    private_addresses: PrivateAddresses,
    access: Option<Arc<dyn AccessTokens>>,
    user_agent: HeaderValue,
    max_response_bytes: u64,
    request_timeouts: RequestTimeouts,
    pool: Pool,
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
        CallHttp { http: self.clone(), deadline, requests: 0, denials: Denials::default() }
    }
}

/// Outbound HTTP of one call: the hooks of its store.
#[derive(Debug)]
pub struct CallHttp {
    http: OutboundHttp,
    deadline: Instant,
    requests: usize,
    denials: Denials,
}

/// The answer, and what is left to do while its body is read: nothing, since the pool drives its connections.
type Answer = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

/// A request that may be sent.
struct Admitted {
    origin: Origin,
    /// The access token in it, if it carries one.
    token: Option<AccessToken>,
    request: Request<RequestBody>,
}

impl CallHttp {
    /// What was refused so far, each once, in order.
    pub fn denials(&self) -> Vec<Denial> {
        self.denials.list()
    }

    /// The request as it will be sent, or the refusal.
    fn admit(&mut self, request: Request<RequestBody>) -> Result<Admitted, Error> {
        let refuse = |denial, error| {
            self.denials.note(denial);
            Err(error)
        };
        let shared = &self.http.0;
        let token = shared.access.as_ref().and_then(|access| access.current());
        let origin = match shared.allow_list.judge(&request, token.as_ref().map(AccessToken::origin)) {
            Ok(origin) => origin.clone(),
            Err(denial) => return refuse(denial, Error::HttpRequestDenied),
        };
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            return refuse(Denial::TooManyRequests(MAX_REQUESTS), Error::ConnectionLimitReached);
        }
        // The pool does not ask the resolver about a host that is an address already.
        if let Some(address) = origin.address()
            && !shared.private_addresses.permit(address)
        {
            return refuse(Denial::IpAddress { origin, address }, Error::DestinationIpProhibited);
        }
        let (mut head, body) = request.into_parts();
        head.uri = rebuilt(&origin, head.uri.path_and_query()).ok_or(Error::HttpRequestUriInvalid)?;
        head.version = http::Version::HTTP_11;
        // The pool writes the host header from the rebuilt address.
        head.headers.remove(HOST);
        head.headers.entry(USER_AGENT).or_insert_with(|| shared.user_agent.clone());
        let token = token.filter(|token| *token.origin() == origin);
        if let Some(token) = &token {
            head.headers.insert(AUTHORIZATION, token.header().clone());
        }
        // Without a declared length, these carry no body on the wire, even where the component opened one.
        let bodiless = matches!(head.method, Method::GET | Method::HEAD) && !head.headers.contains_key(CONTENT_LENGTH);
        let body = if bodiless { RequestBody::empty(self.deadline) } else { body };
        Ok(Admitted { origin, token, request: Request::from_parts(head, body) })
    }
}

fn rebuilt(origin: &Origin, path: Option<&PathAndQuery>) -> Option<Uri> {
    Uri::builder()
        .scheme(origin.scheme().as_str())
        .authority(origin.authority())
        .path_and_query(path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
        .ok()
}

impl WasiHttpHooks for CallHttp {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        let options = options.filter(|_| self.http.0.request_timeouts == RequestTimeouts::Honoured);
        let timing = Timing::new(self.deadline, options);
        let admitted = self.admit(request.map(|body| RequestBody::new(body, timing.deadline)));
        let (http, denials) = (self.http.clone(), self.denials.clone());
        Box::new(async move {
            let Admitted { origin, token, request } = admitted?;
            let answer = match exchange(&http.0.pool, request, &timing).await {
                Ok(answer) => answer,
                Err(failure) => {
                    if let Some(address) = failure.prohibited {
                        denials.note(Denial::IpAddress { origin, address });
                    }
                    return Err(failure.error);
                }
            };
            if answer.status() == StatusCode::UNAUTHORIZED
                && let (Some(access), Some(token)) = (&http.0.access, &token)
            {
                access.refused(token);
            }
            let body = |incoming| BoundedBody::new(incoming, http.0.max_response_bytes, timing).boxed_unsync();
            Ok((answer.map(body), Box::new(async { Ok(()) }) as Box<_>))
        })
    }
}

/// Sends a request; once more where it met a kept connection that the server had closed, if sending it twice is harmless.
///
/// The pool itself retries only while nothing of the request has been written.
async fn exchange(pool: &Pool, request: Request<RequestBody>, timing: &Timing) -> Result<Response<Incoming>, Failure> {
    let (head, body) = request.into_parts();
    let again = (head.method.is_idempotent() && body.is_end_stream()).then(|| head.clone());
    match (attempt(pool, Request::from_parts(head, body), timing).await, again) {
        (Err(failure), Some(head)) if failure.stale_connection => {
            attempt(pool, Request::from_parts(head, RequestBody::empty(timing.deadline)), timing).await
        }
        (outcome, _) => outcome,
    }
}

async fn attempt(
    pool: &Pool,
    mut request: Request<RequestBody>,
    timing: &Timing,
) -> Result<Response<Incoming>, Failure> {
    let mut connection = capture_connection(&mut request);
    let connected = async { drop(connection.wait_for_connection_metadata().await) };
    let mut answer = pin!(pool.request(request));
    let limit = timing.connecting();
    tokio::select! {
        biased;
        answer = &mut answer => return answer.map_err(|error| errors::from_client(&error)),
        () = connected => {}
        () = sleep_until(limit.at) => return Err(limit.error.into()),
    }
    let limit = timing.first_byte();
    match timeout_at(limit.at, answer).await {
        Ok(answer) => answer.map_err(|error| errors::from_client(&error)),
        Err(_) => Err(limit.error.into()),
    }
}
