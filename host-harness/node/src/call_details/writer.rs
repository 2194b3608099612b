//! The writer: a thread that takes calls in and writes what has gathered in one transaction.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use serde::Serialize;
use tokio::sync::broadcast;
use tracing::{info, warn};

use super::answered::{self, Answered};
use super::database::{self, Identity};
use super::document::{KeptCall, Record};
use super::error::CallDetailsError;
use super::group::{self, Told, Written};
use super::place::Place;
use super::report::{Report, Unreported};
use super::{CallDetailsSettings, retention};
use crate::FinishedCall;
use call::{Bilingual, Localized};
use runtime::capabilities::clocks::Clock;

/// How many calls may wait to be written. More are lost, and counted.
const QUEUE: usize = 16_384;
/// How many bytes of calls may wait that could not be written.
const HELD_BYTES: usize = 64 * 1024 * 1024;
/// How long calls gather for one transaction.
const GATHER: Duration = Duration::from_millis(5);
/// How long after a failure writing is tried again.
const AGAIN: Duration = Duration::from_millis(250);
/// How many reports a PBX can have lost between two that it got rid of. More is a mistake, or somebody who plays with the counter.
const MOST_LOST: u64 = 10_000;
/// How often old calls are looked for.
const TIDY: Duration = Duration::from_secs(10);

/// How keeping goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WriterState {
    /// Where calls are kept.
    pub place: String,
    /// Calls kept since the program started.
    pub kept: u64,
    /// Calls lost since the program started.
    pub lost: u64,
    /// Calls that wait to be written.
    pub waiting: usize,
    /// Calls that an earlier process answered whose details it did not write: it was killed.
    pub lost_before: u64,
    /// Reports of what a PBX saw that were lost since the program started, as far as the PBX said so afterwards.
    pub reports_lost: u64,
    /// What keeps them from being written now.
    pub failing: Option<Localized>,
}

/// The calls' end of the writer.
#[derive(Debug)]
pub(super) struct Writer {
    calls: SyncSender<Message>,
    shared: Arc<Shared>,
}

enum Message {
    Call(FinishedCall),
    Report(Report),
    Flush(SyncSender<()>),
}

#[derive(Debug)]
pub(super) struct Shared {
    place: Place,
    kept: AtomicU64,
    lost: AtomicU64,
    waiting: AtomicUsize,
    failing: Mutex<Option<Localized>>,
    answered: Answered,
    lost_before: AtomicU64,
    reports_lost: AtomicU64,
    /// The first and the last lost call that no gap tells of yet, in milliseconds since 1970, and how many.
    gap: OpenGap,
}

#[derive(Debug, Default)]
struct OpenGap {
    first: AtomicI64,
    last: AtomicI64,
    calls: AtomicU64,
}

impl Writer {
    /// Opens the place where it can be opened, and starts the thread.
    pub(super) fn begin(
        place: Place,
        settings: CallDetailsSettings,
        clock: Clock,
        feed: broadcast::Sender<Arc<KeptCall>>,
    ) -> Result<Self, CallDetailsError> {
        let shared = Arc::new(Shared {
            place: place.clone(),
            kept: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            failing: Mutex::default(),
            answered: Answered::new(),
            lost_before: AtomicU64::new(0),
            reports_lost: AtomicU64::new(0),
            gap: OpenGap::default(),
        });
        let (calls, inbox) = mpsc::sync_channel(QUEUE);
        let mut desk = Desk {
            connection: None,
            identity: None,
            settled: 0,
            shared: Arc::clone(&shared),
            settings,
            clock,
            feed,
            held: VecDeque::new(),
            held_bytes: 0,
            reports: Vec::new(),
            tried: None,
        };
        // Here and not in the thread, so that a reader finds the tables, and a person at a terminal the error.
        desk.open();
        let thread = thread::Builder::new().name("call-details".to_owned());
        thread
            .spawn(move || desk.work(&inbox))
            .map_err(|error| CallDetailsError::Unusable { place, cause: error.to_string() })?;
        Ok(Self { calls, shared })
    }

    /// Takes a call in, at once.
    pub(super) fn keep(&self, call: FinishedCall) {
        self.shared.answered.count(call.resolved.call.at.as_millisecond());
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) =
            self.calls.try_send(Message::Call(call))
            && let Message::Call(call) = message
        {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            self.shared.lose(call.resolved.call.at.as_millisecond());
        }
    }

    /// Takes a report in, at once; false where too much waits already.
    pub(super) fn report(&self, report: Report) -> bool {
        self.calls.try_send(Message::Report(report)).is_ok()
    }

    /// Counts reports that a PBX says were lost.
    pub(super) fn reports_were_lost(&self, reports: u64) {
        self.shared.reports_lost.fetch_add(reports.min(MOST_LOST), Ordering::Relaxed);
    }

    pub(super) fn state(&self) -> WriterState {
        WriterState {
            place: self.shared.place.to_string(),
            kept: self.shared.kept.load(Ordering::Relaxed),
            lost: self.shared.lost.load(Ordering::Relaxed),
            waiting: self.shared.waiting.load(Ordering::Relaxed),
            lost_before: self.shared.lost_before.load(Ordering::Relaxed),
            reports_lost: self.shared.reports_lost.load(Ordering::Relaxed),
            failing: self.shared.failing().clone(),
        }
    }

    /// Waits until everything taken in so far is written or could not be.
    pub(super) fn flush(&self, within: Duration) {
        let (done, ended) = mpsc::sync_channel(1);
        let deadline = Instant::now() + within;
        let mut message = Message::Flush(done);
        loop {
            message = match self.calls.try_send(message) {
                Ok(()) => break,
                Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(message)) => message,
            };
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        let _ = ended.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl Shared {
    fn lose(&self, at: i64) {
        if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            warn!(place = %self.place, "call details are being lost: too many wait to be written");
        }
        if self.gap.calls.fetch_add(1, Ordering::AcqRel) == 0 {
            self.gap.first.store(at, Ordering::Release);
        }
        self.gap.last.store(at, Ordering::Release);
    }

    fn failing(&self) -> std::sync::MutexGuard<'_, Option<Localized>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's end of the writer.
struct Desk {
    connection: Option<Connection>,
    /// Which file the connection writes to.
    identity: Option<Identity>,
    /// How many calls were written, or are in a gap.
    settled: u64,
    shared: Arc<Shared>,
    settings: CallDetailsSettings,
    clock: Clock,
    feed: broadcast::Sender<Arc<KeptCall>>,
    /// Calls that are not written yet, oldest first.
    held: VecDeque<Record>,
    held_bytes: usize,
    /// What PBXs reported of calls that may be among those held.
    reports: Vec<Report>,
    /// When writing failed last.
    tried: Option<Instant>,
}

impl Desk {
    fn work(&mut self, inbox: &Receiver<Message>) {
        // What has become too old or too much while no server ran.
        self.tidy();
        let mut tidied = Instant::now();
        loop {
            let patience = if self.held.is_empty() { TIDY } else { AGAIN };
            let mut flushes = Vec::new();
            match inbox.recv_timeout(patience) {
                Ok(message) => self.gather(message, inbox, &mut flushes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.write();
                    self.shared.answered.end(self.settled);
                    return;
                }
            }
            if !flushes.is_empty() || self.tried.is_none_or(|tried| tried.elapsed() >= AGAIN) {
                self.write();
            }
            self.complete();
            if !flushes.is_empty() {
                self.shared.answered.end(self.settled);
            }
            for flush in flushes {
                let _ = flush.try_send(());
            }
            if tidied.elapsed() >= TIDY {
                tidied = Instant::now();
                self.tidy();
            }
        }
    }

    /// Takes in what comes within a moment. Sleeps through it, so that not every call wakes this thread.
    fn gather(&mut self, first: Message, inbox: &Receiver<Message>, flushes: &mut Vec<SyncSender<()>>) {
        self.take_in(first, flushes);
        if flushes.is_empty() {
            thread::sleep(GATHER);
        }
        for message in inbox.try_iter().take(group::GROUP) {
            self.take_in(message, flushes);
        }
    }

    fn take_in(&mut self, message: Message, flushes: &mut Vec<SyncSender<()>>) {
        match message {
            Message::Call(call) => self.hold(&call),
            Message::Report(report) => self.reports.push(report),
            Message::Flush(done) => flushes.push(done),
        }
    }

    fn hold(&mut self, call: &FinishedCall) {
        let record = Record::of(call, self.settings.numbers);
        self.held_bytes += record.size();
        self.held.push_back(record);
        while self.held.len() > QUEUE || self.held_bytes > HELD_BYTES {
            let Some(oldest) = self.held.pop_front() else { break };
            self.held_bytes -= oldest.size();
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            self.shared.lose(oldest.at);
        }
    }

    fn open(&mut self) {
        match database::for_writing(&self.shared.place, self.settings.keep_at_most) {
            Ok(mut connection) => {
                self.recover(&mut connection);
                self.identity = database::identity(&self.shared.place).ok().flatten();
                self.connection = Some(connection);
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Begins to count answered calls beside the file, and takes down what processes that were killed left untold.
    fn recover(&self, connection: &mut Connection) {
        let Some(directory) = self.shared.place.directory() else { return };
        if let Err(error) = self.shared.answered.begin(directory) {
            warn!(%error, "answered calls are not counted: were this process killed, nobody would know how many details are missing");
        }
        match answered::recover(connection, directory) {
            Ok(0) => {}
            Ok(calls) => {
                self.shared.lost_before.fetch_add(calls, Ordering::Relaxed);
                warn!(calls, "a server was killed before it had written the details of its last calls");
            }
            Err(error) => {
                let error = CallDetailsError::of(&self.shared.place, &error);
                warn!(%error, "what a server that was killed left unwritten cannot be taken down");
            }
        }
    }

    /// A file that was moved away or deleted goes on taking calls that nobody finds: it is left.
    fn look_for_the_file(&mut self) {
        let (Some(_), Some(identity)) = (&self.connection, self.identity) else { return };
        if !matches!(database::identity(&self.shared.place), Ok(Some(found)) if found == identity) {
            self.connection = None;
            self.failed(&CallDetailsError::Gone(self.shared.place.clone()));
        }
    }

    /// Writes everything that is held, in groups.
    fn write(&mut self) {
        self.look_for_the_file();
        if self.connection.is_none() {
            self.open();
        }
        // Where there is no room, old calls make some, once for each group.
        let mut tidied = false;
        while !self.held.is_empty() {
            let Some(connection) = &mut self.connection else { return };
            let group = group::length(&self.held, self.settings.keep_at_most);
            let gap = &self.shared.gap;
            let lost = gap.calls.load(Ordering::Acquire);
            let gap = (lost > 0).then(|| (gap.first.load(Ordering::Acquire), gap.last.load(Ordering::Acquire), lost));
            let settled = self.settled + u64::try_from(group).unwrap_or_default() + lost;
            let told = Told { process: self.shared.answered.process(), settled };
            match group::commit(connection, self.held.iter().take(group), gap, told) {
                Err(error) => {
                    let error = CallDetailsError::of(&self.shared.place, &error);
                    if matches!(error, CallDetailsError::Full(_)) && !std::mem::replace(&mut tidied, true) {
                        self.tidy();
                        continue;
                    }
                    // A file that was damaged or taken away is opened anew.
                    self.connection = None;
                    return self.failed(&error);
                }
                Ok(written) => {
                    tidied = false;
                    self.settled = settled;
                    self.shared.gap.calls.fetch_sub(lost, Ordering::AcqRel);
                    self.written(written);
                }
            }
        }
    }

    fn written(&mut self, written: Vec<Written>) {
        self.tried = None;
        if self.shared.failing().take().is_some() {
            info!(place = %self.shared.place, "call details are kept again");
        }
        let length = written.len();
        let new = written.iter().filter(|written| matches!(written, Written::New(_))).count();
        self.shared.kept.fetch_add(u64::try_from(new).unwrap_or_default(), Ordering::Relaxed);
        self.shared.waiting.fetch_sub(length, Ordering::Relaxed);
        for (written, record) in written.into_iter().zip(self.held.drain(..length)) {
            self.held_bytes -= record.size();
            if self.feed.receiver_count() > 0 {
                let call = match written {
                    Written::New(seq) => record.kept(seq),
                    Written::Continued(call) => *call,
                };
                // An error only says that the last follower has gone.
                let _ = self.feed.send(Arc::new(call));
            }
        }
    }

    /// Completes calls with what PBXs reported, all in one transaction.
    fn complete(&mut self) {
        if self.reports.is_empty() {
            return;
        }
        let reports = std::mem::take(&mut self.reports);
        let unavailable = |why: String| Unreported::Unavailable(why);
        let (Some(connection), true) = (&mut self.connection, self.held.is_empty()) else {
            let why = self.shared.failing().as_ref().map(ToString::to_string);
            let why = why.unwrap_or_else(|| "calls wait to be written".to_owned());
            // An answer that nobody waits for any more is no loss, here and below.
            reports.into_iter().for_each(|report| drop(report.answer.send(Err(unavailable(why.clone())))));
            return;
        };
        match complete(connection, &reports) {
            Ok(calls) => {
                for (report, call) in reports.into_iter().zip(calls) {
                    if let Some(call) = &call
                        && self.feed.receiver_count() > 0
                    {
                        let _ = self.feed.send(Arc::new(call.clone()));
                    }
                    let _ = report.answer.send(call.ok_or(Unreported::Unknown));
                }
            }
            Err(error) => {
                let why = CallDetailsError::of(&self.shared.place, &error).to_string();
                reports.into_iter().for_each(|report| drop(report.answer.send(Err(unavailable(why.clone())))));
            }
        }
    }

    fn failed(&mut self, error: &CallDetailsError) {
        self.tried = Some(Instant::now());
        let text = error.text();
        let before = self.shared.failing().replace(text.clone());
        if before.as_ref() != Some(&text) {
            warn!("call details are not kept: {text}");
        }
    }

    fn tidy(&mut self) {
        let Some(connection) = &self.connection else { return };
        if let Err(error) = retention::tidy(connection, &self.settings, self.clock.now()) {
            warn!("old call details cannot be removed: {}", CallDetailsError::of(&self.shared.place, &error));
        }
    }
}

fn complete(connection: &mut Connection, reports: &[Report]) -> rusqlite::Result<Vec<Option<KeptCall>>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let calls = reports.iter().map(|report| report.write(&transaction)).collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(calls)
}
