//! Removes old rows of caches, few at a time and off the call's path.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::{Connection, params};
use tokio::sync::Mutex;

use runtime::store::CACHED_FOR;

/// How many rows one step removes: a few milliseconds' work.
const STEP: usize = 100;
/// How many seconds lie between two steps while there is more to remove.
const BUSY: i64 = 1;
/// And while there is not.
const IDLE: i64 = 600;

/// When the next step is due, in seconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Sweep(Arc<AtomicI64>);

impl Sweep {
    /// A write is done; makes a step where one is due, which nobody waits for. A step that fails is made again when the next is due.
    pub(super) fn after_write(&self, writer: &Arc<Mutex<Connection>>, now: i64) {
        let due = self.0.load(Ordering::Relaxed);
        if now < due || self.0.compare_exchange(due, now + IDLE, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        // Only where nobody else writes.
        let Ok(connection) = Arc::clone(writer).try_lock_owned() else {
            return self.0.store(now + BUSY, Ordering::Relaxed);
        };
        let next = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            if step(&connection, now).is_ok_and(|removed| removed == STEP) {
                next.store(now + BUSY, Ordering::Relaxed);
            }
        });
    }
}

fn step(connection: &Connection, now: i64) -> rusqlite::Result<usize> {
    const SQL: &str = "DELETE FROM entries WHERE (namespace, bucket, key) IN
        (SELECT namespace, bucket, key FROM entries WHERE cached_at < ?1 ORDER BY cached_at LIMIT ?2)";
    let oldest = now - i64::try_from(CACHED_FOR.as_secs()).unwrap_or(i64::MAX);
    connection.prepare_cached(SQL)?.execute(params![oldest, i64::try_from(STEP).unwrap_or(i64::MAX)])
}
