//! Copies of files. One of a small file stands beside it, renewed after each change that must not be lost, for the day on which the file is damaged.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use runtime::atomic_file;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Mutex;

use super::place::Place;

/// How long the copy of a whole file waits for another process.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes a file of SQLite into another one, which must be empty or missing, as it is in one moment, and without what was deleted from it. Other
/// processes may read and write it meanwhile, and none waits for this one. Blocks for as long as the disk takes.
///
/// # Errors
/// Where the file cannot be read, is damaged, or the copy cannot be written.
pub fn copy_database(from: &Path, to: &Path) -> io::Result<()> {
    // Write access, or what is left of a writer that was killed could not be read. Nothing is made where there is no file.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags).map_err(io::Error::other)?;
    connection.busy_timeout(PATIENCE).map_err(io::Error::other)?;
    copy_into(&connection, to)?;
    // Write-ahead logging is not copied along, and is set nowhere else in a file that has its tables.
    let copy = Connection::open_with_flags(to, flags).map_err(io::Error::other)?;
    copy.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(io::Error::other)
}

fn copy_into(connection: &Connection, to: &Path) -> io::Result<()> {
    let to = to.to_str().ok_or_else(|| io::Error::other("its path is not UTF-8"))?;
    connection.execute("VACUUM INTO ?1", [to]).map(drop).map_err(io::Error::other)
}

/// The copy of a store's file.
#[derive(Clone, Debug)]
pub(super) struct FileCopy {
    from: Place,
    to: PathBuf,
    /// How many changes there were.
    changes: Arc<AtomicU64>,
    /// How many of them are in the copy. Held while it is written, so that an older copy never takes the place of a newer one.
    copied: Arc<Mutex<u64>>,
    failing: Arc<AtomicBool>,
}

impl FileCopy {
    pub(super) fn new(from: Place, to: PathBuf) -> Self {
        Self { from, to, changes: Arc::default(), copied: Arc::default(), failing: Arc::default() }
    }

    /// There was a change: copies the file, and waits for that for so long at most. A change is not undone where it cannot be copied; that is
    /// logged.
    pub(super) async fn renew(&self, within: Duration) {
        let change = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        let this = self.clone();
        let renewing = async move {
            let mut copied = Arc::clone(&this.copied).lock_owned().await;
            // Another change that came meanwhile has copied this one with it.
            if *copied >= change {
                return;
            }
            let copying = tokio::task::spawn_blocking(move || {
                let changes = this.changes.load(Ordering::SeqCst);
                if this.written() {
                    *copied = changes;
                }
            });
            // The task logs its own failure.
            let _ = copying.await;
        };
        // The copying itself goes on.
        let _ = tokio::time::timeout(within, renewing).await;
    }

    /// Copies the file where the copy is missing or older, as after a kill between a change and its copy. Blocks.
    pub(super) fn renew_if_older(&self) {
        let modified = |path: &Path| fs::metadata(path).ok().filter(|found| found.len() > 0)?.modified().ok();
        let mut log = self.from.file.clone().into_os_string();
        log.push("-wal");
        let newest = modified(&self.from.file).max(modified(Path::new(&log)));
        if modified(&self.to).unwrap_or(SystemTime::UNIX_EPOCH) < newest.unwrap_or(SystemTime::UNIX_EPOCH) {
            self.written();
        }
    }

    /// Writes the copy; where that fails, it is logged once until it works again.
    fn written(&self) -> bool {
        let outcome = atomic_file::write_with(&self.to, |aside| self.write_to(aside));
        match &outcome {
            Ok(()) => self.failing.store(false, Ordering::Relaxed),
            Err(error) if !self.failing.swap(true, Ordering::Relaxed) => {
                tracing::warn!(file = %self.to.display(), %error, "the copy of the records cannot be written");
            }
            Err(_) => {}
        }
        outcome.is_ok()
    }

    /// As SQLite sees the file in one moment, and without what was deleted from it.
    fn write_to(&self, aside: &Path) -> io::Result<()> {
        copy_into(&self.from.connect().map_err(io::Error::other)?, aside)
    }
}
