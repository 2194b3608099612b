//! A request under way, and everybody who waits for its answer.
//!
//! Identical questions asked while one of them is under way are one request. They share its answer and nothing else: the exchange runs in a
//! task of its own, each who waits keeps its own bounds and leaves when it likes, and only when the last one has left is the exchange given
//! up and its connection closed. The answer's body is kept while the request lasts, so that each reads it at its own pace and from its
//! beginning. Once it is complete nobody joins any more: nothing is cached.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use wasmtime_wasi_http::Error;

use super::budget::QueueSlot;
use super::circuit::CircuitState;
use super::errors::{self, RequestFailure};

/// What makes two questions the same: where they go and all their headers, the access token among them. Both are bodiless GETs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestKey {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It waits for its turn.
    Queued,
    /// Its connection is being opened.
    Connecting,
    /// It went out.
    Sent,
    /// The head of its answer is here, or it failed.
    Answered,
}

/// Why a request brought no answer.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// The name leads only to addresses that are refused, this one among them.
    pub(crate) prohibited: Option<IpAddr>,
    /// It was refused here.
    pub(crate) refusal: Option<Refusal>,
}

/// Why a request was refused here, unspent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its turn would have come then, too late.
    Budget(Instant),
    /// The circuit was not closed.
    Circuit(CircuitState),
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The length of the body, where it is known.
    pub(crate) length: Option<u64>,
    /// The circuit after it.
    pub(crate) circuit: CircuitState,
}

/// A piece of a body.
#[derive(Clone, Debug)]
pub(crate) enum BodyPiece {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct SharedRequest {
    key: Option<RequestKey>,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    stage: Stage,
    /// Its slot in the queue, as long as it waits there.
    slot: Option<Arc<QueueSlot>>,
    repeated: bool,
    outcome: Option<Result<Head, Failed>>,
    pieces: Vec<BodyPiece>,
    /// How the body ended.
    end: Option<Result<(), Error>>,
    waiting: usize,
    /// Until when a turn is of use to somebody.
    latest: Instant,
    /// Until when somebody may wait.
    patience: Instant,
    /// Woken in the order of their arrival: who waited first asks on first, and the same world takes the same course every time.
    wakers: BTreeMap<usize, Waker>,
    arrivals: usize,
    task: Option<AbortHandle>,
}

/// The hold that one caller has on a request under way. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct RequestHandle {
    single_flight: SingleFlight,
    request: Arc<SharedRequest>,
    number: usize,
}

/// The requests of one integration that others can join; a clone is the same set.
#[derive(Clone, Debug, Default)]
pub(crate) struct SingleFlight(Arc<Mutex<ByUri>>);

/// The requests that can be joined, by address.
pub(crate) type ByUri = HashMap<Uri, Vec<Arc<SharedRequest>>>;

impl SingleFlight {
    /// Opens the set, for finding or adding a request in one step.
    pub(crate) fn open(&self) -> MutexGuard<'_, ByUri> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody joins this one any more.
    pub(crate) fn close(&self, request: &Arc<SharedRequest>) {
        remove(&mut self.open(), request);
    }

    fn leave(&self, request: &Arc<SharedRequest>, number: usize) {
        // The set first, so that nobody joins a request that is being given up.
        let mut by_uri = self.open();
        let mut progress = request.progress();
        progress.wakers.remove(&number);
        progress.waiting -= 1;
        if progress.waiting == 0 {
            progress.slot = None;
            if let Some(task) = progress.task.take() {
                task.abort();
            }
            drop(progress);
            remove(&mut by_uri, request);
        }
    }
}

/// A request under way that asks the same.
pub(crate) fn find(by_uri: &ByUri, key: &RequestKey) -> Option<Arc<SharedRequest>> {
    let same = |request: &&Arc<SharedRequest>| {
        request.key.as_ref().is_some_and(|known| known == key) && request.progress().end.is_none()
    };
    by_uri.get(&key.uri)?.iter().find(same).cloned()
}

/// Lets others find a request, if it has a key.
pub(crate) fn add(by_uri: &mut ByUri, request: &Arc<SharedRequest>) {
    if let Some(RequestKey { uri, .. }) = &request.key {
        by_uri.entry(uri.clone()).or_default().push(Arc::clone(request));
    }
}

fn remove(by_uri: &mut ByUri, request: &Arc<SharedRequest>) {
    if let Some(RequestKey { uri, .. }) = &request.key
        && let Some(requests) = by_uri.get_mut(uri)
    {
        requests.retain(|other| !Arc::ptr_eq(other, request));
        if requests.is_empty() {
            by_uri.remove(uri);
        }
    }
}

impl SharedRequest {
    /// A request that nobody waits for yet; one with a key can be joined once it is [added](add).
    pub(crate) fn new(key: Option<RequestKey>, slot: Option<Arc<QueueSlot>>) -> Arc<Self> {
        let stage = if slot.is_some() { Stage::Queued } else { Stage::Connecting };
        Arc::new(Self {
            key,
            progress: Mutex::new(Progress {
                stage,
                slot,
                repeated: false,
                outcome: None,
                pieces: Vec::new(),
                end: None,
                waiting: 0,
                latest: Instant::now(),
                patience: Instant::now(),
                wakers: BTreeMap::new(),
                arrivals: 0,
                task: None,
            }),
        })
    }

    /// One more waits: for a turn until `latest`, and altogether until `patience` at most.
    pub(crate) fn join(
        self: &Arc<Self>,
        single_flight: &SingleFlight,
        latest: Instant,
        patience: Instant,
    ) -> RequestHandle {
        let mut progress = self.progress();
        let number = progress.arrivals;
        progress.arrivals += 1;
        progress.waiting += 1;
        progress.latest = progress.latest.max(latest);
        progress.patience = progress.patience.max(patience);
        RequestHandle { single_flight: single_flight.clone(), request: Arc::clone(self), number }
    }

    /// The task that sends it, to be ended when all have left.
    pub(crate) fn run_by(&self, task: AbortHandle) {
        self.progress().task = Some(task);
    }

    /// When its turn comes, as long as it waits for it.
    pub(crate) fn foreseen(&self) -> Option<Instant> {
        let slot = self.progress().slot.clone();
        slot.map(|slot| slot.foreseen())
    }

    /// Until when a turn of it is of use to somebody.
    pub(crate) fn latest(&self) -> Instant {
        self.progress().latest
    }

    /// Until when somebody may wait for it.
    pub(crate) fn patience(&self) -> Instant {
        self.progress().patience
    }

    /// It has come further.
    pub(crate) fn reached(&self, stage: Stage) {
        self.advance(|progress| {
            progress.stage = progress.stage.max(stage);
            progress.slot = None;
        });
    }

    /// Its connection broke before any of the answer came, and it goes out once more.
    pub(crate) fn repeat(&self) {
        self.progress().repeated = true;
    }

    /// The head of its answer is here, or it failed and is over.
    pub(crate) fn answered(&self, outcome: Result<Head, Failed>) {
        self.advance(|progress| {
            if outcome.is_err() {
                progress.end = Some(Ok(()));
            }
            progress.stage = Stage::Answered;
            progress.slot = None;
            progress.outcome = Some(outcome);
        });
    }

    /// More of the body is here.
    pub(crate) fn append(&self, piece: BodyPiece) {
        self.advance(|progress| progress.pieces.push(piece));
    }

    /// The body is over.
    pub(crate) fn ended(&self, end: Result<(), Error>) {
        self.advance(|progress| progress.end = Some(end));
    }

    /// Whether the body is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.progress().end.is_some()
    }

    fn advance(&self, change: impl FnOnce(&mut Progress)) {
        let wakers = {
            let mut progress = self.progress();
            change(&mut progress);
            std::mem::take(&mut progress.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestHandle {
    /// Waits until the request has come further than this.
    pub(crate) async fn past(&self, stage: Stage) {
        poll_fn(|cx| self.look(cx, |progress| (progress.stage > stage).then_some(()))).await;
    }

    /// How it was answered. Only for a request that is past [`Stage::Sent`].
    pub(crate) fn outcome(&self) -> Result<Head, Failed> {
        match &self.request.progress().outcome {
            Some(Ok(head)) => Ok(head.clone()),
            Some(Err(failed)) => Err(failed.copy()),
            None => Err(Error::ConnectionTerminated.into()),
        }
    }

    /// When its turn comes, as long as it waits for it.
    pub(crate) fn foreseen(&self) -> Option<Instant> {
        self.request.foreseen()
    }

    /// Whether it went out once more.
    pub(crate) fn is_repeated(&self) -> bool {
        self.request.progress().repeated
    }

    /// The piece of this number; `None` after the last.
    pub(crate) fn poll_piece(&self, cx: &mut Context<'_>, number: usize) -> Poll<Option<Result<BodyPiece, Error>>> {
        self.look(cx, |progress| match (progress.pieces.get(number), &progress.end) {
            (Some(piece), _) => Some(Some(Ok(piece.clone()))),
            (None, Some(Ok(()))) => Some(None),
            (None, Some(Err(error))) => Some(Some(Err(errors::copy(error)))),
            (None, None) => None,
        })
    }

    /// Whether the body has ended well before the piece of this number.
    pub(crate) fn ends_before(&self, number: usize) -> bool {
        let progress = self.request.progress();
        number >= progress.pieces.len() && matches!(progress.end, Some(Ok(())))
    }

    /// Looks for something; if it is not there yet, the next advance wakes this one to look again.
    fn look<T>(&self, cx: &mut Context<'_>, find: impl FnOnce(&Progress) -> Option<T>) -> Poll<T> {
        let mut progress = self.request.progress();
        match find(&progress) {
            Some(found) => Poll::Ready(found),
            None => {
                progress.wakers.insert(self.number, cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for RequestHandle {
    fn drop(&mut self) {
        self.single_flight.leave(&self.request, self.number);
    }
}

impl Failed {
    /// Refused here, with the error that the component gets: a limit reached, or a request denied where the account is blocked.
    pub(crate) fn here(refusal: Refusal, error: Error) -> Self {
        Self { error, prohibited: None, refusal: Some(refusal) }
    }

    fn copy(&self) -> Self {
        Self { error: errors::copy(&self.error), prohibited: self.prohibited, refusal: self.refusal }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, prohibited: None, refusal: None }
    }
}

impl From<RequestFailure> for Failed {
    fn from(failure: RequestFailure) -> Self {
        Self { error: failure.error, prohibited: failure.prohibited, refusal: None }
    }
}
