//! A request under way, and everybody who waits for its answer.
//!
//! Identical questions asked while one of them is under way are one request. They share its answer and nothing else: the exchange runs in a
//! task of its own, each who waits keeps its own bounds and leaves when it likes, and only when the last one has left is the exchange given
//! up and its connection closed. The answer's body is kept while the flight lasts, so that each reads it at its own pace and from its
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

use super::budget::Place;
use super::circuit::CircuitState;
use super::errors::{self, Failure};

/// What makes two questions the same: where they go and all their headers, the access token among them. Both are bodiless GETs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

/// How far a flight has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It waits for its turn.
    Queued,
    /// Its connection is being opened.
    Connecting,
    /// It went out.
    Sent,
    /// The head of its answer is here, or it failed.
    Landed,
}

/// Why a flight brought no answer.
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
pub(crate) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Flight {
    question: Option<Question>,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    stage: Stage,
    /// Its place in the line, as long as it is queued.
    place: Option<Arc<Place>>,
    repeated: bool,
    outcome: Option<Result<Head, Failed>>,
    pieces: Vec<Piece>,
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

/// One who waits for a flight. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Waiter {
    flights: Flights,
    flight: Arc<Flight>,
    number: usize,
}

/// The flights of one integration that others can join; a clone is the same book.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<Book>>);

/// The flights that can be joined, by address.
pub(crate) type Book = HashMap<Uri, Vec<Arc<Flight>>>;

impl Flights {
    /// The book, for finding or adding a flight in one step.
    pub(crate) fn open(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody joins this one any more.
    pub(crate) fn close(&self, flight: &Arc<Flight>) {
        remove(&mut self.open(), flight);
    }

    fn leave(&self, flight: &Arc<Flight>, number: usize) {
        // The book first, so that nobody joins a flight that is being given up.
        let mut book = self.open();
        let mut progress = flight.progress();
        progress.wakers.remove(&number);
        progress.waiting -= 1;
        if progress.waiting == 0 {
            progress.place = None;
            if let Some(task) = progress.task.take() {
                task.abort();
            }
            drop(progress);
            remove(&mut book, flight);
        }
    }
}

/// A flight under way that asks the same.
pub(crate) fn find(book: &Book, question: &Question) -> Option<Arc<Flight>> {
    let same = |flight: &&Arc<Flight>| {
        flight.question.as_ref().is_some_and(|known| known == question) && flight.progress().end.is_none()
    };
    book.get(&question.uri)?.iter().find(same).cloned()
}

/// Lets others find a flight, if it is a question.
pub(crate) fn add(book: &mut Book, flight: &Arc<Flight>) {
    if let Some(Question { uri, .. }) = &flight.question {
        book.entry(uri.clone()).or_default().push(Arc::clone(flight));
    }
}

fn remove(book: &mut Book, flight: &Arc<Flight>) {
    if let Some(Question { uri, .. }) = &flight.question
        && let Some(flights) = book.get_mut(uri)
    {
        flights.retain(|other| !Arc::ptr_eq(other, flight));
        if flights.is_empty() {
            book.remove(uri);
        }
    }
}

impl Flight {
    /// A flight that nobody waits for yet; a question can be joined once it is [added](add) to the book.
    pub(crate) fn new(question: Option<Question>, place: Option<Arc<Place>>) -> Arc<Self> {
        let stage = if place.is_some() { Stage::Queued } else { Stage::Connecting };
        Arc::new(Self {
            question,
            progress: Mutex::new(Progress {
                stage,
                place,
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
    pub(crate) fn join(self: &Arc<Self>, flights: &Flights, latest: Instant, patience: Instant) -> Waiter {
        let mut progress = self.progress();
        let number = progress.arrivals;
        progress.arrivals += 1;
        progress.waiting += 1;
        progress.latest = progress.latest.max(latest);
        progress.patience = progress.patience.max(patience);
        Waiter { flights: flights.clone(), flight: Arc::clone(self), number }
    }

    /// The task that flies it, to be ended when all have left.
    pub(crate) fn flown_by(&self, task: AbortHandle) {
        self.progress().task = Some(task);
    }

    /// When its turn comes, as long as it waits for it.
    pub(crate) fn foreseen(&self) -> Option<Instant> {
        let place = self.progress().place.clone();
        place.map(|place| place.foreseen())
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
            progress.place = None;
        });
    }

    /// Its connection broke before any of the answer came, and it goes out once more.
    pub(crate) fn repeat(&self) {
        self.progress().repeated = true;
    }

    /// The head of its answer is here, or it failed and is over.
    pub(crate) fn landed(&self, outcome: Result<Head, Failed>) {
        self.advance(|progress| {
            if outcome.is_err() {
                progress.end = Some(Ok(()));
            }
            progress.stage = Stage::Landed;
            progress.place = None;
            progress.outcome = Some(outcome);
        });
    }

    /// More of the body is here.
    pub(crate) fn append(&self, piece: Piece) {
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

impl Waiter {
    /// Waits until the flight has come further than this.
    pub(crate) async fn past(&self, stage: Stage) {
        poll_fn(|cx| self.look(cx, |progress| (progress.stage > stage).then_some(()))).await;
    }

    /// How it landed. Only for a flight that is past [`Stage::Sent`].
    pub(crate) fn outcome(&self) -> Result<Head, Failed> {
        match &self.flight.progress().outcome {
            Some(Ok(head)) => Ok(head.clone()),
            Some(Err(failed)) => Err(failed.copy()),
            None => Err(Error::ConnectionTerminated.into()),
        }
    }

    /// When its turn comes, as long as it waits for it.
    pub(crate) fn foreseen(&self) -> Option<Instant> {
        self.flight.foreseen()
    }

    /// Whether it went out once more.
    pub(crate) fn is_repeated(&self) -> bool {
        self.flight.progress().repeated
    }

    /// The piece of this number; `None` after the last.
    pub(crate) fn poll_piece(&self, cx: &mut Context<'_>, number: usize) -> Poll<Option<Result<Piece, Error>>> {
        self.look(cx, |progress| match (progress.pieces.get(number), &progress.end) {
            (Some(piece), _) => Some(Some(Ok(piece.clone()))),
            (None, Some(Ok(()))) => Some(None),
            (None, Some(Err(error))) => Some(Some(Err(errors::copy(error)))),
            (None, None) => None,
        })
    }

    /// Whether the body has ended well before the piece of this number.
    pub(crate) fn ends_before(&self, number: usize) -> bool {
        let progress = self.flight.progress();
        number >= progress.pieces.len() && matches!(progress.end, Some(Ok(())))
    }

    /// Looks for something; if it is not there yet, the next advance wakes this one to look again.
    fn look<T>(&self, cx: &mut Context<'_>, find: impl FnOnce(&Progress) -> Option<T>) -> Poll<T> {
        let mut progress = self.flight.progress();
        match find(&progress) {
            Some(found) => Poll::Ready(found),
            None => {
                progress.wakers.insert(self.number, cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.flights.leave(&self.flight, self.number);
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

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { error: failure.error, prohibited: failure.prohibited, refusal: None }
    }
}
