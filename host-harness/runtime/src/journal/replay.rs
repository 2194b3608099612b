//! The answers that one call was given, given again.
//!
//! *Alone* ([`Replay::exactly`], [`Replay::by_question`]) nothing is ever sent: a recording is resolved again. *Beside the network*
//! ([`Replay::beside`]) another version of the operation gets the answers of a live call; only for a question that the call did not ask a request
//! goes out, as a GET, while the circuit is closed and the greater part of the rate budget is free: it must not take a live call's turn.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::entry::{Entry, Import};
use super::http::{HttpAnswer, HttpAsk, HttpEnd, Piece, PieceKind};
use crate::capabilities::http::{CallHttp, Outgoing, RequestBody, Responding, Timing};

/// The answers of one call for one other call; a clone is the same one.
#[derive(Clone, Debug)]
pub struct Replay(Arc<Answers>);

#[derive(Debug)]
struct Answers {
    asked: Vec<AskedRequest>,
    mode: ReplayMode,
    /// How many questions there were.
    questions: AtomicUsize,
    /// How often a question was asked: the second time it gets the second answer.
    times: Mutex<HashMap<(Method, String), usize>>,
    unanswered: Mutex<Vec<String>>,
}

#[derive(Debug)]
struct AskedRequest {
    at: Duration,
    ask: HttpAsk,
}

/// Which answer a question gets.
#[derive(Debug)]
enum ReplayMode {
    /// The answer in its place, when it came.
    Exactly,
    /// The answer to the same question, after as long a wait.
    ByQuestion,
    /// The same; others are asked of the servers, from this runtime. Connections are shared with live calls, so they are driven where those are.
    Beside(Handle),
}

impl Replay {
    /// Question by question in their order, whatever is asked.
    pub fn exactly(entries: &[Entry]) -> Self {
        Self::new(entries, ReplayMode::Exactly)
    }

    /// The answers to the same questions. To any other there is none.
    pub fn by_question(entries: &[Entry]) -> Self {
        Self::new(entries, ReplayMode::ByQuestion)
    }

    /// The answers to the same questions, and the servers' to others.
    pub fn beside(entries: &[Entry], live: Handle) -> Self {
        Self::new(entries, ReplayMode::Beside(live))
    }

    fn new(entries: &[Entry], mode: ReplayMode) -> Self {
        let asked = entries.iter().filter_map(|entry| match &entry.import {
            Import::Http(ask) => Some(AskedRequest { at: entry.at, ask: (**ask).clone() }),
            _ => None,
        });
        Self(Arc::new(Answers {
            asked: asked.collect(),
            mode,
            questions: AtomicUsize::new(0),
            times: Mutex::default(),
            unanswered: Mutex::default(),
        }))
    }

    /// The questions to which there was no answer, so that what came out says little.
    pub fn left_unanswered(&self) -> Vec<String> {
        lock(&self.0.unanswered).clone()
    }

    fn leave_unanswered(&self, method: &Method, uri: impl ToString) {
        lock(&self.0.unanswered).push(format!("{method} {}", uri.to_string()));
    }

    /// The answer to a request of a call that began then.
    pub(super) fn send_request(
        &self,
        http: &mut CallHttp,
        began: Instant,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Box<dyn Future<Output = Result<Responding, Error>> + Send> {
        let (replay, timing) = (self.clone(), http.timing(options));
        if let ReplayMode::Beside(live) = &self.0.mode {
            let (live, admitted) = (live.clone(), http.admit(request, timing));
            return Box::new(async move { replay.answer(admitted?, &live).await.map(with_nothing_left) });
        }
        // Nobody is asked, so nothing needs to be granted. What is given up of the body is read to its end.
        let (question, body) = request.into_parts();
        drop(RequestBody::new(body, timing.deadline));
        Box::new(async move { replay.answer_alone(&question, began, timing).await.map(with_nothing_left) })
    }

    /// The answer where nothing is sent.
    async fn answer_alone(
        &self,
        question: &Parts,
        began: Instant,
        timing: Timing,
    ) -> Result<Response<WasiBody>, Error> {
        let place = self.0.questions.fetch_add(1, Ordering::Relaxed);
        if matches!(self.0.mode, ReplayMode::Exactly) {
            let Some(AskedRequest { at, ask }) = self.0.asked.get(place) else {
                return Err(Error::DestinationUnavailable);
            };
            // Nobody waited for it then, nor does anybody now.
            let Some(HttpAnswer { after, end }) = &ask.answer else { return std::future::pending().await };
            let asked = began + *at;
            sleep_until(asked + *after).await;
            return given(end, asked, None);
        }
        let Some(ask) = self.find(&question.method, &question.uri) else {
            self.leave_unanswered(&question.method, &question.uri);
            return Err(Error::DestinationUnavailable);
        };
        as_then(ask, timing).await
    }

    /// The answer beside the network.
    async fn answer(&self, outgoing: Outgoing, live: &Handle) -> Result<Response<WasiBody>, Error> {
        if outgoing.method() != Method::GET {
            // It would act.
            return Err(Error::HttpRequestDenied);
        }
        if let Some(ask) = self.find(outgoing.method(), outgoing.uri()) {
            let timing = outgoing.timing();
            outgoing.shared();
            return as_then(ask, timing).await;
        }
        let uri = outgoing.uri().to_string();
        outgoing.send_if_idle(live).await.unwrap_or_else(|| {
            self.leave_unanswered(&Method::GET, uri);
            Err(Error::ConnectionLimitReached)
        })
    }

    fn find(&self, method: &Method, uri: &http::Uri) -> Option<&HttpAsk> {
        let uri = uri.to_string();
        let same = |asked: &&AskedRequest| asked.ask.method == method.as_str() && asked.ask.uri == uri;
        let mut times = lock(&self.0.times);
        let time = times.entry((method.clone(), uri.clone())).or_default();
        let found = self.0.asked.iter().filter(same).nth(*time)?;
        *time += 1;
        Some(&found.ask)
    }
}

fn with_nothing_left(response: Response<WasiBody>) -> Responding {
    (response, Box::new(async { Ok(()) }))
}

/// The answer after as long a wait as then, inside the bounds of now.
async fn as_then(ask: &HttpAsk, timing: Timing) -> Result<Response<WasiBody>, Error> {
    let (asked, limit) = (Instant::now(), timing.first_byte());
    let here = ask.answer.as_ref().map(|answer| asked + answer.after).filter(|here| *here <= limit.at);
    match (&ask.answer, here) {
        (Some(answer), Some(here)) => {
            sleep_until(here).await;
            given(&answer.end, asked, Some(timing))
        }
        _ => {
            sleep_until(limit.at).await;
            Err(limit.error)
        }
    }
}

/// An answer to a question of that time; bounded where it is not given exactly.
fn given(end: &HttpEnd, asked: Instant, bounded: Option<Timing>) -> Result<Response<WasiBody>, Error> {
    let (status, headers, body) = match end {
        HttpEnd::Failed(error) => return Err(error.clone().into()),
        HttpEnd::Answered { status, headers, body } => (*status, headers, body),
    };
    let body = ReplayedBody {
        pieces: body.iter().cloned().collect(),
        asked,
        bounded,
        waiting: None,
        pended: false,
        ended: false,
    };
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).map_err(|_| Error::HttpProtocolError)?;
    *response.headers_mut() = headers
        .iter()
        .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(&value.0).ok()?)))
        .collect::<HeaderMap>();
    Ok(response)
}

/// A body, piece by piece as it was read.
struct ReplayedBody {
    pieces: VecDeque<Piece>,
    asked: Instant,
    /// Absent where what nobody waited for never comes.
    bounded: Option<Timing>,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Whether the reader was told once that the next piece is not there yet.
    pended: bool,
    ended: bool,
}

impl ReplayedBody {
    /// Waits for the next piece, or for the bound.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        // What was there at once is there at once again.
        let here = self.pieces.front().map(|piece| if piece.waited { self.asked + piece.after } else { self.asked });
        let (at, limit) = match (here, self.bounded.map(|timing| timing.next_bytes())) {
            (None, None) => return Poll::Pending,
            (Some(here), None) => (here, None),
            (Some(here), Some(limit)) if here <= limit.at => (here, None),
            (_, Some(limit)) => (limit.at, Some(limit.error)),
        };
        if !self.pended && self.pieces.front().is_some_and(|piece| piece.waited) {
            // The reader found nothing at first, however short the wait is by this clock.
            self.pended = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if at > Instant::now() {
            let sleep = self.waiting.get_or_insert_with(|| Box::pin(sleep_until(at)));
            ready!(sleep.as_mut().poll(cx));
        }
        (self.waiting, self.pended) = (None, false);
        if let Some(error) = limit {
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(match self.pieces.pop_front().map(|piece| piece.kind) {
            None | Some(PieceKind::End(_)) => None,
            Some(PieceKind::Bytes(bytes)) => Some(Ok(Frame::data(bytes.0))),
            Some(PieceKind::Failed(error)) => Some(Err(error.into())),
        })
    }
}

impl Body for ReplayedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let polled = self.poll_next(cx);
        self.ended = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
