//! A group of calls that is written in one transaction: new ones, and ones that are brought up to date since the PBX came back with them.

use std::collections::VecDeque;
use std::time::Duration;

use call::CallDocument;
use call::document::Route;
use call::step::StepRecord;
use rusqlite::{Connection, Transaction, params};

use super::answered;
use super::document::{KeptCall, Record};
use super::ended;
use super::key::CallKey;
use super::reader;

/// How many calls are written in one transaction at most.
pub(super) const GROUP: usize = 1_024;
/// How long after it arrived a call may come back of which this process knows nothing: as long as numbers may ring one after another.
const RINGING: Duration = Duration::from_secs(2 * 60 * 60);

/// What became of a call that was written.
pub(super) enum Written {
    /// It has this number among the kept calls.
    New(i64),
    /// It was kept already, and is brought up to date.
    Continued(Box<KeptCall>),
}

/// How many calls of this process are told of when a group is written.
pub(super) struct Told<'a> {
    pub(super) process: &'a str,
    pub(super) settled: u64,
}

/// How many of the calls that wait are written at once: a part of the room there is, at least one.
pub(super) fn length(held: &VecDeque<Record>, most: u64) -> usize {
    let most = usize::try_from(most / 16).unwrap_or(usize::MAX);
    let mut bytes = 0_usize;
    let fit = held.iter().take(GROUP).take_while(|record| {
        bytes = bytes.saturating_add(record.size());
        bytes <= most
    });
    fit.count().max(1)
}

/// Writes one group, and a gap before it; says what became of each call.
pub(super) fn commit<'a>(
    connection: &mut Connection,
    records: impl Iterator<Item = &'a Record>,
    gap: Option<(i64, i64, u64)>,
    told: Told<'_>,
) -> rusqlite::Result<Vec<Written>> {
    const TITLES: &str = "INSERT OR IGNORE INTO titles (component, titles) VALUES (?1, ?2)";
    let transaction = connection.transaction()?;
    let (mut written, mut last) = (Vec::new(), 0);
    {
        let mut title = transaction.prepare_cached(TITLES)?;
        let mut titled = "";
        for record in records {
            for (component, titles) in &record.titles {
                // Once for the calls of a component that follow each other; they mostly all do.
                if !titles.is_empty() && component != titled {
                    titled = component;
                    title.execute(params![titled, serde_json::to_string(titles).unwrap_or_default()])?;
                }
            }
            let continued = if record.may_be_kept() { bring_up_to_date(&transaction, record)? } else { None };
            written.push(match continued {
                Some(call) => Written::Continued(Box::new(call)),
                None => Written::New(insert(&transaction, record)?),
            });
            last = record.at;
        }
    }
    if let Some((from, until, lost)) = gap {
        let lost = i64::try_from(lost).unwrap_or(i64::MAX);
        transaction.execute("INSERT INTO gaps (first, last, calls) VALUES (?1, ?2, ?3)", params![from, until, lost])?;
    }
    answered::settle(&transaction, told.process, told.settled, last)?;
    transaction.commit()?;
    Ok(written)
}

fn insert(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<i64> {
    const CALL: &str =
        "INSERT INTO calls (at, call_id, operation, integration, outcome, employee, digits, caller, document, missed,
        caller_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    transaction.prepare_cached(CALL)?.insert(params![
        record.at,
        record.call_id,
        &*record.operation,
        &*record.integration,
        record.outcome,
        record.employee,
        record.digits,
        record.caller.as_ref().map(|caller| caller.whole()),
        record.document,
        record.missed,
        record.caller_key,
    ])
}

/// Brings the kept call up to date that this one goes on with; none where that one is not kept.
fn bring_up_to_date(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<Option<KeptCall>> {
    const CALL: &str = "UPDATE calls SET outcome = ?1, employee = ?2, document = ?3,
        caller_key = coalesce(?4, caller_key) WHERE seq = ?5";
    let key = match &record.back_from {
        None => CallKey::Arrived(record.call_id.clone(), record.arrived),
        // Another process answered it first, or this one has forgotten it.
        Some(_) => CallKey::Id(record.call_id.clone()),
    };
    let Some(kept) = reader::find(transaction, &key)? else { return Ok(None) };
    let document = match &record.back_from {
        None => record.document.clone(),
        Some(step) => {
            let joined = kept.document().and_then(|kept| join(kept, &record.document, step));
            let Some(joined) = joined else { return Ok(None) };
            joined
        }
    };
    transaction.prepare_cached(CALL)?.execute(params![
        record.outcome,
        record.employee,
        document,
        record.caller_key,
        kept.seq
    ])?;
    let continued = reader::find(transaction, &CallKey::Seq(kept.seq))?;
    if let Some(call) = &continued {
        ended::note(transaction, call)?;
    }
    Ok(continued)
}

/// The document of a call of which only the kept one knows how it began; none where that one's numbers were not ringing then.
fn join(kept: CallDocument, document: &str, step: &StepRecord) -> Option<String> {
    let mut later: CallDocument = serde_json::from_str(document).ok()?;
    let rings = matches!(&kept.route, Route::Forward { then, .. } if *then == step.target)
        && kept.placement.as_ref().is_none_or(|placement| *placement == step.placement);
    let since = later.call.at.duration_since(kept.call.at);
    if !rings || since.is_negative() || since.unsigned_abs() > RINGING {
        return None;
    }
    later.call = kept.call.clone();
    let mut steps = kept.steps.clone();
    steps.push(kept.into_step(&step.placement, &[]));
    steps.extend(later.steps.into_iter().skip(1));
    later.steps = steps;
    serde_json::to_string(&later).ok()
}
