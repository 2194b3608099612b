//! Moves the host's own records out of the file of a version that kept them beside cached answers.
//!
//! They are written to their own file first, through to the disk, and then deleted from the old one: a process that is killed in between moves
//! them again, and those that are there already stay as they are.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};
use zeroize::Zeroizing;

use runtime::store::{Contents, StoreError};

use super::format;
use super::place::Place;

/// The first format of a file that holds cached answers alone.
const APART: i64 = 3;

/// Whether there is a file that may hold records too.
pub(crate) fn is_due(cache: &Path, contents: Contents) -> Result<bool, StoreError> {
    if !cache.exists() {
        return Ok(false);
    }
    let place = Place { file: cache.to_owned(), contents };
    let found = format::of(&place.connect()?, &place)?;
    Ok(found.is_some_and(|format| format < APART))
}

/// Moves the records into the file for them, which is a store of this version already.
pub(crate) fn run(cache: &Path, records: &Path) -> Result<(), StoreError> {
    let old = Place { file: cache.to_owned(), contents: Contents::All };
    let new = Place { file: records.to_owned(), contents: Contents::Records };
    let mut from = old.connect()?;
    // Nobody changes them from here on.
    let taken = from.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| old.fault(error))?;
    // In format 1 nothing says what is cached; components had one bucket.
    let are_records = match format::of(&taken, &old)? {
        Some(1) => "bucket <> 'default'",
        Some(2) => "cached_at IS NULL",
        _ => return Ok(()),
    };
    // The format is raised after this, so where this fails it is due again.
    let rows = read(&taken, are_records).map_err(|error| old.fault(error))?;
    write(&mut new.connect()?, &rows).map_err(|error| new.fault(error))?;
    let delete = format!("DELETE FROM entries WHERE {are_records}");
    taken.execute(&delete, []).and_then(|_| taken.commit()).map_err(|error| old.fault(error))?;
    // What is deleted stays in the file's free pages until they are used again, and it may be a token.
    from.execute_batch("VACUUM").map_err(|error| old.fault(error))
}

/// An address and its value, which may be a secret.
type Row = ([String; 3], Zeroizing<Vec<u8>>);

fn read(connection: &Connection, are_records: &str) -> rusqlite::Result<Vec<Row>> {
    let mut select =
        connection.prepare(&format!("SELECT namespace, bucket, key, value FROM entries WHERE {are_records}"))?;
    let rows =
        select.query_map([], |row| Ok(([row.get(0)?, row.get(1)?, row.get(2)?], Zeroizing::new(row.get(3)?))))?;
    rows.collect()
}

fn write(connection: &mut Connection, rows: &[Row]) -> rusqlite::Result<()> {
    const SQL: &str =
        "INSERT INTO entries (namespace, bucket, key, value) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare(SQL)?;
        for ([namespace, bucket, key], value) in rows {
            insert.execute(params![namespace, bucket, key, value.as_slice()])?;
        }
    }
    transaction.commit()
}
