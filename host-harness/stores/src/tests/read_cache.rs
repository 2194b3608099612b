//! Values that are held in the process: what this one writes is seen at once, what another one writes soon.

use tokio::time::{Instant, advance};

use super::*;
use crate::read_cache::ReadCache;

/// Within this time what another process wrote is seen.
const SOON: Duration = Duration::from_millis(100);

fn held(file: &Path) -> ReadCache {
    ReadCache::new(Arc::new(opened(file)))
}

/// Counts what reaches the store below.
#[derive(Debug)]
struct Counted {
    store: SqliteStore,
    reads: std::sync::atomic::AtomicUsize,
}

#[async_trait::async_trait]
impl KeyValueStore for Counted {
    async fn get(&self, slot: Slot<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.store.get(slot).await
    }
    async fn set(&self, slot: Slot<'_>, value: &[u8]) -> Result<(), StoreError> {
        self.store.set(slot, value).await
    }
    async fn compare_and_swap(
        &self,
        slot: Slot<'_>,
        expected: Option<&[u8]>,
        value: &[u8],
    ) -> Result<bool, StoreError> {
        self.store.compare_and_swap(slot, expected, value).await
    }
    async fn delete(&self, slot: Slot<'_>) -> Result<(), StoreError> {
        self.store.delete(slot).await
    }
    async fn exists(&self, slot: Slot<'_>) -> Result<bool, StoreError> {
        self.store.exists(slot).await
    }
    async fn list_keys(&self, shelf: Shelf<'_>, position: u64, limit: u32) -> Result<KeyPage, StoreError> {
        self.store.list_keys(shelf, position, limit).await
    }
    async fn revision(&self) -> Option<u64> {
        self.store.revision().await
    }
    fn location(&self) -> String {
        self.store.location()
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_is_read_once_as_long_as_nobody_else_writes() {
    let (_directory, file) = directory();
    let below = Arc::new(Counted { store: opened(&file), reads: std::sync::atomic::AtomicUsize::new(0) });
    let store = ReadCache::new(Arc::clone(&below) as Arc<dyn KeyValueStore>);
    let reads = || below.reads.load(std::sync::atomic::Ordering::Relaxed);
    let slot = SHELF.slot("anna");
    store.set(slot, b"1").await.unwrap();
    for _ in 0..20 {
        assert_eq!(store.get(slot).await.unwrap().as_deref(), Some(&b"1"[..]));
        advance(Duration::from_millis(30)).await;
    }
    assert_eq!(reads(), 1);
    // One's own write is no reason to read what it did not touch.
    store.set(SHELF.slot("boris"), b"2").await.unwrap();
    assert_eq!(store.get(slot).await.unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(reads(), 1);
    opened(&file).set(SHELF.slot("boris"), b"3").await.unwrap();
    advance(SOON).await;
    store.get(slot).await.unwrap();
    assert_eq!(reads(), 2, "somebody else has written");
}

#[tokio::test(start_paused = true)]
async fn values_are_held_up_to_a_bound() {
    let (_directory, file) = directory();
    let store = held(&file);
    let value = vec![7; 512 * 1024];
    for key in 0..64 {
        let key = key.to_string();
        store.set(SHELF.slot(&key), &value).await.unwrap();
        assert_eq!(store.get(SHELF.slot(&key)).await.unwrap().as_deref(), Some(&value[..]));
    }
    assert!(store.held_bytes() <= 9 * 1024 * 1024, "{}", store.held_bytes());
}

#[derive(Clone, Debug)]
enum Step {
    Write { by: usize, key: usize, value: u8 },
    Delete { by: usize, key: usize },
    Read { by: usize, key: usize },
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let of = (0..2_usize, 0..3_usize);
    prop_oneof![
        2 => (of.clone(), any::<u8>()).prop_map(|((by, key), value)| Step::Write { by, key, value }),
        1 => of.clone().prop_map(|(by, key)| Step::Delete { by, key }),
        6 => of.prop_map(|(by, key)| Step::Read { by, key }),
        3 => (1..80_u64).prop_map(Step::Wait),
    ]
}

/// What became of a key, and when, and by whom.
type Past = Vec<(Instant, usize, Option<Vec<u8>>)>;

/// Whether a reader may still see this: it wrote nothing later itself, and the value stood there lately.
fn may_see(past: &Past, by: usize, seen: Option<&Vec<u8>>) -> bool {
    let own = past.iter().rposition(|(_, writer, _)| *writer == by).unwrap_or(0);
    let until = |place: usize| past.get(place + 1).map(|(at, ..)| *at);
    let lately = |place: usize| until(place).is_none_or(|until| until.elapsed() < SOON);
    (own..past.len()).any(|place| lately(place) && past[place].2.as_ref() == seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn own_writes_are_seen_at_once_and_those_of_another_process_soon(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (_directory, file) = directory();
            // Each has connections of its own, as another process has.
            let stores = [held(&file), held(&file)];
            let began = Instant::now();
            let mut pasts: [Past; 3] = std::array::from_fn(|_| vec![(began, 2, None)]);
            for step in steps {
                match step {
                    Step::Write { by, key, value } => {
                        stores[by].cache(SHELF.slot(&key.to_string()), &[value]).await.unwrap();
                        pasts[key].push((Instant::now(), by, Some(vec![value])));
                    }
                    Step::Delete { by, key } => {
                        stores[by].delete(SHELF.slot(&key.to_string())).await.unwrap();
                        pasts[key].push((Instant::now(), by, None));
                    }
                    Step::Read { by, key } => {
                        let seen = stores[by].get(SHELF.slot(&key.to_string())).await.unwrap();
                        prop_assert!(may_see(&pasts[key], by, seen.as_ref()), "store {} saw {:?} of {:?}", by, seen, pasts[key]);
                    }
                    Step::Wait(millis) => advance(Duration::from_millis(millis)).await,
                }
            }
            Ok(())
        })?;
    }
}
