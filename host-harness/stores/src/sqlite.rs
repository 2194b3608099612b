//! The durable store: one SQLite file in the user's state directory.
//!
//! It survives `kill -9` (write-ahead log, `synchronous=NORMAL`: a value that was set is in the operating system's hands; a power cut
//! may lose the last ones, never the file). A compare-and-swap is written through to the disk (`synchronous=FULL`), since what is
//! swapped cannot be fetched again. Several processes may have it open at once.
//!
//! Nothing here makes a caller wait long. An operation waits at most [`BUSY`] for another process and ends after [`OPERATION`] in any
//! case, whatever the disk does. SQLite's work runs on blocking threads, at most two of them (one reader, one writer): an operation
//! whose time runs out leaves its thread to finish alone, and the next ones wait without a thread until their own time runs out.
//!
//! What is cached leaves the file [`CACHED_FOR`](runtime::store::CACHED_FOR) after it was written: whoever has the store open removes a few old rows
//! now and then, after a write that is done. What is over the [quota](runtime::store::BUCKET_QUOTA) of a bucket goes with the write that filled it.
//! The pages of what is removed are used again, so the file does not grow without end.
//!
//! The file with the host's own records has a copy beside it, which each compare-and-swap renews.

mod copy;
mod format;
pub(crate) mod migration;
mod place;
mod quota;
mod sweep;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use copy::FileCopy;
pub use copy::copy_database;
use place::Place;
use runtime::capabilities::clocks::Clock;
use runtime::store::{BUCKET_QUOTA, Contents, FullBuckets, KeyPage, KeyValueStore, Shelf, Slot, StoreError};
use sweep::Sweep;

/// How long opening waits for other processes that are opening the same file.
pub(crate) const OPENING: Duration = Duration::from_secs(2);
pub(crate) const RETRY: Duration = Duration::from_millis(10);
/// How long an operation may take in all.
pub(crate) const OPERATION: Duration = Duration::from_millis(250);

/// Keeps values in a file.
#[derive(Debug)]
pub struct SqliteStore {
    place: Place,
    /// Reads never wait behind a write that waits for another process.
    pub(super) reader: Arc<Mutex<Connection>>,
    writer: Arc<Mutex<Connection>>,
    clock: Clock,
    sweep: Sweep,
    quota: u64,
    full: FullBuckets,
    copy: Option<FileCopy>,
    /// How long an operation may take.
    within: Duration,
}

impl SqliteStore {
    /// Opens the file, and creates it (and its directory) where it is missing, readable by this user alone. Blocks.
    pub fn open(file: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::with_clock(file, Clock::system())
    }

    /// The same, the age of what is cached being told by another clock.
    pub fn with_clock(file: impl Into<PathBuf>, clock: Clock) -> Result<Self, StoreError> {
        Self::at(Place { file: file.into(), contents: Contents::All }, clock)
    }

    /// Opens a file of cached answers.
    pub(crate) fn open_cache(file: &Path) -> Result<Self, StoreError> {
        Self::at(Place { file: file.to_owned(), contents: Contents::Cache }, Clock::system())
    }

    /// Opens a file of records after reading all of it, which is little.
    pub(crate) fn open_records(file: &Path) -> Result<Self, StoreError> {
        let store = Self::at(Place { file: file.to_owned(), contents: Contents::Records }, Clock::system())?;
        // Nobody else has the store yet.
        let connection = store.place.connect()?;
        let found = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
            .map_err(|error| store.place.fault(error))?;
        if found == "ok" { Ok(store) } else { Err(store.place.corrupt(found)) }
    }

    fn at(place: Place, clock: Clock) -> Result<Self, StoreError> {
        place.create_directory()?;
        // SQLite does not wait by itself where two processes turn the same file to write-ahead logging.
        let started = Instant::now();
        let prepared = || {
            let mut connection = place.connect()?;
            format::prepare(&mut connection, &place, &clock).map(|()| connection)
        };
        let writer = loop {
            match prepared() {
                Err(StoreError::Locked { .. }) if started.elapsed() < OPENING => std::thread::sleep(RETRY),
                outcome => break outcome?,
            }
        };
        let reader = place.connect()?;
        reader.pragma_update(None, "query_only", true).map_err(|error| place.fault(error))?;
        let (reader, writer) = (Arc::new(Mutex::new(reader)), Arc::new(Mutex::new(writer)));
        Ok(Self {
            place,
            reader,
            writer,
            clock,
            sweep: Sweep::default(),
            quota: BUCKET_QUOTA,
            full: FullBuckets::default(),
            copy: None,
            within: OPERATION,
        })
    }

    /// The same with another quota for a bucket, in bytes.
    #[must_use]
    pub fn with_quota(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    /// The same with another time for one operation.
    #[must_use]
    pub(crate) fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// The same with a copy under this name, which is written now where it is missing or older, and after each compare-and-swap. Blocks.
    pub(crate) fn with_copy(self, file: PathBuf) -> Self {
        let copy = FileCopy::new(self.place.clone(), file);
        copy.renew_if_older();
        Self { copy: Some(copy), ..self }
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
            Err(_) => Err(StoreError::TimedOut { file: self.place.file.clone(), after: self.within }),
            Ok(Err(stopped)) => Err(StoreError::Fault { file: self.place.file.clone(), cause: stopped.to_string() }),
            Ok(Ok(outcome)) => outcome.map_err(|error| self.place.fault(error)),
        }
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
        const SQL: &str = "INSERT INTO entries (namespace, bucket, key, value) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET value = excluded.value, cached_at = NULL, written = 0";
        let [namespace, bucket, key] = owned(slot);
        let value = value.to_owned();
        self.run(&self.writer, move |connection| {
            connection.prepare_cached(SQL)?.execute(params![namespace, bucket, key, value]).map(drop)
        })
        .await
    }

    async fn cache(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO entries (namespace, bucket, key, value, cached_at, written)
            VALUES (?1, ?2, ?3, ?4, ?5, 1 + coalesce((
                SELECT written FROM entries INDEXED BY oldest
                WHERE namespace = ?1 AND bucket = ?2 AND cached_at IS NOT NULL ORDER BY written DESC LIMIT 1
            ), 0))
            ON CONFLICT DO UPDATE SET value = excluded.value, cached_at = excluded.cached_at, written = excluded.written";
        let [namespace, bucket, key] = owned(slot);
        let value = value.to_owned();
        let (now, quota) = (self.clock.now().as_second(), self.quota);
        let working = self.run(&self.writer, move |connection| {
            let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            transaction.prepare_cached(SQL)?.execute(params![namespace, bucket, key, value, now])?;
            let full = quota::keep_within(&transaction, [&namespace, &bucket, &key], quota)?;
            transaction.commit().map(|()| full)
        });
        if working.await? {
            self.full.tell(slot.shelf, self.quota);
        }
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
        const REPLACE: &str = "UPDATE entries SET value = ?4, cached_at = NULL, written = 0
            WHERE namespace = ?1 AND bucket = ?2 AND key = ?3 AND value = ?5";
        let [namespace, bucket, key] = owned(slot);
        // What is swapped may be a secret.
        let value = Zeroizing::new(value.to_owned());
        let expected = expected.map(|expected| Zeroizing::new(expected.to_owned()));
        let swapping = self.run(&self.writer, move |connection| {
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
        });
        let swapped = swapping.await?;
        if let Some(copy) = self.copy.as_ref().filter(|_| swapped) {
            copy.renew(self.within).await;
        }
        Ok(swapped)
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

    /// SQLite's own: it changes with what other connections commit, so it is read on the one that writes here.
    async fn revision(&self) -> Option<u64> {
        // Who waits for a writer would have read the value itself by then.
        let connection = Arc::clone(&self.writer).try_lock_owned().ok()?;
        let version = |connection: &Connection| {
            connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get::<_, u32>(0))
        };
        let looking = tokio::task::spawn_blocking(move || version(&connection).ok());
        tokio::time::timeout(self.within, looking).await.ok()?.ok()?.map(u64::from)
    }

    fn location(&self) -> String {
        self.place.file.display().to_string()
    }
}
