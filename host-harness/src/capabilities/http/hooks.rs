//! The requests of a component, from its `outgoing-handler.handle` to the answer.

use std::future::Future;
use std::pin::pin;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::{Instant, sleep_until, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::access::AccessToken;
use super::client::Pool;
use super::denial::{Denial, Denials};
use super::errors::{self, Failure};
use super::origin::Origin;
use super::outbound::{OutboundHttp, rebuilt};
use super::request_body::RequestBody;
use super::response_body::BoundedBody;
use super::timing::{RequestTimeouts, Timing};

/// How many requests one call may make. The operation needs fewer than ten.
const MAX_REQUESTS: usize = 64;

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
    pub(super) fn new(http: OutboundHttp, deadline: Instant) -> Self {
        Self { http, deadline, requests: 0, denials: Denials::default() }
    }

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
