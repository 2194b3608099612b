//! Recordings of a server's calls: some of all, and those that came to a reason somebody wants explained.
//!
//! A call pays for it only with the notes. Everything else is done afterwards on a thread of its own: the recording is made, in an engine that
//! counts instructions, and written. At most [`MOST_WAITING`] calls wait for that; further ones are not recorded and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io, thread};

use serde::Serialize;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::{Numbers, Recording};
use call::CallDocument;
use node::{self, ResolvedStep};
use runtime::atomic_file;
use runtime::engine::{Compilation, Engine, EngineSettings, Operation};

/// How many calls wait for their recording at most. Their notes take up to a mebibyte each.
const MOST_WAITING: usize = 64;
/// How many components are kept ready.
const MOST_COMPONENTS: usize = 8;
/// How long the end waits for them.
const LONGEST_END: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The longest part of a call's identifier in a file's name.
const LONGEST_ID: usize = 64;

/// Which calls are recorded, and what is kept of them.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingSettings {
    /// How many of all calls, from 0 to 1.
    pub share: f64,
    /// The codes of reasons whose calls are always recorded.
    pub reasons: BTreeSet<String>,
    /// How many recordings are kept; the oldest go first.
    pub keep_at_most: usize,
    /// Whether telephone numbers stay whole.
    pub whole_numbers: bool,
}

/// How recording goes, for the server's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SamplingState {
    /// Where the recordings are.
    pub directory: String,
    /// How many were written since the start.
    pub written: u64,
    /// How many calls were to be recorded and were not, because too many waited or there was too much to keep.
    pub left_out: u64,
    /// What went wrong the last time, unless it went well since.
    pub failing: Option<String>,
}

/// Records a node's calls; a clone is the same one. Its thread ends with the last of them.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    settings: SamplingSettings,
    directory: PathBuf,
    seen: AtomicU64,
    written: AtomicU64,
    left_out: AtomicU64,
    waiting: AtomicU64,
    failing: Mutex<Option<String>>,
    jobs: mpsc::Sender<Job>,
}

struct Job {
    /// At least one.
    steps: Vec<ResolvedStep>,
    recorder: Arc<Shared>,
}

impl Recorder {
    /// Starts recording into this directory. Fails where the key of the numbers cannot be kept beside it, or there is no thread.
    pub fn begin(settings: SamplingSettings, state: &Path, compilation: Compilation) -> anyhow::Result<Self> {
        let numbers = if settings.whole_numbers { None } else { Some(Numbers::kept_in(Some(state))?) };
        let engine = Engine::with_compilation(EngineSettings::default(), compilation)?;
        let (jobs, mut queue) = mpsc::channel::<Job>(MOST_WAITING);
        let runtime = Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new().name("recordings".to_owned()).spawn(move || {
            let mut workshop = Workshop { engine, numbers, counting: BTreeMap::new() };
            runtime.block_on(async {
                while let Some(job) = queue.recv().await {
                    workshop.record(job).await;
                }
            });
        })?;
        Ok(Self(Arc::new(Shared {
            settings,
            directory: state.join("recordings"),
            seen: AtomicU64::new(0),
            written: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            failing: Mutex::default(),
            jobs,
        })))
    }

    /// How it goes.
    pub fn state(&self) -> SamplingState {
        SamplingState {
            directory: self.0.directory.display().to_string(),
            written: self.0.written.load(Ordering::Relaxed),
            left_out: self.0.left_out.load(Ordering::Relaxed),
            failing: self.0.failing.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Waits for the recordings of calls that have ended, for a bounded time.
    pub async fn end(&self) {
        let written = async {
            while self.0.waiting.load(Ordering::Relaxed) > 0 {
                sleep(LOOK_AGAIN).await;
            }
        };
        let _ = timeout(LONGEST_END, written).await;
    }
}

impl node::Recorder for Recorder {
    /// Has a call recorded, if it is one of those. Returns at once.
    fn finished(&self, steps: Vec<ResolvedStep>) {
        let shared = &self.0;
        let Some(last) = steps.last() else { return };
        // Every call counts, so that a share is that of all.
        let drawn = shared.settings.draws(shared.seen.fetch_add(1, Ordering::Relaxed));
        let reason = last.resolved.reason.as_ref();
        let wanted = reason.is_some_and(|reason| shared.settings.reasons.contains(&reason.code));
        if !(drawn || wanted) {
            return;
        }
        let recorder = Arc::clone(shared);
        shared.waiting.fetch_add(1, Ordering::Relaxed);
        if shared.jobs.try_send(Job { steps, recorder }).is_err() {
            shared.waiting.fetch_sub(1, Ordering::Relaxed);
            shared.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl SamplingSettings {
    /// Whether the call of this number is one of the share: they are spread evenly.
    #[expect(clippy::cast_precision_loss, reason = "no node sees 2^52 calls")]
    fn draws(&self, number: u64) -> bool {
        (number as f64 * self.share).floor() < ((number + 1) as f64 * self.share).floor()
    }
}

/// What the thread works with.
struct Workshop {
    engine: Engine,
    numbers: Option<Numbers>,
    /// The components that were recorded, by their digests, in the engine that counts.
    counting: BTreeMap<String, Operation>,
}

impl Workshop {
    async fn record(&mut self, job: Job) {
        let recorder = Arc::clone(&job.recorder);
        self.record_one(job, &recorder).await;
        recorder.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    async fn record_one(&mut self, job: Job, recorder: &Shared) {
        if job.steps.iter().any(|step| step.noted.is_too_much()) {
            recorder.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let outcome = self.try_to(job).await;
        if outcome.is_ok() {
            recorder.written.fetch_add(1, Ordering::Relaxed);
        }
        let mut failing = recorder.failing.lock().unwrap_or_else(PoisonError::into_inner);
        *failing = outcome.err().map(|error| {
            let text = format!("recordings cannot be kept: {error:#}");
            if failing.is_none() {
                tracing::warn!("{text}; calls are resolved all the same");
            }
            text
        });
    }

    async fn try_to(&mut self, job: Job) -> anyhow::Result<()> {
        let Job { steps, recorder } = job;
        let Some(file) = steps.first().map(|step| name(&step.resolved)) else { return Ok(()) };
        let steps = steps.into_iter().map(|step| {
            let placed = step.placed.with_operation(self.counting(step.placed.operation()));
            ResolvedStep { placed, ..step }
        });
        let steps: Vec<_> = steps.collect();
        let Some(recording) = Recording::of_steps(steps, self.numbers.as_ref()).await? else { return Ok(()) };
        let directory = &recorder.directory;
        atomic_file::write(&directory.join(file), &recording.write()?)?;
        Ok(thin_out(directory, recorder.settings.keep_at_most)?)
    }

    /// The same component in the engine that counts; where it cannot be had, itself.
    fn counting(&mut self, operation: &Operation) -> Operation {
        let digest: &str = operation.digest();
        if let Some(counting) = self.counting.get(digest) {
            return counting.clone();
        }
        if self.counting.len() >= MOST_COMPONENTS {
            self.counting.clear();
        }
        let counting = self.engine.load(operation.bytes()).unwrap_or_else(|_| operation.clone());
        self.counting.insert(digest.to_owned(), counting.clone());
        counting
    }
}

/// Names sort by the time of the call.
fn name(resolved: &CallDocument) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_".contains(letter) { letter } else { '_' };
    let id: String = resolved.call.id.chars().take(LONGEST_ID).map(plain).collect();
    format!("{}-{id}.json", resolved.call.at.strftime("%Y%m%dT%H%M%S%.3fZ"))
}

/// Removes the oldest recordings above this number.
fn thin_out(directory: &Path, most: usize) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            names.push(path);
        }
    }
    names.sort();
    for old in names.iter().take(names.len().saturating_sub(most)) {
        fs::remove_file(old)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_spread_evenly() {
        for (share, expected) in [(0.0, 0), (0.01, 10), (0.25, 250), (1.0, 1000)] {
            let settings = SamplingSettings { share, reasons: BTreeSet::new(), keep_at_most: 1, whole_numbers: false };
            let drawn: Vec<_> = (0..1000).filter(|number| settings.draws(*number)).collect();
            assert_eq!(drawn.len(), expected, "{share}");
            assert!(drawn.windows(2).all(|pair| pair[1] - pair[0] <= (1.0 / share).ceil() as u64), "{drawn:?}");
        }
    }

    #[test]
    fn the_oldest_recordings_go_first_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["20261122T0900-b.json", "20261122T0800-a.json", "20261122T1000-c.json", "notes.txt"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        thin_out(directory.path(), 2).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["20261122T0900-b.json", "20261122T1000-c.json", "notes.txt"]);
    }
}
