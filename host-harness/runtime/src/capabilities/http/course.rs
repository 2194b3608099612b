//! The course of one request: circuit, turn, connection, answer, body. It runs in a task of its own, for whoever waits for the flight.
//!
//! Budget and circuit are for the requests that the account's server limits, as its [`AccountPolicy`](super::policy::AccountPolicy) says; other
//! granted servers have rules of their own.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::connect::capture_connection;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use wasmtime_wasi_http::Error;

use super::access::AccessToken;
use super::budget::{Admission, Departure, Place, TooLate, Turn};
use super::circuit::{CircuitCause, CircuitState, Pass};
use super::client::Pool;
use super::connection::History;
use super::errors::{self, Failure};
use super::flight::{self, Failed, Flight, Head, Piece, Question, Refusal, Stage, Waiter};
use super::origin::Origin;
use super::outbound::OutboundHttp;
use super::policy::{Rest, Verdict};
use super::request_body::RequestBody;

/// How long the body of a refusal is waited for, and how much of it is read, to learn how long to rest.
const REST_IS_STATED_WITHIN: Duration = Duration::from_millis(100);
const MAX_STATED_BYTES: usize = 4 * 1024;

/// A request that may be sent.
pub(super) struct Admitted {
    pub(super) origin: Origin,
    /// The access token in it, if it carries one.
    pub(super) token: Option<AccessToken>,
    pub(super) request: Request<RequestBody>,
}

/// A place in a flight.
pub(super) struct Boarded {
    pub(super) waiter: Waiter,
    /// Somebody else had begun it.
    pub(super) shared: bool,
}

/// What a request has of the budget.
enum Start {
    /// It is no business of the budget's.
    Free,
    Turn(Turn),
    Place(Arc<Place>),
}

struct Course {
    http: OutboundHttp,
    flight: Arc<Flight>,
    token: Option<AccessToken>,
}

impl OutboundHttp {
    /// Starts a request, or joins one under way that asks the same.
    ///
    /// Refused at once where the circuit is open, or where its turn would come after `latest`. Nobody waits for it after `patience`.
    pub(super) fn depart(&self, admitted: Admitted, latest: Instant, patience: Instant) -> Result<Boarded, Failed> {
        let Admitted { token, request, .. } = admitted;
        let shared = &self.0;
        let question = question(&request);
        let mut book = shared.flights.open();
        if let Some(flight) = question.as_ref().and_then(|question| flight::find(&book, question)) {
            return match flight.foreseen().filter(|foreseen| *foreseen > latest) {
                Some(foreseen) => Err(too_late(TooLate { foreseen })),
                None => Ok(Boarded { waiter: flight.join(&shared.flights, latest, patience), shared: true }),
            };
        }
        let start = match shared.policy.is_limited(token.is_some()) {
            false => Start::Free,
            true => {
                shared.circuit.check().map_err(tripped)?;
                match shared.budget.join(latest).map_err(too_late)? {
                    Admission::Turn(turn) => Start::Turn(turn),
                    Admission::Place(place) => Start::Place(Arc::new(place)),
                }
            }
        };
        let place = if let Start::Place(place) = &start { Some(Arc::clone(place)) } else { None };
        let flight = Flight::new(question, place);
        let waiter = flight.join(&shared.flights, latest, patience);
        flight::add(&mut book, &flight);
        drop(book);
        let course = Course { http: self.clone(), flight: Arc::clone(&flight), token };
        flight.flown_by(tokio::spawn(course.fly(start, request)).abort_handle());
        Ok(Boarded { waiter, shared: false })
    }
}

/// What can be asked for several at once: a question without a body.
fn question(request: &Request<RequestBody>) -> Option<Question> {
    let asks = request.method() == Method::GET && request.body().is_end_stream();
    asks.then(|| Question { uri: request.uri().clone(), headers: request.headers().clone() })
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

impl Course {
    async fn fly(self, start: Start, request: Request<RequestBody>) {
        match self.exchange(start, request).await {
            Ok((head, intake)) => {
                self.flight.landed(Ok(head));
                if !self.flight.has_ended() {
                    self.take_in(intake).await;
                }
            }
            Err(failed) => self.flight.landed(Err(failed)),
        }
        self.http.0.flights.close(&self.flight);
    }

    /// As far as the head of the answer.
    async fn exchange(&self, start: Start, request: Request<RequestBody>) -> Result<(Head, Intake), Failed> {
        let shared = &self.http.0;
        let turn = match start {
            Start::Free => None,
            Start::Turn(turn) => Some(turn),
            Start::Place(place) => Some(place.turn().await),
        };
        // Much may have happened while it waited.
        let pass = match &turn {
            None => None,
            Some(_) => Some(shared.circuit.pass().map_err(tripped)?),
        };
        self.flight.reached(Stage::Connecting);
        // Held until the body was read. It is refused only where the pool is gone, and then the request fails too.
        let room = Arc::clone(&shared.room).acquire_owned().await.ok();
        let answer = self.send(turn, request).await?;
        if let (Some(access), Some(token)) = (&shared.access, &self.token) {
            match answer.status() {
                StatusCode::UNAUTHORIZED => access.refused(token),
                status if status == StatusCode::NOT_FOUND || status.is_redirection() => access.misdirected(token),
                _ => {}
            }
        }
        let (head, body) = answer.into_parts();
        let length = body.size_hint().exact();
        let mut intake = Intake { body, received: 0, most: shared.max_response_bytes, _room: room };
        if let Some(pass) = pass {
            self.judge(pass, head.status, &head.headers, &mut intake).await;
        }
        let circuit = shared.circuit.state();
        Ok((Head { status: head.status, headers: head.headers, length, circuit }, intake))
    }

    /// Sends a request; a question once more, on a new connection, where its connection broke before any byte of an answer came and the budget
    /// has another turn in time: whatever goes out is counted.
    ///
    /// The pool itself retries only while nothing of the request has been written to a kept connection.
    async fn send(&self, turn: Option<Turn>, request: Request<RequestBody>) -> Result<Response<Incoming>, Failure> {
        let shared = &self.http.0;
        let counted = turn.is_some();
        let (head, body) = request.into_parts();
        let again = (head.method == Method::GET && body.is_end_stream()).then(|| head.clone());
        match (self.attempt(&shared.pool, turn, Request::from_parts(head, body)).await, again) {
            (Err(failure), Some(head)) if failure.broke_unanswered => {
                let turn = match counted.then(|| shared.budget.join(self.flight.latest())) {
                    None => None,
                    Some(Ok(Admission::Turn(turn))) => Some(turn),
                    Some(Ok(Admission::Place(place))) => Some(place.turn().await),
                    Some(Err(_)) => return Err(failure),
                };
                self.flight.repeat();
                let body = RequestBody::empty(self.flight.patience());
                self.attempt(&shared.unkept, turn, Request::from_parts(head, body)).await
            }
            (outcome, _) => outcome,
        }
    }

    async fn attempt(
        &self,
        pool: &Pool,
        turn: Option<Turn>,
        mut request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, Failure> {
        let departure = Departure::new(turn);
        let mut connection = capture_connection(&mut request);
        let connected = async {
            let mut known = http::Extensions::new();
            if let Some(connected) = connection.wait_for_connection_metadata().await.as_ref() {
                connected.get_extras(&mut known);
            }
            if let Some(history) = known.get::<History>() {
                history.carries(&departure);
            }
        };
        let mut answer = pin!(pool.request(request));
        let mut early = None;
        tokio::select! {
            biased;
            answer = &mut answer => early = Some(answer),
            () = connected => {}
        }
        self.flight.reached(Stage::Sent);
        let answer = match early {
            Some(answer) => answer,
            None => answer.await,
        };
        // What is answered was written, whether or not its connection could be watched.
        answer.inspect(|_| departure.gone()).map_err(|error| errors::from_client(&error))
    }

    /// Tells the circuit what the answer means for it.
    async fn judge(&self, pass: Pass, status: StatusCode, headers: &HeaderMap, intake: &mut Intake) {
        let shared = &self.http.0;
        match shared.policy.judge(status, headers, shared.clock.now()) {
            Verdict::Accepted => pass.accepted(),
            Verdict::Refused(cause, rest) => {
                let stated = match rest {
                    Rest::Unstated => None,
                    Rest::Stated(rest) => Some(rest),
                    Rest::InBody => self.stated_in_body(intake).await,
                };
                pass.refused(cause, stated);
            }
        }
    }

    /// What is read here is passed on like the rest of the body.
    async fn stated_in_body(&self, intake: &mut Intake) -> Option<Duration> {
        let mut text = Vec::new();
        let reading = async {
            while text.len() < MAX_STATED_BYTES {
                match intake.next().await {
                    Some(Ok(piece)) => {
                        if let Piece::Data(bytes) = &piece {
                            text.extend_from_slice(bytes);
                        }
                        self.flight.append(piece);
                    }
                    Some(Err(error)) => return self.flight.ended(Err(error)),
                    None => return self.flight.ended(Ok(())),
                }
            }
        };
        let _ = timeout(REST_IS_STATED_WITHIN, reading).await;
        self.http.0.policy.rest_in(&text)
    }

    async fn take_in(&self, mut intake: Intake) {
        loop {
            match intake.next().await {
                Some(Ok(piece)) => self.flight.append(piece),
                Some(Err(error)) => return self.flight.ended(Err(error)),
                None => return self.flight.ended(Ok(())),
            }
        }
    }
}

/// A body on its way in, bounded in size.
struct Intake {
    body: Incoming,
    received: u64,
    most: u64,
    _room: Option<OwnedSemaphorePermit>,
}

impl Intake {
    async fn next(&mut self) -> Option<Result<Piece, Error>> {
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
            Ok(bytes) => Piece::Data(bytes),
            Err(frame) => Piece::Trailers(frame.into_trailers().unwrap_or_default()),
        };
        if let Piece::Data(bytes) = &piece {
            self.received = self.received.saturating_add(bytes.len() as u64);
        }
        if self.received > self.most {
            return Some(Err(Error::HttpResponseBodySize(Some(self.received))));
        }
        Some(Ok(piece))
    }
}
