//! The durable store: one SQLite file in the user's state directory.
//!
//! It survives `kill -9` (write-ahead log, `synchronous=NORMAL`: a value that was set is in the operating system's hands; a power cut
//! may lose the last ones, never the file). A compare-and-swap is written through to the disk (`synchronous=FULL`), since what is
//! swapped cannot be had again. Several processes may have it open at once.
//!
//! Nothing here makes a caller wait long. An operation waits at most [`BUSY`] for another process and ends after [`OPERATION`] in any
//! case, whatever the disk does. SQLite's work runs on blocking threads, at most two of them (one reader, one writer): an operation
//! whose time runs out leaves its thread to finish alone, and the next ones wait without a thread until their own time runs out.
//!
//! What is cached leaves the file [`CACHED_FOR`](runtime::store::CACHED_FOR) after it was written: whoever has the store open removes a few old rows
//! now and then, after a write that is done.

mod sweep;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use runtime::capabilities::clocks::Clock;
use runtime::store::{KeyPage, KeyValueStore, Shelf, Slot, StoreError};
use sweep::Sweep;

/// How long opening waits for other processes that are opening the same file.
const OPENING: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(10);
/// How long an operation waits for another process's write to end.
const BUSY: Duration = Duration::from_millis(150);
/// How long an operation may take in all.
const OPERATION: Duration = Duration::from_millis(250);

/// Marks the file as ours (`PRAGMA application_id`): "hhkv".
const APPLICATION: i64 = 0x6868_6b76;
/// The format of the tables (`PRAGMA user_version`). A file of a newer one is left alone.
const FORMAT: i64 = 2;

const SCHEMA: &str = "
    CREATE TABLE entries (
        namespace TEXT NOT NULL,
        bucket    TEXT NOT NULL,
        key       TEXT NOT NULL,
        value     BLOB NOT NULL,
        cached_at INTEGER, -- seconds since 1970 for what is forgotten in time; none for what stays
        PRIMARY KEY (namespace, bucket, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX cached ON entries (cached_at) WHERE cached_at IS NOT NULL;
";

/// From format 1, which forgot nothing. In it, components had one bucket, and its values are as good as written now.
const FROM_FORMAT_1: &str = "
    ALTER TABLE entries ADD COLUMN cached_at INTEGER;
    CREATE INDEX cached ON entries (cached_at) WHERE cached_at IS NOT NULL;
";
const CACHED_IN_FORMAT_1: &str = "UPDATE entries SET cached_at = ?1 WHERE bucket = 'default'";

/// Keeps values in a file.
#[derive(Debug)]
pub struct SqliteStore {
    file: PathBuf,
    /// Reads never wait behind a write that waits for another process.
    pub(super) reader: Arc<Mutex<Connection>>,
    writer: Arc<Mutex<Connection>>,
    clock: Clock,
    sweep: Sweep,
    /// How long an operation may take.
    pub(super) within: Duration,
}

impl SqliteStore {
    /// Opens the file, and creates it (and its directory) where it is missing, readable by this user alone. Blocks.
    pub fn open(file: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::with_clock(file, Clock::system())
    }

    /// The same, the age of what is cached being told by another clock.
    pub fn with_clock(file: impl Into<PathBuf>, clock: Clock) -> Result<Self, StoreError> {
        let file = file.into();
        create_directory(&file).map_err(|error| unwritable(&file, error))?;
        // SQLite does not wait by itself where two processes turn the same file to write-ahead logging.
        let started = Instant::now();
        let writer = loop {
            match connect(&file).and_then(|connection| prepare(connection, &file, &clock)) {
                Err(StoreError::Locked { .. }) if started.elapsed() < OPENING => std::thread::sleep(RETRY),
                outcome => break outcome?,
            }
        };
        let reader = connect(&file)?;
        reader.pragma_update(None, "query_only", true).map_err(|error| fault(&file, error))?;
        let (reader, writer) = (Arc::new(Mutex::new(reader)), Arc::new(Mutex::new(writer)));
        Ok(Self { file, reader, writer, clock, sweep: Sweep::default(), within: OPERATION })
    }

    async fn write(&self, slot: Slot<'_>, value: &[u8], cached_at: Option<i64>) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO entries (namespace, bucket, key, value, cached_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET value = excluded.value, cached_at = excluded.cached_at";
        let [namespace, bucket, key] = owned(slot);
        let value = value.to_owned();
        self.run(&self.writer, move |connection| {
            connection.prepare_cached(SQL)?.execute(params![namespace, bucket, key, value, cached_at]).map(drop)
        })
        .await
    }

    /// Runs blocking work on one of the connections, within the time of an operation.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        connection: &Arc<Mutex<Connection>>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(connection);
        let working = async move {
            let connection = connection.lock_owned().await;
            tokio::task::spawn_blocking(move || work(&connection)).await
        };
        match tokio::time::timeout(self.within, working).await {
            Err(_) => Err(StoreError::TimedOut { file: self.file.clone(), after: self.within }),
            Ok(Err(stopped)) => Err(StoreError::Fault { file: self.file.clone(), cause: stopped.to_string() }),
            Ok(Ok(outcome)) => outcome.map_err(|error| fault(&self.file, error)),
        }
    }
}

fn create_directory(file: &Path) -> io::Result<()> {
    let mut directory = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
    match file.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => directory.recursive(true).create(parent),
        None => Ok(()),
    }
}

fn connect(file: &Path) -> Result<Connection, StoreError> {
    let is_new = !file.exists();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|error| fault(file, error))?;
    if is_new {
        // Before anything is written. Only SQLite itself may open the file: closing it elsewhere in this process would drop the locks
        // of every store that has it open (sqlite.org/howtocorrupt.html, 2.2). The file's companions get the same mode from SQLite.
        make_private(file).map_err(|error| unwritable(file, error))?;
    }
    connection.busy_timeout(BUSY).map_err(|error| fault(file, error))?;
    // SQLite falls back to reading where it may not write.
    if connection.is_readonly("main").map_err(|error| fault(file, error))? {
        return Err(unwritable(file, io::ErrorKind::PermissionDenied.into()));
    }
    Ok(connection)
}

fn make_private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let _ = file;
    Ok(())
}

fn unwritable(file: &Path, cause: io::Error) -> StoreError {
    StoreError::Unwritable { file: file.to_owned(), cause: cause.to_string() }
}

/// Looks whether the file is ours and readable by this version, and makes an empty one ours.
fn prepare(mut connection: Connection, file: &Path, clock: &Clock) -> Result<Connection, StoreError> {
    let failed = |error| fault(file, error);
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    // Only an empty file has to be written to, so another process that holds a lock does not keep this one from starting. The look
    // is one transaction, or it could see half of what another process is creating.
    let look = connection.transaction().map_err(failed)?;
    let format = format(&look, file)?;
    look.finish().map_err(failed)?;
    if format != Some(FORMAT) {
        // One transaction: of two processes that start at once only one creates or changes the table.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let found = self::format(&transaction, file)?;
        match found {
            None => {
                transaction.execute_batch(SCHEMA).map_err(failed)?;
                transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
            }
            Some(1) => {
                transaction.execute_batch(FROM_FORMAT_1).map_err(failed)?;
                transaction.execute(CACHED_IN_FORMAT_1, [clock.now().as_second()]).map_err(failed)?;
            }
            Some(_) => {}
        }
        transaction.pragma_update(None, "user_version", FORMAT).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    // Found out now rather than in a call: is the table there, and can it be read?
    connection.query_row("SELECT count(*) FROM (SELECT 1 FROM entries LIMIT 1)", [], |_| Ok(())).map_err(failed)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)?;
    Ok(connection)
}

/// The format of a store, none for an empty file, an error for anything else.
fn format(connection: &Connection, file: &Path) -> Result<Option<i64>, StoreError> {
    let number =
        |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| fault(file, error));
    let format = number("PRAGMA user_version")?;
    match (number("PRAGMA application_id")?, number("SELECT count(*) FROM sqlite_schema")?) {
        (APPLICATION, _) if format > FORMAT => {
            Err(StoreError::Newer { file: file.to_owned(), found: format, known: FORMAT })
        }
        (APPLICATION, _) => Ok(Some(format)),
        (0, 0) => Ok(None),
        _ => Err(StoreError::Foreign { file: file.to_owned() }),
    }
}

fn fault(file: &Path, error: rusqlite::Error) -> StoreError {
    let file = file.to_owned();
    let cause = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { file },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt { file, cause },
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { file },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            StoreError::Unwritable { file, cause }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { file },
        _ => StoreError::Fault { file, cause },
    }
}

/// The address of an entry as owned text, for the blocking thread.
fn owned(slot: Slot<'_>) -> [String; 3] {
    [slot.shelf.namespace, slot.shelf.bucket, slot.key].map(str::to_owned)
}

#[async_trait::async_trait]
impl KeyValueStore for SqliteStore {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT value FROM entries WHERE namespace = ?1 AND bucket = ?2 AND key = ?3";
        let address = owned(slot);
        self.run(&self.reader, move |connection| {
            connection.prepare_cached(SQL)?.query_row(address, |row| row.get(0)).optional()
        })
        .await
    }

    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.write(slot, value, None).await
    }

    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        let now = self.clock.now().as_second();
        self.write(slot, value, Some(now)).await?;
        self.sweep.after_write(&self.writer, now);
        Ok(())
    }

    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        const CREATE: &str =
            "INSERT INTO entries (namespace, bucket, key, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        const REPLACE: &str = "UPDATE entries SET value = ?4, cached_at = NULL WHERE namespace = ?1 AND bucket = ?2 AND key = ?3 AND value = ?5";
        let [namespace, bucket, key] = owned(slot);
        // What is swapped may be a secret.
        let value = Zeroizing::new(value.to_owned());
        let expected = expected.map(|expected| Zeroizing::new(expected.to_owned()));
        self.run(&self.writer, move |connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            let swapped = match &expected {
                None => connection
                    .prepare_cached(CREATE)
                    .and_then(|mut create| create.execute(params![namespace, bucket, key, value.as_slice()])),
                Some(expected) => connection.prepare_cached(REPLACE).and_then(|mut replace| {
                    replace.execute(params![namespace, bucket, key, value.as_slice(), expected.as_slice()])
                }),
            };
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            Ok(swapped? > 0)
        })
        .await
    }

    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM entries WHERE namespace = ?1 AND bucket = ?2 AND key = ?3";
        let address = owned(slot);
        self.run(&self.writer, move |connection| connection.prepare_cached(SQL)?.execute(address).map(drop)).await
    }

    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT 1 FROM entries WHERE namespace = ?1 AND bucket = ?2 AND key = ?3";
        let address = owned(slot);
        self.run(&self.reader, move |connection| connection.prepare_cached(SQL)?.exists(address)).await
    }

    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        const SQL: &str =
            "SELECT key FROM entries WHERE namespace = ?1 AND bucket = ?2 ORDER BY key LIMIT ?3 OFFSET ?4";
        let (namespace, bucket) = (shelf.namespace.to_owned(), shelf.bucket.to_owned());
        let offset = i64::try_from(position).unwrap_or(i64::MAX);
        self.run(&self.reader, move |connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let keys =
                statement.query_map(params![namespace, bucket, i64::from(limit) + 1, offset], |row| row.get(0))?;
            Ok(KeyPage::cut(keys.collect::<rusqlite::Result<_>>()?, position, limit))
        })
        .await
    }

    fn location(&self) -> String {
        self.file.display().to_string()
    }
}
