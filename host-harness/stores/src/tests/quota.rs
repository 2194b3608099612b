//! The quota of a bucket: as every store keeps it, and as a file does.

use store_contract::{QUOTA, of};

use super::*;

fn small(file: &Path) -> [Arc<dyn KeyValueStore>; 2] {
    [Arc::new(MemoryStore::new().with_quota(QUOTA)), Arc::new(opened(file).with_quota(QUOTA))]
}

#[tokio::test]
async fn a_full_bucket_forgets_what_was_written_first() {
    let (_directory, file) = directory();
    for store in small(&file) {
        store_contract::a_full_bucket_forgets_what_was_written_first(&*store).await;
    }
}

#[tokio::test]
async fn a_value_that_is_written_again_is_the_newest() {
    let (_directory, file) = directory();
    for store in small(&file) {
        store_contract::a_value_that_is_written_again_is_the_newest(&*store).await;
    }
}

#[tokio::test]
async fn a_value_that_is_deleted_gives_its_room_back() {
    let (_directory, file) = directory();
    for store in small(&file) {
        store_contract::a_value_that_is_deleted_gives_its_room_back(&*store).await;
    }
}

#[tokio::test]
async fn only_cached_values_of_the_same_bucket_count_and_go() {
    let (_directory, file) = directory();
    for store in small(&file) {
        store_contract::only_cached_values_of_the_same_bucket_count_and_go(&*store).await;
    }
}

#[tokio::test]
async fn a_bucket_holds_64_mib() {
    let (_directory, file) = directory();
    let quarter = 16 * 1024 * 1024;
    for store in each(&file) {
        for key in ["a", "b", "c", "d"] {
            store.cache(SHELF.slot(key), &of(quarter)).await.unwrap();
        }
        assert!(store.exists(SHELF.slot("a")).await.unwrap());
        store.cache(SHELF.slot("e"), &of(ENTRY_OVERHEAD + 1)).await.unwrap();
        assert!(!store.exists(SHELF.slot("a")).await.unwrap());
    }
}

/// What the triggers have counted, and what there is.
fn counted(file: &Path) -> (i64, i64) {
    let connection = Connection::open(file).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get(0)).unwrap();
    (
        number("SELECT coalesce(sum(bytes), 0) FROM sizes"),
        number(
            "SELECT coalesce(sum(octet_length(key) + octet_length(value) + 256), 0) FROM entries WHERE cached_at IS NOT NULL",
        ),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_is_done_a_file_counts_what_it_holds(steps in prop::collection::vec((0..5_u8, "[a-d\u{0}é]{0,2}", 0..2_000_usize), 1..40)) {
        let (_directory, file) = directory();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = opened(&file).with_quota(QUOTA);
            for (step, key, length) in steps {
                let (slot, value) = (SHELF.slot(&key), vec![b'v'; length]);
                match step {
                    0 | 1 => store.cache(slot, &value).await.unwrap(),
                    2 => store.set(slot, &value).await.unwrap(),
                    3 => store.delete(slot).await.unwrap(),
                    _ => {
                        let seen = store.get(slot).await.unwrap();
                        assert!(store.compare_and_swap(slot, seen.as_deref(), &value).await.unwrap());
                    }
                }
                let (counted, held) = counted(&file);
                assert_eq!(counted, held);
                assert!(counted <= i64::try_from(QUOTA).unwrap());
            }
        });
    }
}

#[tokio::test]
async fn what_is_forgotten_in_time_gives_its_room_back() {
    let (_directory, file) = directory();
    let clock = Clock::frozen_at("2026-11-22T09:00:00Z".parse().unwrap());
    let store = patient(SqliteStore::with_clock(&file, clock.clone()).unwrap().with_quota(QUOTA));
    for key in ["a", "b", "c"] {
        store.cache(SHELF.slot(key), &of(1_000)).await.unwrap();
    }
    clock.advance(jiff::SignedDuration::from_hours(24 * 7));
    sweep(&store, &clock, SHELF.slot("a")).await;
    sweep(&store, &clock, SHELF.slot("c")).await;
    let new = i64::try_from(entry_bytes("new", b"v")).unwrap();
    assert_eq!(counted(&file), (new, new));
}

#[tokio::test]
async fn a_full_bucket_of_format_2_is_emptied_a_bounded_number_of_values_at_a_time() {
    let (_directory, file) = directory();
    format_2(&file, 2_500);
    // Before any of them is forgotten in time.
    let clock = Clock::frozen_at("2026-11-19T00:00:00Z".parse().unwrap());
    let store = patient(SqliteStore::with_clock(&file, clock).unwrap().with_quota(10_000));
    assert_eq!(counted(&file), (2_500_000, 2_500_000));
    let left = async || {
        let connection = Connection::open(&file).unwrap();
        connection
            .query_row("SELECT count(*) FROM entries WHERE bucket = 'managers'", [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    for expected in [1_501, 501, 10] {
        store.cache(SHELF.slot("n"), &of(1_000)).await.unwrap();
        assert_eq!(left().await, expected);
    }
    let keys = store.list_keys(SHELF, 0, 100).await.unwrap().keys;
    assert_eq!(keys[..2], ["000001", "000002"], "those of the last seconds are left");
    let grant = Shelf { namespace: "sales", bucket: "access" }.slot("grant");
    assert_eq!(store.get(grant).await.unwrap().as_deref(), Some(&b"g"[..]));
}

#[tokio::test]
async fn a_file_whose_bucket_is_full_does_not_grow() {
    let (_directory, file) = directory();
    let store = opened(&file).with_quota(1_000_000);
    let mut sizes = Vec::new();
    for round in 0..4 {
        for number in 0..300 {
            store.cache(SHELF.slot(&format!("{round} {number}")), &[7; 10_000]).await.unwrap();
        }
        let connection = Connection::open(&file).unwrap();
        sizes.push(connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).unwrap() * 4_096);
    }
    assert!(sizes[0] < 1_500_000 && sizes[3] <= sizes[0] + 50 * 4_096, "{sizes:?}");
}
