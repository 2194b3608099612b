//! The tables of a store's file, their format, and how a file of an older format becomes one of this.
//!
//! | format | what it added |
//! |---|---|
//! | 1 | values under keys |
//! | 2 | when a cached value was written, to forget it in time |
//! | 3 | in which order cached values were written, and what those of a bucket take, for its quota |

use rusqlite::{Connection, TransactionBehavior};

use runtime::capabilities::clocks::Clock;
use runtime::store::{ENTRY_OVERHEAD, StoreError};

use super::place::Place;

/// Marks the file as ours (`PRAGMA application_id`): "hhkv".
const APPLICATION: i64 = 0x6868_6b76;
/// The format of the tables (`PRAGMA user_version`). A file of a newer one is left alone.
pub(super) const FORMAT: i64 = 3;

const ENTRIES: &str = "
    CREATE TABLE entries (
        namespace TEXT NOT NULL,
        bucket    TEXT NOT NULL,
        key       TEXT NOT NULL,
        value     BLOB NOT NULL,
        cached_at INTEGER, -- seconds since 1970 for what is forgotten in time; none for what stays
        written   INTEGER NOT NULL DEFAULT 0, -- the place in the order in which cached values of the bucket were written
        PRIMARY KEY (namespace, bucket, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX cached ON entries (cached_at) WHERE cached_at IS NOT NULL;
";

/// What the cached values of each bucket take. Triggers keep the sums, so whatever changes a value changes them too.
const SIZES: &str = "
    CREATE INDEX oldest ON entries (namespace, bucket, written, cached_at) WHERE cached_at IS NOT NULL;
    CREATE TABLE sizes (
        namespace TEXT NOT NULL,
        bucket    TEXT NOT NULL,
        bytes     INTEGER NOT NULL,
        PRIMARY KEY (namespace, bucket)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER inserted AFTER INSERT ON entries WHEN new.cached_at IS NOT NULL BEGIN
        INSERT INTO sizes VALUES (new.namespace, new.bucket, BYTES_OF(new))
            ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER deleted AFTER DELETE ON entries WHEN old.cached_at IS NOT NULL BEGIN
        UPDATE sizes SET bytes = bytes - BYTES_OF(old) WHERE namespace = old.namespace AND bucket = old.bucket;
    END;
    CREATE TRIGGER updated AFTER UPDATE ON entries BEGIN
        UPDATE sizes SET bytes = bytes - BYTES_OF(old)
            WHERE old.cached_at IS NOT NULL AND namespace = old.namespace AND bucket = old.bucket;
        INSERT INTO sizes SELECT new.namespace, new.bucket, BYTES_OF(new) WHERE new.cached_at IS NOT NULL
            ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
";

/// From format 1, which forgot nothing. In it, components had one bucket, and its values are as good as written now.
const FROM_FORMAT_1: &str = "
    ALTER TABLE entries ADD COLUMN cached_at INTEGER;
    CREATE INDEX cached ON entries (cached_at) WHERE cached_at IS NOT NULL;
";
const CACHED_IN_FORMAT_1: &str = "UPDATE entries SET cached_at = ?1 WHERE bucket = 'default'";

/// From format 2: its values keep the order of their seconds, before all that are written from now on.
const FROM_FORMAT_2: &str = "ALTER TABLE entries ADD COLUMN written INTEGER NOT NULL DEFAULT 0";
const SIZES_IN_FORMAT_2: &str = "
    INSERT INTO sizes SELECT namespace, bucket, sum(BYTES_OF(entries)) FROM entries
        WHERE cached_at IS NOT NULL GROUP BY namespace, bucket;
";

/// SQL with what each row counts for written out.
fn sized(sql: &str) -> String {
    let mut sql = sql.to_owned();
    for row in ["new", "old", "entries"] {
        sql = sql.replace(&format!("BYTES_OF({row})"), &bytes_of(row));
    }
    sql
}

/// What a row counts for in the quota, as SQL.
pub(super) fn bytes_of(row: &str) -> String {
    format!("(octet_length({row}.key) + octet_length({row}.value) + {ENTRY_OVERHEAD})")
}

/// Looks whether the file is ours and readable by this version, and makes an empty one ours.
pub(super) fn prepare(connection: &mut Connection, place: &Place, clock: &Clock) -> Result<(), StoreError> {
    let failed = |error| place.fault(error);
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    // Only an empty file has to be written to, so another process that holds a lock does not keep this one from starting. The look
    // is one transaction, or it could see half of what another process is creating.
    let look = connection.transaction().map_err(failed)?;
    let format = of(&look, place)?;
    look.finish().map_err(failed)?;
    if format != Some(FORMAT) {
        // One transaction: of two processes that start at once only one creates or changes the table.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let found = of(&transaction, place)?;
        if found.is_none() {
            transaction.execute_batch(ENTRIES).map_err(failed)?;
            transaction.execute_batch(&sized(SIZES)).map_err(failed)?;
            transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
        }
        if found == Some(1) {
            transaction.execute_batch(FROM_FORMAT_1).map_err(failed)?;
            transaction.execute(CACHED_IN_FORMAT_1, [clock.now().as_second()]).map_err(failed)?;
        }
        if matches!(found, Some(1 | 2)) {
            transaction.execute_batch(FROM_FORMAT_2).map_err(failed)?;
            transaction.execute_batch(&sized(SIZES)).map_err(failed)?;
            transaction.execute_batch(&sized(SIZES_IN_FORMAT_2)).map_err(failed)?;
        }
        transaction.pragma_update(None, "user_version", FORMAT).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    // Found out now rather than in a call: are the tables there, and can they be read?
    for table in ["entries", "sizes"] {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1)");
        connection.query_row(&sql, [], |_| Ok(())).map_err(failed)?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)
}

/// The format of a store, none for an empty file, an error for anything else.
pub(super) fn of(connection: &Connection, place: &Place) -> Result<Option<i64>, StoreError> {
    let number =
        |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| place.fault(error));
    let format = number("PRAGMA user_version")?;
    match (number("PRAGMA application_id")?, number("SELECT count(*) FROM sqlite_schema")?) {
        (APPLICATION, _) if format > FORMAT => {
            Err(StoreError::Newer { file: place.file.clone(), found: format, known: FORMAT })
        }
        (APPLICATION, _) => Ok(Some(format)),
        (0, 0) => Ok(None),
        _ => Err(StoreError::Foreign { file: place.file.clone() }),
    }
}
