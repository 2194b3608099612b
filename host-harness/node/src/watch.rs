//! Watches component files and puts a changed one in force while calls come in, for who is working on an operation.
//!
//! Each file's time and length are looked at four times a second, which works on every file system. A changed file is taken once it was left
//! alone between two looks; it is checked and compiled off the calls' threads, and swapped in. One that does not fit changes nothing, and the
//! last good version stays. Each change is one line.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::LibraryError;
use super::versions::{VersionError, Versions, short};
use runtime::engine::{digest, read_component};

/// How often the files are looked at, and so for how long one must be left alone before it counts as whole.
const LOOK: Duration = Duration::from_millis(250);

/// A placement's component file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The placed operation's identifier.
    pub placement: String,
    /// Its component's file.
    pub file: PathBuf,
}

/// Files being watched, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    task: AbortHandle,
    files: Arc<Mutex<Vec<File>>>,
}

impl Watch {
    /// From now on these files are watched. Those that were watched before go on being so.
    pub fn replace(&self, files: Vec<Watched>) {
        let mut watched = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let known = std::mem::take(&mut *watched);
        let go_on = |file: Watched| {
            known.iter().find(|known| known.watched == file).cloned().unwrap_or_else(|| File::new(file))
        };
        *watched = files.into_iter().map(go_on).collect();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a file looks like from outside: when that changes, it is read. `None` where there is no file.
type Looks = Option<(SystemTime, u64)>;

/// Starts watching. `report` is given a line for each change, whether it was put in force or why not.
pub fn start(versions: Arc<Versions>, files: Vec<Watched>, report: impl Fn(String) + Send + Sync + 'static) -> Watch {
    let files = Arc::new(Mutex::new(files.into_iter().map(File::new).collect()));
    let watching = watch(Arc::clone(&files), Swap { versions, report: Box::new(report) });
    Watch { task: tokio::spawn(watching).abort_handle(), files }
}

fn look(file: &Path) -> Looks {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

async fn watch(files: Arc<Mutex<Vec<File>>>, swap: Swap) {
    let mut looking = interval(LOOK);
    // After a long compilation there must again be time between two looks.
    looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looking.tick().await;
        let changed: Vec<_> = {
            let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
            files.iter_mut().filter_map(|file| file.changed().then(|| file.clone())).collect()
        };
        for file in changed {
            swap.read(&file).await;
        }
    }
}

#[derive(Clone, Debug)]
struct File {
    watched: Watched,
    /// As it was when it was read last.
    loaded: Looks,
    /// As it was at the last look.
    last: Looks,
    /// When `last` was first seen to be another than `loaded`.
    noticed: Instant,
}

impl File {
    /// What is there now is what was loaded.
    fn new(watched: Watched) -> Self {
        let loaded = look(&watched.file);
        Self { watched, loaded, last: loaded, noticed: Instant::now() }
    }

    /// Looks at the file, and says whether it changed and has come to rest since.
    fn changed(&mut self) -> bool {
        let now = look(&self.watched.file);
        if self.last == self.loaded {
            self.noticed = Instant::now();
        }
        let at_rest = std::mem::replace(&mut self.last, now) == now;
        // One that is gone is noticed when it is back.
        let changed = at_rest && now.is_some() && now != self.loaded;
        if changed {
            self.loaded = now;
        }
        changed
    }
}

struct Swap {
    versions: Arc<Versions>,
    report: Box<dyn Fn(String) + Send + Sync>,
}

impl Swap {
    /// Reads a changed file and puts it in force.
    async fn read(&self, file: &File) {
        let path = file.watched.file.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || read_component(&path)).await else { return };
        if look(&file.watched.file) != file.loaded {
            // It is being written again: the next looks see to it.
            return;
        }
        let bytes = match read {
            Ok(bytes) => Arc::<[u8]>::from(bytes),
            Err(error) => return (self.report)(format!("{error:#}; the last good version stays")),
        };
        let name = file.watched.file.file_name().unwrap_or(file.watched.file.as_os_str()).to_string_lossy();
        if let Some(line) = self.put_in_force(&file.watched.placement, &name, &bytes, file.noticed).await {
            (self.report)(line);
        }
    }

    /// Puts the bytes in force, and says so in one line; nothing where they are in force already.
    async fn put_in_force(&self, placement: &str, name: &str, bytes: &Arc<[u8]>, noticed: Instant) -> Option<String> {
        let digest = digest(bytes);
        let placed = self.versions.placement(placement).ok()?;
        if **placed.active().placed.operation().digest() == *digest {
            return None;
        }
        let compiling = Instant::now();
        Some(match self.versions.file_changed(placement, Arc::clone(bytes)).await {
            Ok(_) => format!(
                "{name} changed: sha256 {} in force at `{}` after {} ms (checked and compiled in {} ms)",
                short(&digest),
                placement,
                noticed.elapsed().as_millis(),
                compiling.elapsed().as_millis()
            ),
            Err(error) => {
                format!("{name} changed, and the last good version stays at `{placement}`: {}", why(&error))
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
