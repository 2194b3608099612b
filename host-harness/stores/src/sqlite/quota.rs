//! Keeps the cached values of a bucket within their quota: what was written first goes.

use rusqlite::{Connection, OptionalExtension, params};

use super::format::bytes_of;

/// The most rows that one write removes: some 20 ms of work. A value of a component, at most 64 KiB, never pushes out more than a few hundred.
/// Only a bucket that an older version filled needs several writes.
pub(super) const STEP: u32 = 1_000;

/// Removes what was written first until the bucket is within its quota, but not the value under this key, and at most [`STEP`] values. Whether
/// it removed any.
pub(super) fn keep_within(
    connection: &Connection,
    [namespace, bucket, key]: [&str; 3],
    quota: u64,
) -> rusqlite::Result<bool> {
    const HELD: &str = "SELECT bytes FROM sizes WHERE namespace = ?1 AND bucket = ?2";
    const DELETE: &str = "DELETE FROM entries WHERE namespace = ?1 AND bucket = ?2 AND key = ?3";
    let held =
        connection.prepare_cached(HELD)?.query_row([namespace, bucket], |row| row.get::<_, i64>(0)).optional()?;
    let mut over = held.unwrap_or_default().saturating_sub(i64::try_from(quota).unwrap_or(i64::MAX));
    if over <= 0 {
        return Ok(false);
    }
    let mut going = Vec::new();
    {
        let mut oldest = connection.prepare_cached(&oldest())?;
        let mut rows = oldest.query(params![namespace, bucket, key, STEP])?;
        while let Some(row) = rows.next()?.filter(|_| over > 0) {
            going.push(row.get::<_, String>(0)?);
            over -= row.get::<_, i64>(1)?;
        }
    }
    let mut delete = connection.prepare_cached(DELETE)?;
    for key in &going {
        delete.execute([namespace, bucket, key.as_str()])?;
    }
    Ok(!going.is_empty())
}

/// The cached values of a bucket in the order of writing, but one. The index is named: without it each write would read the bucket.
fn oldest() -> String {
    format!(
        "SELECT key, {} FROM entries INDEXED BY oldest
         WHERE namespace = ?1 AND bucket = ?2 AND cached_at IS NOT NULL AND key <> ?3
         ORDER BY written, cached_at LIMIT ?4",
        bytes_of("entries")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteStore;

    #[test]
    fn the_oldest_values_are_found_without_reading_the_bucket() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store");
        let _store = SqliteStore::open(&file).unwrap();
        let connection = Connection::open(&file).unwrap();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", oldest())).unwrap();
        let steps =
            plan.query_map(params!["sales", "managers", "key", STEP], |row| row.get::<_, String>("detail")).unwrap();
        let steps: Vec<_> = steps.map(Result::unwrap).collect();
        assert_eq!(steps, ["SEARCH entries USING INDEX oldest (namespace=? AND bucket=?)"]);
    }
}
