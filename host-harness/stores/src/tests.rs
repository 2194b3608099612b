//! What every store must do, and what can go wrong with a file.

mod quota;
mod read_cache;
mod state_files;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::state_files::{cache_in, copy_in, records_in};
use runtime::capabilities::clocks::Clock;
use runtime::store::*;

const SHELF: Shelf<'static> = Shelf { namespace: "sales", bucket: "managers" };

fn directory() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let file = cache_in(directory.path());
    (directory, file)
}

/// How long an operation may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file's store.
fn opened(file: impl Into<PathBuf>) -> SqliteStore {
    patient(SqliteStore::open(file).unwrap())
}

/// Calls would not wait for it so long, but the disk of a busy machine may take its time.
fn patient(store: SqliteStore) -> SqliteStore {
    store.within(PATIENCE)
}

/// A store in memory, one in a file, and one in another file whose values are also held in the process.
fn each(file: &Path) -> [Arc<dyn KeyValueStore>; 3] {
    let other = opened(file.with_extension("other"));
    [Arc::new(MemoryStore::new()), Arc::new(opened(file)), Arc::new(crate::read_cache::ReadCache::new(Arc::new(other)))]
}

#[tokio::test]
async fn a_value_is_kept_replaced_and_deleted() {
    let (_directory, file) = directory();
    for store in each(&file) {
        store_contract::a_value_is_kept_replaced_and_deleted(&*store).await;
    }
}

#[tokio::test]
async fn a_value_is_swapped_only_for_the_one_that_was_seen() {
    let (_directory, file) = directory();
    for store in each(&file) {
        store_contract::a_value_is_swapped_only_for_the_one_that_was_seen(&*store).await;
    }
}

#[tokio::test]
async fn of_many_that_swap_the_same_value_one_does() {
    let (_directory, file) = directory();
    let memory: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::new());
    store_contract::of_many_that_swap_the_same_value_one_does([Arc::clone(&memory), memory]).await;
    let open = || -> Arc<dyn KeyValueStore> { Arc::new(opened(&file)) };
    store_contract::of_many_that_swap_the_same_value_one_does([open(), open()]).await;
}

#[tokio::test]
async fn keys_are_listed_in_pages() {
    let (_directory, file) = directory();
    for store in each(&file) {
        store_contract::keys_are_listed_in_pages(&*store).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_two_addresses_share_a_value(addresses in store_contract::addresses()) {
        let (_directory, file) = directory();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for store in each(&file) {
                store_contract::no_two_addresses_share_a_value(&*store, &addresses).await;
            }
        });
    }
}

#[tokio::test]
async fn values_survive_the_process_and_are_seen_by_another_one() {
    let (_directory, file) = directory();
    let one = opened(&file);
    let two = opened(&file);
    one.set(SHELF.slot("k"), b"v1").await.unwrap();
    assert_eq!(two.get(SHELF.slot("k")).await.unwrap().as_deref(), Some(&b"v1"[..]));
    two.set(SHELF.slot("k"), b"v2").await.unwrap();
    assert_eq!(one.get(SHELF.slot("k")).await.unwrap().as_deref(), Some(&b"v2"[..]));
    // As after kill -9: nothing is closed.
    std::mem::forget((one, two));
    let reopened = opened(&file);
    assert_eq!(reopened.get(SHELF.slot("k")).await.unwrap().as_deref(), Some(&b"v2"[..]));
}

#[test]
fn many_processes_may_create_the_file_at_once() {
    let (_directory, file) = directory();
    std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| SqliteStore::open(&file).map(drop))).collect();
        for opened in opening {
            opened.join().unwrap().unwrap();
        }
    });
}

#[cfg(unix)]
#[tokio::test]
async fn only_this_user_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let inner = directory.path().join("a/b");
    let store = opened(cache_in(&inner));
    store.set(SHELF.slot("k"), b"v").await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    let files: Vec<_> = fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

/// A file that has been in use for a while.
async fn used(file: &Path) {
    let store = opened(file);
    for number in 0..200 {
        store.set(SHELF.slot(&format!("key {number}")), &[7; 1000]).await.unwrap();
    }
}

#[tokio::test]
async fn a_damaged_file_is_named_with_the_fix_and_calls_go_on_in_memory() {
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 4] = [
        ("garbage", |file| fs::write(file, [b'x'; 9000]).unwrap()),
        ("a few bytes of garbage", |file| fs::write(file, b"oops").unwrap()),
        ("truncated", |file| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(6000).unwrap()),
        ("header overwritten", |file| {
            let mut bytes = fs::read(file).unwrap();
            bytes[100..4096].fill(0xff);
            fs::write(file, bytes).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let (directory, file) = directory();
        used(&file).await;
        damage(&file);
        let (stores, warnings) = open(&StoreLocation::Directory(directory.path().to_owned()));
        let store = stores.cache;
        let warning = warnings.first().unwrap_or_else(|| panic!("{name}: no warning")).to_string();
        assert!(warning.contains(&file.display().to_string()), "{name}: {warning}");
        assert!(warning.contains("move it away") && warning.contains("without a durable cache"), "{name}: {warning}");
        assert_eq!(store.location(), "memory", "{name}");
        store.set(SHELF.slot("k"), b"v").await.unwrap();
        assert!(store.exists(SHELF.slot("k")).await.unwrap());
    }
}

#[tokio::test]
async fn damage_that_shows_only_later_is_an_error_and_no_panic() {
    let (_directory, file) = directory();
    used(&file).await;
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    fs::write(&file, bytes).unwrap();
    let store = opened(&file);
    let mut damaged = 0;
    for number in 0..200 {
        match store.get(SHELF.slot(&format!("key {number}"))).await {
            Ok(_) => {}
            Err(StoreError::Corrupt { .. }) => damaged += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(damaged > 0);
}

#[tokio::test]
async fn a_file_of_another_program_or_of_a_newer_version_is_left_alone() {
    let (directory, file) = directory();
    let location = StoreLocation::Directory(directory.path().to_owned());
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE accounts (name TEXT)").unwrap();
    let before = fs::read(&file).unwrap();
    let warning = open(&location).1[0].to_string();
    assert!(warning.contains("is not a store of this program"), "{warning}");
    assert_eq!(fs::read(&file).unwrap(), before);

    fs::remove_file(&file).unwrap();
    used(&file).await;
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 4).unwrap();
    let warning = open(&location).1[0].to_string();
    assert!(warning.contains("newer version (format 4, this version knows 3)"), "{warning}");
}

#[tokio::test]
async fn a_locked_file_is_an_error_soon_and_reading_goes_on() {
    let (_directory, file) = directory();
    let store = opened(&file);
    store.set(SHELF.slot("k"), b"v").await.unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = Instant::now();
    let error = store.set(SHELF.slot("k"), b"w").await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. } | StoreError::TimedOut { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(store.get(SHELF.slot("k")).await.unwrap().as_deref(), Some(&b"v"[..]));
    let late = opened(&file);
    assert!(late.exists(SHELF.slot("k")).await.unwrap());
    other.execute_batch("ROLLBACK").unwrap();
    store.set(SHELF.slot("k"), b"w").await.unwrap();
}

#[tokio::test]
async fn a_store_that_hangs_is_an_error_within_the_time_of_one_operation() {
    let (_directory, file) = directory();
    let store = SqliteStore::open(&file).unwrap();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let hanging = store.run(&store.reader, move |_| {
        let _ = stopped.recv();
        Ok(())
    });
    let behind = store.get(SHELF.slot("k"));
    let (hung, waited) = tokio::join!(hanging, behind);
    assert!(matches!(hung, Err(StoreError::TimedOut { .. })));
    assert!(matches!(waited, Err(StoreError::TimedOut { .. })));
    drop(stop);
    assert_eq!(store.get(SHELF.slot("k")).await.unwrap(), None);
}

#[tokio::test]
async fn where_nothing_can_be_written_calls_go_on_in_memory() {
    let directory = TempDir::new().unwrap();
    let in_the_way = directory.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let (stores, warnings) = open(&StoreLocation::Directory(in_the_way.clone()));
    for (warning, file) in warnings.iter().zip([records_in(&in_the_way), cache_in(&in_the_way)]) {
        let warning = warning.to_string();
        for part in ["cannot be opened for writing", "choose another state directory", &file.display().to_string()] {
            assert!(warning.contains(part), "{warning}");
        }
    }
    assert_eq!(
        (warnings.len(), stores.cache.location(), stores.records.location()),
        (2, "memory".to_owned(), "memory".to_owned())
    );
}

#[test]
fn a_location_is_a_directory_or_memory() {
    assert_eq!("memory".parse(), Ok(StoreLocation::Memory));
    assert_eq!("./memory".parse(), Ok(StoreLocation::Directory("./memory".into())));
    assert!(matches!("redis://cache".parse(), Ok(StoreLocation::Redis(_))));
    let (stores, warnings) = open(&StoreLocation::Memory);
    assert_eq!((stores.cache.location(), stores.records.location()), ("memory".to_owned(), "memory".to_owned()));
    assert_eq!(warnings, []);
}

/// A file of format 1 with one value in a component's bucket and one grant.
fn format_1(file: &Path) {
    let connection = Connection::open(file).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE entries (
                namespace TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
                PRIMARY KEY (namespace, bucket, key)
            ) STRICT, WITHOUT ROWID;
            INSERT INTO entries VALUES ('sales', 'default', 'caller', x'76'), ('sales', 'access', 'grant', x'67');
            PRAGMA application_id = 0x68686b76;
            PRAGMA user_version = 1;",
        )
        .unwrap();
}

/// A file of format 2 with a grant, and so many values of 1,000 bytes in a component's bucket, each a second later than the one before.
fn format_2(file: &Path, values: usize) {
    let mut connection = Connection::open(file).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE entries (
                namespace TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, cached_at INTEGER,
                PRIMARY KEY (namespace, bucket, key)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX cached ON entries (cached_at) WHERE cached_at IS NOT NULL;
            INSERT INTO entries VALUES ('sales', 'access', 'grant', x'67', NULL);
            PRAGMA application_id = 0x68686b76;
            PRAGMA user_version = 2;",
        )
        .unwrap();
    let transaction = connection.transaction().unwrap();
    for number in 0..values {
        // The last key is the first that was written.
        let key = format!("{:06}", values - number);
        let value = vec![b'v'; 1_000 - 256 - 6];
        let sql = "INSERT INTO entries VALUES ('sales', 'managers', ?1, ?2, ?3)";
        transaction.execute(sql, (key, value, 1_795_000_000 + i64::try_from(number).unwrap())).unwrap();
    }
    transaction.commit().unwrap();
}

/// Writes until what is awaited is so.
async fn sweep(store: &SqliteStore, clock: &Clock, gone: Slot<'_>) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.exists(gone).await.unwrap() {
        assert!(Instant::now() < deadline, "the old row is still there");
        clock.advance(jiff::SignedDuration::from_mins(11));
        store.cache(SHELF.slot("new"), b"v").await.unwrap();
    }
}

#[tokio::test]
async fn a_file_of_format_1_is_taken_over_and_its_cache_is_forgotten_in_time_but_never_its_grants() {
    let (_directory, file) = directory();
    format_1(&file);
    let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().unwrap());
    let store = patient(SqliteStore::with_clock(&file, clock.clone()).unwrap());
    let [cached, grant] = [("default", "caller"), ("access", "grant")]
        .map(|(bucket, key)| Shelf { namespace: "sales", bucket }.slot(key));
    clock.advance(jiff::SignedDuration::from_hours(24 * 6));
    for _ in 0..3 {
        clock.advance(jiff::SignedDuration::from_mins(11));
        store.cache(SHELF.slot("new"), b"v").await.unwrap();
    }
    assert_eq!(store.get(cached).await.unwrap().as_deref(), Some(&b"v"[..]), "six days are not seven");
    clock.advance(jiff::SignedDuration::from_hours(24));
    sweep(&store, &clock, cached).await;
    clock.advance(jiff::SignedDuration::from_hours(24 * 3_650));
    sweep(&store, &clock, cached).await;
    assert_eq!(store.get(grant).await.unwrap().as_deref(), Some(&b"g"[..]));
    let reopened = opened(&file);
    assert_eq!(reopened.get(grant).await.unwrap().as_deref(), Some(&b"g"[..]));
}

#[tokio::test]
async fn what_is_set_or_swapped_stays_and_what_is_cached_goes_a_few_rows_at_a_time() {
    let (_directory, file) = directory();
    let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().unwrap());
    let store = patient(SqliteStore::with_clock(&file, clock.clone()).unwrap());
    for number in 0..250 {
        store.cache(SHELF.slot(&format!("caller {number:03}")), b"v").await.unwrap();
    }
    store.cache(SHELF.slot("turned into a grant"), b"v").await.unwrap();
    store.set(SHELF.slot("turned into a grant"), b"v").await.unwrap();
    store.cache(SHELF.slot("swapped"), b"v").await.unwrap();
    assert!(store.compare_and_swap(SHELF.slot("swapped"), Some(b"v"), b"w").await.unwrap());
    clock.advance(jiff::SignedDuration::from_hours(24 * 8));
    for number in 0..250 {
        sweep(&store, &clock, SHELF.slot(&format!("caller {number:03}"))).await;
    }
    let left = store.list_keys(SHELF, 0, 10).await.unwrap().keys;
    assert_eq!(left, ["new", "swapped", "turned into a grant"]);
}
