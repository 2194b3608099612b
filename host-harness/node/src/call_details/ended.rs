//! How calls ended, in columns of their own, so that the database can choose by it.

use rusqlite::{Connection, params};

use super::document::{COLUMNS, KeptCall, missed};

/// Keeps what was learnt of a call: its legs, how it ended and who missed it. Followers find it behind what was learnt before.
pub(super) fn note(connection: &Connection, call: &KeptCall) -> rusqlite::Result<()> {
    const CALL: &str = "UPDATE calls SET legs = ?1, ended = ?2, missed = ?3, reported =
        (SELECT coalesce(max(reported), 0) + 1 FROM calls WHERE reported IS NOT NULL) WHERE seq = ?4";
    let end = call.end();
    let columns = params![call.legs_json(), end.ended.name(), missed(&end), call.seq];
    connection.prepare_cached(CALL)?.execute(columns)?;
    Ok(())
}

/// Works out how the calls of an older file ended.
pub(super) fn learn(connection: &Connection) -> rusqlite::Result<()> {
    const CALL: &str = "UPDATE calls SET ended = ?1, missed = ?2 WHERE seq = ?3";
    // Of others nothing was reported, and nobody's numbers rang before.
    let some = "legs IS NOT NULL OR instr(document, '\"steps\":') > 0";
    let mut update = connection.prepare(CALL)?;
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM calls WHERE {some}"))?;
    for call in statement.query_map([], KeptCall::of_row)? {
        let call = call?;
        let end = call.end();
        update.execute(params![end.ended.name(), missed(&end), call.seq])?;
    }
    Ok(())
}
