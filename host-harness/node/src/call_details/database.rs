//! The file of call details: where it is, what is in it, and how it is opened.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::ended;
use super::error::CallDetailsError;
use super::place::Place;

/// How long a reader or the writer waits for another one.
const BUSY: Duration = Duration::from_millis(500);
/// Marks the file as ours (`PRAGMA application_id`): "hhcd".
const APPLICATION: i64 = 0x6868_6364;
/// The format of the tables (`PRAGMA user_version`). A file of a newer one is left alone.
const FORMAT: i64 = 6;
/// What makes a file of format 1 one of format 2: what PBXs report of a call.
const FROM_1: &str = "ALTER TABLE calls ADD COLUMN legs TEXT";
/// What makes a file of format 2 one of format 3: what components call their facts.
const FROM_2: &str = "
    CREATE TABLE titles (
        component TEXT PRIMARY KEY, -- its SHA-256
        titles    TEXT NOT NULL     -- by the facts' keys, in both languages, as JSON
    ) STRICT;
";
/// What makes a file of format 3 one of format 4: how many calls of each process were told of.
const FROM_3: &str = "
    CREATE TABLE answered (
        process TEXT PRIMARY KEY,
        settled INTEGER NOT NULL, -- how many calls of it were written, or are in a gap
        last    INTEGER NOT NULL  -- when the last of them arrived, in milliseconds since 1970
    ) STRICT;
";
/// What makes a file of format 4 one of format 5: how calls ended, and the order in which that was learnt.
const FROM_4: &str = "
    ALTER TABLE calls ADD COLUMN ended TEXT NOT NULL DEFAULT 'not-reported';
    ALTER TABLE calls ADD COLUMN missed TEXT;      -- the identifiers of those who missed it, as a JSON array
    ALTER TABLE calls ADD COLUMN reported INTEGER; -- greater for calls of which more was learnt later
    CREATE INDEX calls_reported ON calls (reported) WHERE reported IS NOT NULL;
";

/// What makes a file of format 5 one of format 6: by what calls of the same caller are found.
const FROM_5: &str = "
    ALTER TABLE calls ADD COLUMN caller_key TEXT; -- a hash of the number with the host's secret
    CREATE INDEX calls_of_caller ON calls (caller_key, at) WHERE caller_key IS NOT NULL;
";

/// The tables themselves take some pages.
const LEAST_PAGES: i64 = 16;

const SCHEMA: &str = "
    CREATE TABLE calls (
        seq         INTEGER PRIMARY KEY AUTOINCREMENT,
        at          INTEGER NOT NULL, -- milliseconds since 1970
        call_id     TEXT NOT NULL,
        operation   TEXT NOT NULL,
        integration TEXT NOT NULL,
        outcome     TEXT NOT NULL,    -- `forwarded`, or the reason's code
        employee    TEXT,
        digits      TEXT NOT NULL,    -- the last four of the caller's number
        caller      TEXT,             -- the whole number, where it is kept
        document    TEXT NOT NULL,    -- the call as JSON, the caller masked
        legs        TEXT              -- what the PBX reported, as JSON
    ) STRICT;
    CREATE INDEX calls_at ON calls (at);
    CREATE INDEX calls_id ON calls (call_id);
    CREATE TABLE gaps (
        first INTEGER NOT NULL, -- milliseconds since 1970
        last  INTEGER NOT NULL,
        calls INTEGER NOT NULL  -- how many were lost
    ) STRICT;
";

/// Opens the place for the writer, and makes it where it is missing. It never grows much larger than `most` bytes, whatever comes in.
pub(super) fn for_writing(place: &Place, most: u64) -> Result<Connection, CallDetailsError> {
    if let Place::File(file) = place {
        create_directory(file).map_err(|error| unusable(place, &error))?;
    }
    let is_new = matches!(place, Place::File(file) if !file.exists());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(place, flags)?;
    if let (Place::File(file), true) = (place, is_new) {
        // Before anything is written; SQLite gives the file's companions the same mode.
        make_private(file).map_err(|error| unusable(place, &error))?;
    }
    prepare(&mut connection, place)?;
    bound(&connection, most).map_err(|error| CallDetailsError::of(place, &error))?;
    Ok(connection)
}

/// Which file is open, so that one is noticed that is another file now, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

/// Which file is at this place now; none for a memory, and where the system does not tell files apart.
pub(super) fn identity(place: &Place) -> io::Result<Option<Identity>> {
    match place {
        Place::Memory(_) => Ok(None),
        #[cfg(unix)]
        Place::File(file) => {
            use std::os::unix::fs::MetadataExt;
            let found = std::fs::metadata(file)?;
            Ok(Some(Identity(found.dev(), found.ino())))
        }
        #[cfg(not(unix))]
        Place::File(_) => Ok(None),
    }
}

/// Opens the place for a reader.
pub(super) fn for_reading(place: &Place) -> Result<Connection, CallDetailsError> {
    if let Place::File(file) = place
        && !file.exists()
    {
        return Err(CallDetailsError::Missing(file.clone()));
    }
    // Write access, or the last reader could not clean up after a writer that was killed; nothing is written but what an older file lacks.
    let mut connection = connect(place, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let failed = |error| CallDetailsError::of(place, &error);
    if matches!(place, Place::Memory(_)) {
        // A memory has no log beside it: a reader would be refused while a group is written.
        connection.pragma_update(None, "read_uncommitted", true).map_err(failed)?;
    }
    if !is_ours(&connection, place)? {
        return Err(CallDetailsError::Foreign(place.clone()));
    }
    upgrade(&mut connection).map_err(failed)?;
    connection.pragma_update(None, "query_only", true).map_err(failed)?;
    Ok(connection)
}

fn connect(place: &Place, flags: OpenFlags) -> Result<Connection, CallDetailsError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match place {
        Place::File(file) => Connection::open_with_flags(file, flags),
        Place::Memory(name) => {
            Connection::open_with_flags(&**name, flags | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI)
        }
    };
    let connection = connection.map_err(|error| CallDetailsError::of(place, &error))?;
    connection.busy_timeout(BUSY).map_err(|error| CallDetailsError::of(place, &error))?;
    Ok(connection)
}

/// A quarter more than wanted, so that old calls can be removed in steps before there is no room.
fn bound(connection: &Connection, most: u64) -> rusqlite::Result<()> {
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(most.saturating_add(most / 4)).unwrap_or(i64::MAX) / page.max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages.max(LEAST_PAGES), |_| Ok(()))
}

fn prepare(connection: &mut Connection, place: &Place) -> Result<(), CallDetailsError> {
    let failed = |error| CallDetailsError::of(place, &error);
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    if !is_ours(connection, place)? {
        // Old calls are removed in steps, and the file shrinks with them. To be said before there is a table.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)?;
        // One transaction: of two programs that start at once only one creates the tables.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if !is_ours(&transaction, place)? {
            for tables in [SCHEMA, FROM_2, FROM_3, FROM_4, FROM_5] {
                transaction.execute_batch(tables).map_err(failed)?;
            }
            transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
            transaction.pragma_update(None, "user_version", FORMAT).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
    }
    upgrade(connection).map_err(failed)?;
    connection.query_row("SELECT count(*) FROM (SELECT 1 FROM calls LIMIT 1)", [], |_| Ok(())).map_err(failed)
}

/// Brings a file of an older format to this one.
fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
    let format = |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    if format(connection)? == FORMAT {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let older = format(&transaction)?;
    if older == 1 {
        transaction.execute_batch(FROM_1)?;
    }
    if older < 3 {
        transaction.execute_batch(FROM_2)?;
    }
    if older < 4 {
        transaction.execute_batch(FROM_3)?;
    }
    if older < 5 {
        transaction.execute_batch(FROM_4)?;
        ended::learn(&transaction)?;
    }
    if older < FORMAT {
        transaction.execute_batch(FROM_5)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}

/// True for call details, false for an empty file, an error for anything else.
fn is_ours(connection: &Connection, place: &Place) -> Result<bool, CallDetailsError> {
    let number = |sql: &str| {
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| CallDetailsError::of(place, &error))
    };
    let format = number("PRAGMA user_version")?;
    match (number("PRAGMA application_id")?, number("SELECT count(*) FROM sqlite_schema")?) {
        (APPLICATION, _) if format > FORMAT => Err(CallDetailsError::Newer(place.clone())),
        (APPLICATION, _) => Ok(true),
        (0, 0) => Ok(false),
        _ => Err(CallDetailsError::Foreign(place.clone())),
    }
}

fn create_directory(file: &Path) -> io::Result<()> {
    let mut directory = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
    match file.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => directory.recursive(true).create(parent),
        None => Ok(()),
    }
}

fn make_private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(file, <Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600))?;
    let _ = file;
    Ok(())
}

fn unusable(place: &Place, error: &io::Error) -> CallDetailsError {
    CallDetailsError::Unusable { place: place.clone(), cause: error.to_string() }
}
