//! Old calls are removed: those that are too old, and, where the file is too large, the oldest.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::CallDetailsSettings;

/// How many calls are removed in one transaction, so that none takes long.
const STEP: i64 = 1_000;
/// Into how many parts the calls of a small file are divided, so that a step does not take them all.
const PARTS: i64 = 20;
/// How many steps are made at once. What is left waits for the next time.
const STEPS: usize = 50;
/// How many free pages are given back to the disk after a step.
const PAGES: u32 = 2_000;

/// Removes what is too old or too much, in small steps.
pub(super) fn tidy(connection: &Connection, settings: &CallDetailsSettings, now: Timestamp) -> rusqlite::Result<()> {
    let keep_for = SignedDuration::try_from(settings.keep_for).unwrap_or(SignedDuration::MAX);
    let oldest = now.checked_sub(keep_for).unwrap_or(Timestamp::MIN).as_millisecond();
    for _ in 0..STEPS {
        let too_old = connection.execute(
            "DELETE FROM calls WHERE seq IN (SELECT seq FROM calls WHERE at < ?1 ORDER BY at LIMIT ?2)",
            params![oldest, STEP],
        )?;
        connection.execute("DELETE FROM gaps WHERE last < ?1", params![oldest])?;
        let too_much = if in_use(connection)? > settings.keep_at_most {
            connection.execute(
                "DELETE FROM calls WHERE seq IN (SELECT seq FROM calls ORDER BY seq
                    LIMIT (SELECT min(?1, (max(seq) - min(seq)) / ?2 + 1) FROM calls))",
                params![STEP, PARTS],
            )?
        } else {
            0
        };
        if too_old + too_much == 0 {
            break;
        }
        shrink(connection)?;
    }
    Ok(())
}

/// Bytes of pages that hold something.
fn in_use(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(u64::try_from(pages * number("page_size")?).unwrap_or_default())
}

/// Gives free pages back to the disk.
fn shrink(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
