//! Call details kept (детализация): every call, in a SQLite file beside the cache, to be looked at afterwards.
//!
//! Writing is off the calls' path. A call hands its record over and goes on; a thread of its own writes what has gathered in one transaction
//! (`writer`). A full disk, a locked file, a damaged one: no call waits and none fails. What cannot be written is tried again for as long as
//! there is room to hold it; what is lost is counted, and the gap is kept like a call. A process that is killed leaves a gap too (`answered`).
//!
//! What the PBX saw afterwards comes back as a report and completes the call ([`CallDetails::complete`]). A call that the PBX comes back with,
//! since nobody answered, is brought up to date where it is kept (`group`).
//!
//! A caller's number is kept masked. Only where the configuration says so it is kept whole, in this file alone, which only this user can read; it is
//! shown masked even then, unless asked for ([`Numbers`]).

mod answered;
mod database;
mod document;
mod elsewhere;
mod ended;
mod error;
mod filter;
mod group;
mod key;
mod place;
mod reader;
mod report;
mod retention;
mod writer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{broadcast, oneshot};
use tokio::time::timeout;

pub use document::KeptCall;
pub use error::CallDetailsError;
pub use filter::Filter;
pub use key::CallKey;
pub use place::Place;
pub use reader::{Bucket, Gap, Page, Reader};
pub use report::Unreported;
pub use writer::WriterState;

use crate::{FinishedCall, Observer, SharedCalls};
use call::leg::Leg;
use report::Report;
use runtime::capabilities::clocks::Clock;
use writer::Writer;

/// The file in the state directory.
const FILE_NAME: &str = "call-details.sqlite3";
/// How many calls a slow follower may fall behind.
const FEED: usize = 1_024;
/// How long the last calls may take to be written at the end.
const LAST: Duration = Duration::from_secs(2);
/// How long a report may take to be written.
const REPORTED: Duration = Duration::from_secs(2);

/// How call details are kept.
#[derive(Clone, Debug)]
pub struct CallDetailsSettings {
    /// For how long.
    pub keep_for: Duration,
    /// In how many bytes at most, about.
    pub keep_at_most: u64,
    /// Whether callers' whole numbers are kept.
    pub numbers: Numbers,
}

/// What is kept of a caller's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// All of it, for those who ask.
    Whole,
    /// What is shown anyway.
    Masked,
}

impl Default for CallDetailsSettings {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self { keep_for: Duration::from_secs(90 * DAY), keep_at_most: 1024 * 1024 * 1024, numbers: Numbers::Masked }
    }
}

/// The call details of one node: told of calls as an [`Observer`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CallDetails(Arc<CallDetailsInner>);

#[derive(Debug)]
struct CallDetailsInner {
    place: Place,
    writer: Writer,
    feed: broadcast::Sender<Arc<KeptCall>>,
    keep_for: Duration,
    clock: Clock,
    /// Where other nodes are told of calls that they keep.
    shared: OnceLock<SharedCalls>,
}

impl CallDetails {
    /// Begins to keep calls in this place. Where the file cannot be had yet, it is tried again for as long as the program runs; calls go on.
    pub fn begin(place: Place, settings: CallDetailsSettings, clock: Clock) -> Result<Self, CallDetailsError> {
        let (feed, _) = broadcast::channel(FEED);
        let keep_for = settings.keep_for;
        let writer = Writer::begin(place.clone(), settings, clock.clone(), feed.clone())?;
        Ok(Self(Arc::new(CallDetailsInner { place, writer, feed, keep_for, clock, shared: OnceLock::new() })))
    }

    /// How keeping goes.
    pub fn state(&self) -> WriterState {
        self.0.writer.state()
    }

    /// The calls that are kept from now on, as they are.
    pub fn follow(&self) -> broadcast::Receiver<Arc<KeptCall>> {
        self.0.feed.subscribe()
    }

    /// A reader of what is kept.
    pub fn reader(&self) -> Reader {
        Reader::new(self.0.place.clone())
    }

    /// Completes a call with what a PBX saw of it, within a bounded time. Calls that came before are written first. Reporting the same
    /// again changes nothing. Where nodes share a store, a report of a call that is not kept here is passed on.
    pub async fn complete(&self, call: CallKey, legs: Vec<Leg>) -> Result<KeptCall, Unreported> {
        let completed = self.complete_here(call.clone(), legs.clone()).await;
        match (completed, self.0.shared.get()) {
            (Err(Unreported::Unknown), Some(shared)) => Err(self.pass_on_legs(shared, &call, legs).await),
            (completed, _) => completed,
        }
    }

    /// The same of a call that is kept here.
    async fn complete_here(&self, call: CallKey, legs: Vec<Leg>) -> Result<KeptCall, Unreported> {
        let unavailable = |why: &str| Unreported::Unavailable(why.to_owned());
        let (answer, answered) = oneshot::channel();
        if !self.0.writer.report(Report { call, legs, answer }) {
            return Err(unavailable("too much waits to be written"));
        }
        match timeout(REPORTED, answered).await {
            Ok(Ok(answer)) => {
                answer.iter().for_each(|call| self.tell_of_talk(call));
                answer
            }
            Ok(Err(_)) | Err(_) => Err(unavailable("the store does not answer")),
        }
    }

    /// Counts reports that a PBX could not get rid of, as it says with one that was taken.
    pub fn reports_were_lost(&self, reports: u64) {
        if reports > 0 {
            tracing::warn!(reports, "the PBX says that reports of what became of calls were lost");
            self.0.writer.reports_were_lost(reports);
        }
    }

    /// Writes what is left, within a bounded time.
    pub async fn end(&self) {
        let details = self.clone();
        // A disk that hangs must not keep the program from ending.
        let _ = tokio::task::spawn_blocking(move || details.0.writer.flush(LAST)).await;
    }
}

impl Observer for CallDetails {
    fn finished(&self, call: &FinishedCall) {
        match self.0.shared.get().filter(|_| call.kept_by.is_some()) {
            Some(shared) => self.pass_on_answer(shared.clone(), call.clone()),
            None => self.0.writer.keep(call.clone()),
        }
    }
}

/// The file in a state directory.
pub fn file_in(directory: &std::path::Path) -> PathBuf {
    directory.join(FILE_NAME)
}
