//! Watches component files and puts a changed one in force while calls come in, for who is working on an operation.
//!
//! A changed file is waited for until it is whole, checked and compiled off the calls' threads, and swapped in; one that does not fit changes
//! nothing, and the last good version stays. Each change is one line. The directory is watched and not the file, since editors and compilers
//! replace files; and the file is looked at now and then besides, since not every file system tells of changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, interval, sleep, timeout};

use super::versions::{VersionError, Versions, short};
use super::{LibraryError, Step};
use crate::engine::{digest, read_component};

/// For how long a file must be left alone before it counts as whole.
const QUIET: Duration = Duration::from_millis(100);
/// How often the files are looked at without having been told of a change.
const LOOK: Duration = Duration::from_secs(2);

/// How long a file that keeps changing is waited for at a time.
const PATIENCE: Duration = Duration::from_secs(5);

/// A step's component file.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The placed operation's identifier.
    pub step: String,
    /// Its component's file.
    pub file: PathBuf,
}

/// Files being watched, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    task: AbortHandle,
    /// Tells of changes for as long as it lives; none where the system cannot.
    _told: Option<RecommendedWatcher>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a file looks like from outside: when that changes, it is read.
type Looks = Option<(SystemTime, u64)>;

/// Starts watching. `report` is given a line for each change, whether it was put in force or why not, and a line where the system does not tell
/// of changes.
pub fn start(versions: Arc<Versions>, files: Vec<Watched>, report: impl Fn(String) + Send + Sync + 'static) -> Watch {
    let (tell, told) = mpsc::channel(1);
    let watcher = notify::recommended_watcher(move |_| {
        // Full means that a look is coming anyway.
        let _ = tell.try_send(());
    });
    let watcher = watcher.and_then(|mut watcher| {
        for directory in directories(&files) {
            watcher.watch(&directory, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    });
    let watcher = watcher.map_err(|error| {
        report(format!(
            "changes are noticed within {} s only: the system does not tell of them ({error})",
            LOOK.as_secs()
        ));
    });
    // What is there now is what was loaded.
    let looks = files.iter().map(|watched| (watched.file.clone(), look(&watched.file))).collect();
    let files = Files { versions, files, looks, report: Box::new(report) };
    Watch { task: tokio::spawn(files.watch(told)).abort_handle(), _told: watcher.ok() }
}

fn directories(files: &[Watched]) -> Vec<PathBuf> {
    let parent = |watched: &Watched| match watched.file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut directories: Vec<_> = files.iter().map(parent).collect();
    directories.sort();
    directories.dedup();
    directories
}

/// Waits until nothing was told for a while. A directory where others write all the time does not hold a change up.
async fn settle(told: &mut mpsc::Receiver<()>, since: Instant) {
    while matches!(timeout(QUIET, told.recv()).await, Ok(Some(()))) && since.elapsed() < 10 * QUIET {}
    if since.elapsed() < QUIET {
        sleep(QUIET).await;
    }
}

fn look(file: &Path) -> Looks {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

struct Files {
    versions: Arc<Versions>,
    files: Vec<Watched>,
    looks: BTreeMap<PathBuf, Looks>,
    report: Box<dyn Fn(String) + Send + Sync>,
}

impl Files {
    async fn watch(mut self, mut told: mpsc::Receiver<()>) {
        let mut looking = interval(LOOK);
        loop {
            tokio::select! {
                Some(()) = told.recv() => {}
                _ = looking.tick() => {}
            }
            let changed: Vec<_> = self.files.iter().map(|watched| watched.file.clone()).collect();
            for file in changed {
                let before = self.looks.get(&file).copied().flatten();
                if look(&file).is_some_and(|now| Some(now) != before) {
                    self.changed(&file, &mut told).await;
                }
            }
        }
    }

    async fn changed(&mut self, file: &Path, told: &mut mpsc::Receiver<()>) {
        let noticed = Instant::now();
        let (looks, read) = loop {
            // One that is written all the time is looked at again later, so that it does not hold the others up.
            if noticed.elapsed() > PATIENCE {
                return;
            }
            let looks = look(file);
            settle(told, noticed).await;
            if looks.is_none() {
                // It is noticed when it is back.
                self.looks.remove(file);
                return;
            }
            if look(file) != looks {
                continue;
            }
            let path = file.to_owned();
            let Ok(read) = tokio::task::spawn_blocking(move || read_component(&path)).await else { return };
            if look(file) == looks {
                break (looks, read);
            }
        };
        self.looks.insert(file.to_owned(), looks);
        let bytes = match read {
            Ok(bytes) => Arc::<[u8]>::from(bytes),
            Err(error) => return (self.report)(format!("{error:#}; the last good version stays")),
        };
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        let of_file = self.files.iter().filter(|watched| watched.file == file);
        let steps: Vec<_> = of_file.filter_map(|watched| self.versions.step(&watched.step).ok().cloned()).collect();
        for step in steps {
            if let Some(line) = self.swap(&step, &name, &bytes, noticed).await {
                (self.report)(line);
            }
        }
    }

    /// Puts the bytes in force, and says so in one line; nothing where they are in force already.
    async fn swap(&self, step: &Arc<Step>, name: &str, bytes: &Arc<[u8]>, noticed: Instant) -> Option<String> {
        let digest = digest(bytes);
        if **step.active().placed.operation().digest() == *digest {
            return None;
        }
        let compiling = Instant::now();
        Some(match self.versions.file_changed(step, Arc::clone(bytes)).await {
            Ok(_) => format!(
                "{name} changed: sha256 {} in force at `{}` after {} ms (checked and compiled in {} ms)",
                short(&digest),
                step.id(),
                noticed.elapsed().as_millis(),
                compiling.elapsed().as_millis()
            ),
            Err(error) => {
                format!("{name} changed, and the last good version stays at `{}`: {}", step.id(), why(&error))
            }
        })
    }
}

/// The reason in one line.
fn why(error: &VersionError) -> String {
    match error {
        VersionError::Library(LibraryError::Unfit(fit)) => {
            fit.rejections().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }
        error => error.to_string(),
    }
}
