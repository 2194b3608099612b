//! The files of a state directory: cached answers in one, the host's own records in another, with a copy beside it.
//!
//! A damaged file of records is moved aside and never deleted, and its copy takes its place. This and the move out of a file of an older version
//! happen under a lock, so that of two processes which start at once one does it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::atomic_file;
use runtime::capabilities::clocks::Clock;
use runtime::store::{Contents, KeyValueStore, MemoryStore, StoreError, Stores};

use super::StoreWarning;
use super::read_cache::ReadCache;
use super::sqlite::{OPENING, RETRY, SqliteStore, migration};

const CACHE: &str = "key-value.sqlite3";
const RECORDS: &str = "records.sqlite3";
const COPY: &str = "records.copy.sqlite3";
const LOCK: &str = "records.lock";

/// The file of cached answers in a state directory.
pub(crate) fn cache_in(directory: &Path) -> PathBuf {
    directory.join(CACHE)
}

/// The file of the host's own records in a state directory.
pub(crate) fn records_in(directory: &Path) -> PathBuf {
    directory.join(RECORDS)
}

/// The copy of the records in a state directory.
pub(crate) fn copy_in(directory: &Path) -> PathBuf {
    directory.join(COPY)
}

/// Opens both, each in memory where its file cannot be used. An operation on them takes so long at most.
pub(crate) fn open(directory: &Path, within: Duration) -> (Stores, Vec<StoreWarning>) {
    let _lock = lock(directory);
    let file = cache_in(directory);
    let has_records = records_in(directory).exists() || copy_in(directory).exists();
    let contents = if has_records { Contents::Cache } else { Contents::All };
    let due = match migration::is_due(&file, contents) {
        Err(error) if !has_records && !matches!(error, StoreError::Foreign { .. } | StoreError::Newer { .. }) => {
            // Its records are all that there are: they stay where they are until the file can be used.
            return (Stores::in_memory(), vec![StoreWarning::Unusable(error)]);
        }
        due => due,
    };
    let mut warnings = Vec::new();
    let records = open_records(directory).map(|(store, warning)| {
        warnings.extend(warning);
        store
    });
    let moved = match (&records, &due) {
        (_, Ok(false)) => Ok(()),
        (_, Err(error)) | (Err(error), Ok(true)) => Err(error.clone()),
        (Ok(_), Ok(true)) => migration::run(&file, &records_in(directory)),
    };
    let records: Arc<dyn KeyValueStore> = match records {
        Ok(store) => Arc::new(store.within(within).with_copy(copy_in(directory))),
        Err(error) => in_memory(&mut warnings, StoreWarning::Records(error)),
    };
    let cache: Arc<dyn KeyValueStore> = match moved.and_then(|()| SqliteStore::open_cache(&file)) {
        Ok(store) => Arc::new(ReadCache::new(Arc::new(store.within(within)))),
        Err(error) => in_memory(&mut warnings, StoreWarning::Cache(error)),
    };
    (Stores { cache, records }, warnings)
}

fn in_memory(warnings: &mut Vec<StoreWarning>, warning: StoreWarning) -> Arc<dyn KeyValueStore> {
    warnings.push(warning);
    Arc::new(MemoryStore::new())
}

/// Waits for another process that is opening the same directory, and goes on without the lock where that takes too long or there can be none.
fn lock(directory: &Path) -> Option<File> {
    let mut options = File::options();
    options.create(true).write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    make_directory(directory).ok()?;
    let file = options.open(directory.join(LOCK)).ok()?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(fs::TryLockError::WouldBlock) if started.elapsed() < OPENING => std::thread::sleep(RETRY),
            Err(_) => return None,
        }
    }
}

/// For this user alone.
fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// Opens the records, from their copy where they are damaged or missing.
fn open_records(directory: &Path) -> Result<(SqliteStore, Option<StoreWarning>), StoreError> {
    let (file, copy) = (records_in(directory), copy_in(directory));
    let is_empty = |file: &Path| fs::metadata(file).is_ok_and(|found| found.len() == 0);
    let damage = match (file.exists(), copy.exists()) {
        (false, false) => return SqliteStore::open_records(&file).map(|store| (store, None)),
        (false, true) => None,
        (true, true) if is_empty(&file) => Some("it is empty".to_owned()),
        (true, _) => match SqliteStore::open_records(&file) {
            Err(StoreError::Corrupt { cause, .. }) => Some(cause),
            outcome => return outcome.map(|store| (store, None)),
        },
    };
    let warning = restore(file.clone(), copy, damage)?;
    Ok((SqliteStore::open_records(&file)?, Some(warning)))
}

/// Puts the copy in the place of records that are damaged, or missing. Without a copy that is sound, both are moved aside.
fn restore(file: PathBuf, copy: PathBuf, damage: Option<String>) -> Result<StoreWarning, StoreError> {
    let mut unsound = None;
    let mut aside = None;
    let restoring = atomic_file::write_with(&file, |candidate| {
        let bytes = fs::read(&copy).inspect_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                unsound = Some("there is none".to_owned());
            }
        })?;
        fs::write(candidate, &bytes)?;
        let opened = if bytes.is_empty() { Err("it is empty".to_owned()) } else { opens(candidate)? };
        if let Err(cause) = opened {
            unsound = Some(cause);
            return Err(io::ErrorKind::InvalidData.into());
        }
        aside = move_aside(&file)?;
        Ok(())
    });
    let failed = |error: io::Error| StoreError::Unwritable { file: file.clone(), cause: error.to_string() };
    match (restoring, unsound) {
        (Ok(()), _) => Ok(StoreWarning::Restored { damage: damage.zip(aside), file, copy }),
        (Err(_), Some(of_copy)) => {
            let aside = [move_aside(&file).map_err(failed)?, move_aside(&copy).map_err(failed)?];
            let aside = aside.into_iter().flatten().collect();
            Ok(StoreWarning::Lost { damage, of_copy, aside, file, copy })
        }
        (Err(error), None) => Err(failed(error)),
    }
}

/// Whether a file of records opens, or what is damaged in it.
fn opens(file: &Path) -> io::Result<Result<(), String>> {
    match SqliteStore::open_records(file) {
        Ok(_) => Ok(Ok(())),
        Err(StoreError::Corrupt { cause, .. }) => Ok(Err(cause)),
        Err(StoreError::Foreign { .. }) => Ok(Err("it is not a store of this program".to_owned())),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Gives a file and its companions names with the time; none where there is no file.
fn move_aside(file: &Path) -> io::Result<Option<PathBuf>> {
    let time = Clock::system().now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let with = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut aside = with(file, &format!(".damaged-{time}"));
    let mut number = 2;
    while aside.exists() {
        aside = with(file, &format!(".damaged-{time}-{number}"));
        number += 1;
    }
    let mut moved = None;
    for companion in ["", "-wal", "-shm", "-journal"] {
        match fs::rename(with(file, companion), with(&aside, companion)) {
            Ok(()) if companion.is_empty() => moved = Some(aside.clone()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(moved)
}
