//! The answers that one call's questions got, and the same answers again for another version of the operation.
//!
//! A [`Tape`] listens while a call is resolved. From a [`Replay`] of it another version gets the same answers, after as long a wait, without
//! anything being sent. Only for a question that the call did not ask a request goes out, as a GET, while the circuit is closed and the greater
//! part of the rate budget is free: it must not take a live call's turn. Else it is [left unanswered](Replay::left_unanswered).

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

use super::circuit::CircuitState;
use super::course::Admitted;
use super::errors;
use super::exchange::{Entry, Fate};
use super::flight::Failed;
use super::outbound::OutboundHttp;
use super::response_body::SharedBody;
use super::timing::Timing;

/// The most bytes of bodies that are kept of one call. More than amoCRM's answers to it have.
const MOST_BYTES: usize = 1024 * 1024;

/// The answers of one call; a clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape(Arc<Mutex<Recording>>);

#[derive(Debug, Default)]
struct Recording {
    answers: Vec<Recorded>,
    bytes: usize,
    overflowed: bool,
}

/// The head of an answer, or the failure, and how long it took.
type Heard = (Duration, Result<(StatusCode, HeaderMap), Error>);

#[derive(Debug)]
struct Recorded {
    uri: Uri,
    asked: Instant,
    /// None where nobody waited for it to the end.
    outcome: Option<Heard>,
    body: Vec<Bytes>,
    /// How the body ended, as far as it was read.
    end: Option<Result<(), Error>>,
}

impl Tape {
    /// Whether there was too much to keep.
    pub(crate) fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    /// A question that is asked now. Other requests than GETs are not kept.
    pub(super) fn begin(&self, admitted: &Admitted) -> Option<usize> {
        if admitted.request.method() != Method::GET {
            return None;
        }
        let mut recording = self.lock();
        let uri = admitted.request.uri().clone();
        recording.answers.push(Recorded { uri, asked: Instant::now(), outcome: None, body: Vec::new(), end: None });
        Some(recording.answers.len() - 1)
    }

    /// Its answer, whose body is listened to while it is read.
    pub(super) fn answered(
        &self,
        index: Option<usize>,
        answer: Result<Response<SharedBody>, Failed>,
    ) -> Result<Response<WasiBody>, Failed> {
        let Some(index) = index else { return answer.map(|response| response.map(BodyExt::boxed_unsync)) };
        self.change(index, |recorded| {
            let outcome = match &answer {
                Ok(response) => Ok((response.status(), response.headers().clone())),
                Err(failed) => Err(errors::copy(&failed.error)),
            };
            recorded.outcome = Some((recorded.asked.elapsed(), outcome));
        });
        answer.map(|response| response.map(|body| Listening { body, tape: self.clone(), index }.boxed_unsync()))
    }

    fn append(&self, index: usize, bytes: &Bytes) {
        let mut recording = self.lock();
        recording.bytes += bytes.len();
        recording.overflowed |= recording.bytes > MOST_BYTES;
        if !recording.overflowed
            && let Some(recorded) = recording.answers.get_mut(index)
        {
            recorded.body.push(bytes.clone());
        }
    }

    fn change(&self, index: usize, change: impl FnOnce(&mut Recorded)) {
        if let Some(recorded) = self.lock().answers.get_mut(index) {
            change(recorded);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that is listened to while the component reads it.
struct Listening {
    body: SharedBody,
    tape: Tape,
    index: usize,
}

impl Body for Listening {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(bytes) = frame.data_ref() {
                    self.tape.append(self.index, bytes);
                }
            }
            Poll::Ready(Some(Err(error))) => self.tape.change(self.index, |recorded| {
                recorded.end = Some(Err(errors::copy(error)));
            }),
            Poll::Ready(None) => self.tape.change(self.index, |recorded| {
                recorded.end.get_or_insert(Ok(()));
            }),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Who knows the length does not ask for more.
        if self.body.is_end_stream() {
            self.tape.change(self.index, |recorded| {
                recorded.end.get_or_insert(Ok(()));
            });
        }
    }
}

/// The answers of a tape for one other call; a clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Replay(Arc<Playing>);

#[derive(Debug)]
struct Playing {
    tape: Tape,
    /// How often a question was asked: the second time it gets the second answer.
    asked: Mutex<HashMap<Uri, usize>>,
    /// Where requests go out from. Connections are shared with live calls, so they are driven where those are.
    live: Handle,
    unanswered: AtomicBool,
}

/// What a tape has for a question.
struct Found {
    outcome: Option<Heard>,
    frames: Vec<Result<Frame<Bytes>, Error>>,
}

impl Replay {
    /// The answers of a tape; requests go out from that runtime.
    pub(crate) fn new(tape: Tape, live: Handle) -> Self {
        Self(Arc::new(Playing { tape, asked: Mutex::default(), live, unanswered: AtomicBool::new(false) }))
    }

    /// Whether a question was left unanswered, so that what came out says nothing.
    pub(crate) fn left_unanswered(&self) -> bool {
        self.0.unanswered.load(Ordering::Relaxed)
    }

    pub(super) async fn answer(
        &self,
        http: &OutboundHttp,
        admitted: Admitted,
        timing: Timing,
        entry: Entry,
    ) -> Result<Response<WasiBody>, Failed> {
        let found = match *admitted.request.method() {
            Method::GET => self.find(admitted.request.uri()),
            // It would act.
            _ => return Err(Error::HttpRequestDenied.into()),
        };
        let Some(Found { outcome, frames }) = found else {
            return self.ask(http, admitted, timing, entry).await;
        };
        entry.fate(Fate::Shared);
        let limit = timing.first_byte();
        let Some((took, outcome)) = outcome else {
            sleep_until(limit.at).await;
            return Err(limit.error.into());
        };
        let here = Instant::now() + took;
        if here > limit.at {
            sleep_until(limit.at).await;
            return Err(limit.error.into());
        }
        sleep_until(here).await;
        let (status, headers) = outcome?;
        let mut response = Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    fn find(&self, uri: &Uri) -> Option<Found> {
        let recording = self.0.tape.lock();
        let mut asked = self.0.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = asked.entry(uri.clone()).or_default();
        let recorded = recording.answers.iter().filter(|recorded| recorded.uri == *uri).nth(*nth)?;
        *nth += 1;
        let outcome = recorded.outcome.as_ref().map(|(took, outcome)| {
            let outcome = match outcome {
                Ok((status, headers)) => Ok((*status, headers.clone())),
                Err(error) => Err(errors::copy(error)),
            };
            (*took, outcome)
        });
        let mut frames: Vec<_> = recorded.body.iter().map(|bytes| Ok(Frame::data(bytes.clone()))).collect();
        match &recorded.end {
            Some(Ok(())) => {}
            Some(Err(error)) => frames.push(Err(errors::copy(error))),
            None => frames.push(Err(Error::HttpResponseIncomplete)),
        }
        Some(Found { outcome, frames })
    }

    async fn ask(
        &self,
        http: &OutboundHttp,
        admitted: Admitted,
        timing: Timing,
        entry: Entry,
    ) -> Result<Response<WasiBody>, Failed> {
        let http = http.clone();
        let asking = self.0.live.spawn(async move {
            // One after another: of several at once each would find the same turns free.
            let _alone = http.0.aside.lock().await;
            let free = http.0.circuit.state() == CircuitState::Closed && http.0.budget.is_idle();
            if free { Some(http.answer(admitted, timing, &entry).await) } else { None }
        });
        let Some(answer) = asking.await.map_err(|_| Failed::from(Error::ConnectionTerminated))? else {
            self.0.unanswered.store(true, Ordering::Relaxed);
            return Err(Error::ConnectionLimitReached.into());
        };
        let answer = answer?;
        Ok(answer.map(BodyExt::boxed_unsync))
    }
}
