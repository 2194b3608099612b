//! One request on its way: circuit, turn, connection, answer, body. It runs in a task of its own, for all who wait for its answer.
//!
//! Budget and circuit are for the requests that the account's server limits, as its [`AccountPolicy`](super::policy::AccountPolicy) says; other
//! granted servers have rules of their own.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::connect::capture_connection;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use wasmtime_wasi_http::Error;

use super::access::AccessToken;
use super::budget::{Admission, Permit, QueueSlot, SendPermit, TooLate};
use super::circuit::{CircuitCause, CircuitState, Pass};
use super::client::Pool;
use super::connection::History;
use super::errors::{self, RequestFailure};
use super::outbound::{Admitted, OutboundHttp};
use super::policy::{Rest, Verdict};
use super::request_body::RequestBody;
use super::single_flight::{self, BodyPiece, Failed, Head, Refusal, RequestHandle, RequestKey, SharedRequest, Stage};

/// How long the body of a refusal is waited for, and how much of it is read, to learn how long to rest.
const REST_IS_STATED_WITHIN: Duration = Duration::from_millis(100);
const MAX_STATED_BYTES: usize = 4 * 1024;

/// A hold on a request under way.
pub(super) struct Joined {
    pub(super) handle: RequestHandle,
    /// Somebody else had begun it.
    pub(super) shared: bool,
}

/// What a request has of the budget.
enum Start {
    /// The budget does not count it.
    Free,
    Permit(Permit),
    Queued(Arc<QueueSlot>),
}

struct RequestTask {
    http: OutboundHttp,
    shared_request: Arc<SharedRequest>,
    token: Option<AccessToken>,
}

impl OutboundHttp {
    /// Starts a request, or joins one under way that asks the same.
    ///
    /// Refused at once where the circuit is open, or where its turn would come after `latest`. Nobody waits for it after `patience`.
    pub(super) fn start_or_join(
        &self,
        admitted: Admitted,
        latest: Instant,
        patience: Instant,
    ) -> Result<Joined, Failed> {
        let Admitted { token, to_account, request, .. } = admitted;
        let shared = &self.0;
        let key = key(&request);
        let mut by_uri = shared.single_flight.open();
        if let Some(shared_request) = key.as_ref().and_then(|key| single_flight::find(&by_uri, key)) {
            return match shared_request.foreseen().filter(|foreseen| *foreseen > latest) {
                Some(foreseen) => Err(too_late(TooLate { foreseen })),
                None => {
                    Ok(Joined { handle: shared_request.join(&shared.single_flight, latest, patience), shared: true })
                }
            };
        }
        let start = match shared.policy.is_limited(to_account) {
            false => Start::Free,
            true => {
                shared.circuit.check().map_err(tripped)?;
                match shared.budget.join(latest).map_err(too_late)? {
                    Admission::Now(permit) => Start::Permit(permit),
                    Admission::Queued(slot) => Start::Queued(Arc::new(slot)),
                }
            }
        };
        let slot = if let Start::Queued(slot) = &start { Some(Arc::clone(slot)) } else { None };
        let shared_request = SharedRequest::new(key, slot);
        let handle = shared_request.join(&shared.single_flight, latest, patience);
        single_flight::add(&mut by_uri, &shared_request);
        drop(by_uri);
        let task = RequestTask { http: self.clone(), shared_request: Arc::clone(&shared_request), token };
        shared_request.run_by(tokio::spawn(task.run(start, request)).abort_handle());
        Ok(Joined { handle, shared: false })
    }
}

/// What can be asked for several at once: a question without a body.
fn key(request: &Request<RequestBody>) -> Option<RequestKey> {
    let asks = request.method() == Method::GET && request.body().is_end_stream();
    asks.then(|| RequestKey { uri: request.uri().clone(), headers: request.headers().clone() })
}

fn too_late(TooLate { foreseen }: TooLate) -> Failed {
    Failed::here(Refusal::Budget(foreseen), Error::ConnectionLimitReached)
}

/// An account that is blocked is not spoken to; a limit that is reached is a limit.
fn tripped(state: CircuitState) -> Failed {
    let error = match state {
        CircuitState::Open { cause: CircuitCause::Blocked, .. }
        | CircuitState::HalfOpen { cause: CircuitCause::Blocked } => Error::HttpRequestDenied,
        _ => Error::ConnectionLimitReached,
    };
    Failed::here(Refusal::Circuit(state), error)
}

impl RequestTask {
    async fn run(self, start: Start, request: Request<RequestBody>) {
        match self.exchange(start, request).await {
            Ok((head, body)) => {
                self.shared_request.answered(Ok(head));
                if !self.shared_request.has_ended() {
                    self.read_body(body).await;
                }
            }
            Err(failed) => self.shared_request.answered(Err(failed)),
        }
        self.http.0.single_flight.close(&self.shared_request);
    }

    /// As far as the head of the answer.
    async fn exchange(&self, start: Start, request: Request<RequestBody>) -> Result<(Head, LimitedBody), Failed> {
        let shared = &self.http.0;
        let permit = match start {
            Start::Free => None,
            Start::Permit(permit) => Some(permit),
            Start::Queued(slot) => Some(slot.permit().await),
        };
        // Much may have happened while it waited.
        let pass = match &permit {
            None => None,
            Some(_) => Some(shared.circuit.pass().map_err(tripped)?),
        };
        self.shared_request.reached(Stage::Connecting);
        // Held until the body was read. It is refused only where the pool is gone, and then the request fails too.
        let room = Arc::clone(&shared.room).acquire_owned().await.ok();
        let uri = request.uri().clone();
        let answer = self.send(permit, request).await?;
        if let (Some(access), Some(token)) = (&shared.access, &self.token) {
            match answer.status() {
                StatusCode::UNAUTHORIZED => access.refused(token),
                status if status == StatusCode::NOT_FOUND || status.is_redirection() => access.misdirected(token),
                _ => {}
            }
        }
        let verdict = shared.policy.judge(answer.status(), answer.headers(), shared.clock.now());
        if let (Some(watcher), Some(_), Verdict::Accepted) = (&shared.watcher, &pass, verdict) {
            watcher.answered(uri.path(), answer.status());
        }
        let (head, body) = answer.into_parts();
        let length = body.size_hint().exact();
        let mut body = LimitedBody { body, received: 0, most: shared.max_response_bytes, _room: room };
        if let Some(pass) = pass {
            self.judge(pass, verdict, &mut body).await;
        }
        let circuit = shared.circuit.state();
        Ok((Head { status: head.status, headers: head.headers, length, circuit }, body))
    }

    /// Sends a request; a question once more, on a new connection, where its connection broke before any byte of an answer came and the budget
    /// has another turn in time: whatever goes out is counted.
    ///
    /// The pool itself retries only while nothing of the request has been written to a kept connection.
    async fn send(
        &self,
        permit: Option<Permit>,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, RequestFailure> {
        let shared = &self.http.0;
        let counted = permit.is_some();
        let (head, body) = request.into_parts();
        let again = (head.method == Method::GET && body.is_end_stream()).then(|| head.clone());
        match (self.attempt(&shared.pool, permit, Request::from_parts(head, body)).await, again) {
            (Err(failure), Some(head)) if failure.broke_unanswered => {
                let permit = match counted.then(|| shared.budget.join(self.shared_request.latest())) {
                    None => None,
                    Some(Ok(Admission::Now(permit))) => Some(permit),
                    Some(Ok(Admission::Queued(slot))) => Some(slot.permit().await),
                    Some(Err(_)) => return Err(failure),
                };
                self.shared_request.repeat();
                let body = RequestBody::empty(self.shared_request.patience());
                self.attempt(&shared.unkept, permit, Request::from_parts(head, body)).await
            }
            (outcome, _) => outcome,
        }
    }

    async fn attempt(
        &self,
        pool: &Pool,
        permit: Option<Permit>,
        mut request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, RequestFailure> {
        let permit = SendPermit::new(permit);
        let mut connection = capture_connection(&mut request);
        let mut answer = pin!(pool.request(request));
        let early = tokio::select! {
            biased;
            answer = &mut answer => Some(answer),
            connected = connection.wait_for_connection_metadata() => {
                let mut known = http::Extensions::new();
                if let Some(connected) = connected.as_ref() {
                    connected.get_extras(&mut known);
                }
                if let Some(history) = known.get::<History>() {
                    history.carries(&permit);
                }
                None
            }
        };
        // It may have failed before its connection was looked at: with one, it went out.
        if early.is_some() && connection.connection_metadata().is_some() {
            permit.spend();
        }
        self.shared_request.reached(Stage::Sent);
        let answer = match early {
            Some(answer) => answer,
            None => answer.await,
        };
        // What is answered was written, whether or not its connection could be watched.
        answer.inspect(|_| permit.spend()).map_err(|error| errors::from_client(&error))
    }

    /// Tells the circuit what the answer means for it.
    async fn judge(&self, pass: Pass, verdict: Verdict, body: &mut LimitedBody) {
        let watcher = self.http.0.watcher.as_ref();
        match verdict {
            Verdict::Accepted => {
                if pass.accepted()
                    && let Some(watcher) = watcher
                {
                    watcher.circuit_closed();
                }
            }
            Verdict::Refused(cause, rest) => {
                let stated = match rest {
                    Rest::Unstated => None,
                    Rest::Stated(rest) => Some(rest),
                    Rest::InBody => self.stated_in_body(body).await,
                };
                if pass.refused(cause, stated)
                    && let Some(watcher) = watcher
                {
                    watcher.circuit_opened(cause);
                }
            }
        }
    }

    /// What is read here is passed on like the rest of the body.
    async fn stated_in_body(&self, body: &mut LimitedBody) -> Option<Duration> {
        let mut text = Vec::new();
        let reading = async {
            while text.len() < MAX_STATED_BYTES {
                match body.next().await {
                    Some(Ok(piece)) => {
                        if let BodyPiece::Data(bytes) = &piece {
                            text.extend_from_slice(bytes);
                        }
                        self.shared_request.append(piece);
                    }
                    Some(Err(error)) => return self.shared_request.ended(Err(error)),
                    None => return self.shared_request.ended(Ok(())),
                }
            }
        };
        let _ = timeout(REST_IS_STATED_WITHIN, reading).await;
        self.http.0.policy.rest_in(&text)
    }

    async fn read_body(&self, mut body: LimitedBody) {
        loop {
            match body.next().await {
                Some(Ok(piece)) => self.shared_request.append(piece),
                Some(Err(error)) => return self.shared_request.ended(Err(error)),
                None => return self.shared_request.ended(Ok(())),
            }
        }
    }
}

/// A body on its way in, bounded in size.
struct LimitedBody {
    body: Incoming,
    received: u64,
    most: u64,
    _room: Option<OwnedSemaphorePermit>,
}

impl LimitedBody {
    async fn next(&mut self) -> Option<Result<BodyPiece, Error>> {
        // A declared length is believed when it is too large: nothing of such a body is read.
        let declared = self.received.saturating_add(self.body.size_hint().lower());
        if declared > self.most {
            return Some(Err(Error::HttpResponseBodySize(Some(declared))));
        }
        let frame = match self.body.frame().await? {
            Ok(frame) => frame,
            Err(error) => return Some(Err(errors::from_body(error))),
        };
        let piece = match frame.into_data() {
            Ok(bytes) => BodyPiece::Data(bytes),
            Err(frame) => BodyPiece::Trailers(frame.into_trailers().unwrap_or_default()),
        };
        if let BodyPiece::Data(bytes) = &piece {
            self.received = self.received.saturating_add(bytes.len() as u64);
        }
        if self.received > self.most {
            return Some(Err(Error::HttpResponseBodySize(Some(self.received))));
        }
        Some(Ok(piece))
    }
}
