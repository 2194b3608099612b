//! How many calls this process has answered, where a killed process leaves it for the next one.
//!
//! A call is answered before its details are written, so a process that is killed loses those of its last milliseconds. Each call therefore
//! counts itself here before its answer: one write of a few bytes into a file, which outlasts the process (not a power cut). Beside the calls
//! stands how many of them were written or told of as a gap. The next process that opens the place takes the difference down as a gap.
//!
//! The file is locked for as long as its process lives, so several processes can keep calls in one directory.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// How the files' names begin, beside that of the call details.
const PREFIX: &str = "call-details.answered-";

/// The count of this process.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// Tells this process from others.
    process: String,
    calls: AtomicU64,
    /// When the last of them arrived, in milliseconds since 1970.
    last: AtomicI64,
    file: Mutex<Option<(File, PathBuf)>>,
}

/// Calls that a process answered and nobody can tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unkept {
    pub(super) calls: u64,
    pub(super) last: i64,
}

impl Answered {
    pub(super) fn new() -> Self {
        // Every container has a process 1, and its keys are what the standard library draws at random.
        let random = RandomState::new().build_hasher().finish();
        Self { process: format!("{}-{random:016x}", std::process::id()), ..Self::default() }
    }

    /// The name of this process among the calls.
    pub(super) fn process(&self) -> &str {
        &self.process
    }

    /// Counts a call, before it is answered.
    pub(super) fn count(&self, at: i64) {
        self.last.store(at, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        // Whoever writes at this moment writes this call too, so that no call waits for another's write.
        while let Ok(file) = self.file.try_lock() {
            let written = self.write(&file);
            drop(file);
            if written == self.calls.load(Ordering::Relaxed) {
                break;
            }
        }
    }

    /// Makes the file where there is none any more.
    pub(super) fn begin(&self, directory: &Path) -> io::Result<()> {
        let mut counted = self.file();
        if counted.as_ref().is_some_and(|(_, path)| path.parent() == Some(directory) && path.exists()) {
            return Ok(());
        }
        let path = directory.join(format!("{PREFIX}{}", self.process));
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.write(true).create_new(true).open(&path)?;
        file.lock()?;
        *counted = Some((file, path));
        self.write(&counted);
        Ok(())
    }

    /// Removes the file when every call of it was told of.
    pub(super) fn end(&self, settled: u64) {
        let mut file = self.file();
        if self.calls.load(Ordering::Relaxed) == settled
            && let Some((_, path)) = file.take()
        {
            let _ = fs::remove_file(path);
        }
    }

    fn file(&self) -> MutexGuard<'_, Option<(File, PathBuf)>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes how many calls there are, and gives that. Where it cannot be written, calls cannot be kept either, and that is said there.
    fn write(&self, file: &Option<(File, PathBuf)>) -> u64 {
        let calls = self.calls.load(Ordering::Relaxed);
        if let Some((file, _)) = file {
            // Always as long, so that it is replaced whole.
            let text = format!("{calls:020} {:020}\n", self.last.load(Ordering::Relaxed));
            let _ = write_at_start(file, text.as_bytes());
        }
        calls
    }
}

#[cfg(unix)]
fn write_at_start(file: &File, text: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, text, 0)
}

#[cfg(not(unix))]
fn write_at_start(mut file: &File, text: &[u8]) -> io::Result<()> {
    use std::io::{Seek, Write};
    file.seek(io::SeekFrom::Start(0))?;
    file.write_all(text)
}

/// Notes how many calls of this process were written or told of as lost, and when the last of them arrived.
pub(super) fn settle(connection: &Connection, process: &str, calls: u64, last: i64) -> rusqlite::Result<()> {
    let calls = i64::try_from(calls).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO answered (process, settled, last) VALUES (?1, ?2, ?3)
            ON CONFLICT (process) DO UPDATE SET settled = ?2, last = ?3",
        )?
        .execute(params![process, calls, last])?;
    Ok(())
}

/// Takes down what processes that have ended left untold, and gives how many calls that were.
pub(super) fn recover(connection: &mut Connection, directory: &Path) -> rusqlite::Result<u64> {
    let mut calls = 0;
    for (process, unkept, _held, path) in left(directory) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let settled = transaction
            .query_row("SELECT settled, last FROM answered WHERE process = ?1", params![process], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })
            .optional()?;
        let (settled, first) = settled.unwrap_or((0, unkept.last));
        let lost = unkept.calls.saturating_sub(settled.unsigned_abs());
        if lost > 0 {
            transaction.execute(
                "INSERT INTO gaps (first, last, calls) VALUES (?1, ?2, ?3)",
                params![first.min(unkept.last), unkept.last, i64::try_from(lost).unwrap_or(i64::MAX)],
            )?;
        }
        transaction.execute("DELETE FROM answered WHERE process = ?1", params![process])?;
        transaction.commit()?;
        let _ = fs::remove_file(path);
        calls += lost;
    }
    Ok(calls)
}

/// The files of processes that have ended, locked, so that of two processes that start one takes them up.
fn left(directory: &Path) -> Vec<(String, Unkept, File, PathBuf)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let read = |path: PathBuf| {
        let process = path.file_name()?.to_str()?.strip_prefix(PREFIX)?.to_owned();
        let mut file = File::open(&path).ok()?;
        file.try_lock().ok()?;
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        // A file without a whole line has counted nothing.
        let (calls, last) = text.trim_end().split_once(' ').unwrap_or(("0", "0"));
        let unkept = Unkept { calls: calls.parse().unwrap_or_default(), last: last.parse().unwrap_or_default() };
        Some((process, unkept, file, path))
    };
    entries.flatten().filter_map(|entry| read(entry.path())).collect()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// How many writes this thread has asked the system for, and of how many bytes.
    fn writes() -> (u64, u64) {
        let counters = fs::read_to_string("/proc/thread-self/io").unwrap();
        let of = |name: &str| {
            let value = counters.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.unwrap().parse::<u64>().unwrap()
        };
        (of("syscw"), of("wchar"))
    }

    #[test]
    fn a_call_costs_one_small_write() {
        const CALLS: u64 = 1_000;
        let directory = tempfile::tempdir().unwrap();
        let answered = Answered::new();
        answered.begin(directory.path()).unwrap();
        let before = writes();
        (0..CALLS).for_each(|at| answered.count(i64::try_from(at).unwrap()));
        let after = writes();
        assert_eq!((after.0 - before.0, after.1 - before.1), (CALLS, CALLS * 42));
    }
}
