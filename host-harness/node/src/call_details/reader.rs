//! Reading kept calls: in this program or another one, while the writer writes.

use std::collections::{BTreeMap, BTreeSet};

use call::ended::Ended;
use call::titles::Titles;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};
use serde::Serialize;
use utoipa::ToSchema;

use super::database;
use super::document::{COLUMNS, KeptCall};
use super::error::CallDetailsError;
use super::filter::Filter;
use super::key::CallKey;
use super::place::Place;

/// The most spans of time that are counted at once.
const MOST_BUCKETS: i64 = 2_000;

/// A reader. It opens the file for each question and blocks: not for asynchronous threads.
#[derive(Clone, Debug)]
pub struct Reader {
    place: Place,
}

/// Some calls, newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The calls.
    pub calls: Vec<KeptCall>,
    /// Where to go on ([`Filter::before`]); none where these were the last.
    pub next: Option<i64>,
}

/// Calls that could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When the first of them arrived.
    pub first: Timestamp,
    /// When the last of them arrived.
    pub last: Timestamp,
    /// How many there were.
    pub calls: u64,
}

/// How the calls of a span of time ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bucket {
    /// When the span begins.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Calls by outcome: `forwarded`, or the reason's code.
    pub counts: BTreeMap<String, u64>,
}

impl Reader {
    /// Of the calls kept there.
    pub fn new(place: Place) -> Self {
        Self { place }
    }

    /// At most `limit` calls that were asked for, newest first.
    pub fn list(&self, filter: &Filter, limit: usize) -> Result<Page, CallDetailsError> {
        self.ask(|connection| {
            let (condition, values) = filter.sql();
            let sql = format!("SELECT {COLUMNS} FROM calls WHERE {condition} ORDER BY seq DESC LIMIT {}", limit + 1);
            let mut statement = connection.prepare(&sql)?;
            let calls = statement.query_map(params_from_iter(values), KeptCall::of_row)?;
            let mut calls = calls.collect::<rusqlite::Result<Vec<_>>>()?;
            let more = calls.len() > limit;
            calls.truncate(limit);
            let next = calls.last().map(|call| call.seq).filter(|_| more);
            Ok(Page { calls, next })
        })
    }

    /// At most `limit` calls after this number that were asked for, oldest first: what a follower has not seen.
    pub fn after(&self, filter: &Filter, seq: i64, limit: usize) -> Result<Vec<KeptCall>, CallDetailsError> {
        self.ask(|connection| {
            let (condition, values) = Filter { after: Some(seq), ..filter.clone() }.sql();
            let sql = format!("SELECT {COLUMNS} FROM calls WHERE {condition} ORDER BY seq LIMIT {limit}");
            let mut statement = connection.prepare(&sql)?;
            statement.query_map(params_from_iter(values), KeptCall::of_row)?.collect()
        })
    }

    /// The number of what was learnt of kept calls last: that a PBX reported, or came back; 0 where nothing was.
    pub fn reported(&self) -> Result<i64, CallDetailsError> {
        let newest = "SELECT coalesce(max(reported), 0) FROM calls WHERE reported IS NOT NULL";
        self.ask(|connection| connection.query_row(newest, [], |row| row.get(0)))
    }

    /// At most `limit` calls of which more was learnt after this number, in that order, each with the number of that.
    pub fn reported_after(
        &self,
        filter: &Filter,
        number: i64,
        limit: usize,
    ) -> Result<Vec<(i64, KeptCall)>, CallDetailsError> {
        self.ask(|connection| {
            let (condition, mut values) = filter.sql();
            values.push(number.into());
            let sql = format!(
                "SELECT {COLUMNS}, reported FROM calls WHERE {condition} AND reported > ?{} ORDER BY reported LIMIT {limit}",
                values.len()
            );
            let mut statement = connection.prepare(&sql)?;
            statement.query_map(params_from_iter(values), |row| Ok((row.get(6)?, KeptCall::of_row(row)?)))?.collect()
        })
    }

    /// One call, with what its facts are called.
    pub fn find(&self, key: &CallKey) -> Result<Option<KeptCall>, CallDetailsError> {
        self.ask(|connection| {
            let Some(mut call) = find(connection, key)? else { return Ok(None) };
            call.titles = titles(connection, &call)?;
            Ok(Some(call))
        })
    }

    /// The employee who was the last to answer the caller of this key, and when that call arrived; none where nobody was since then.
    pub(crate) fn last_answered(
        &self,
        caller_key: &str,
        since: Timestamp,
    ) -> Result<Option<(String, Timestamp)>, CallDetailsError> {
        const LAST: &str = "SELECT employee, at FROM calls
            WHERE caller_key = ?1 AND at >= ?2 AND ended = ?3 AND employee IS NOT NULL ORDER BY at DESC LIMIT 1";
        self.ask(|connection| {
            let values = params![caller_key, since.as_millisecond(), Ended::Answered.name()];
            connection.query_row(LAST, values, |row| Ok((row.get(0)?, time(row.get(1)?)))).optional()
        })
    }

    /// The caller of the call of this number, as it is looked up who talked to it last; none where it has no such key.
    pub(super) fn caller_key(&self, seq: i64) -> Result<Option<String>, CallDetailsError> {
        self.ask(|connection| {
            let key =
                connection.query_row("SELECT caller_key FROM calls WHERE seq = ?1", params![seq], |row| row.get(0));
            Ok(key.optional()?.flatten())
        })
    }

    /// The number of the newest call.
    pub fn newest(&self) -> Result<i64, CallDetailsError> {
        self.ask(|connection| connection.query_row("SELECT coalesce(max(seq), 0) FROM calls", [], |row| row.get(0)))
    }

    /// The outcomes that kept calls had.
    pub fn outcomes(&self) -> Result<Vec<String>, CallDetailsError> {
        self.ask(|connection| {
            let mut statement = connection.prepare("SELECT DISTINCT outcome FROM calls ORDER BY outcome")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// The calls that could not be kept, oldest first.
    pub fn gaps(&self, since: Option<Timestamp>) -> Result<Vec<Gap>, CallDetailsError> {
        self.ask(|connection| {
            let mut statement =
                connection.prepare("SELECT first, last, calls FROM gaps WHERE last >= ?1 ORDER BY first")?;
            let since = since.map_or(i64::MIN, Timestamp::as_millisecond);
            let gap = |row: &Row<'_>| {
                let calls: i64 = row.get(2)?;
                Ok(Gap { first: time(row.get(0)?), last: time(row.get(1)?), calls: calls.unsigned_abs() })
            };
            statement.query_map(params![since], gap)?.collect()
        })
    }

    /// The spans that calls are counted by where spans of so many seconds were asked for: longer ones, where there would be too many.
    pub fn step_of(since: Timestamp, until: Timestamp, seconds: i64) -> i64 {
        let whole = until.as_second().saturating_sub(since.as_second()).max(0);
        seconds.max(1).max(whole / MOST_BUCKETS + 1 - i64::from(whole % MOST_BUCKETS == 0))
    }

    /// How calls ended, by spans of so many seconds ([`step_of`](Self::step_of)). A span without calls is left out.
    pub fn reasons(&self, since: Timestamp, until: Timestamp, seconds: i64) -> Result<Vec<Bucket>, CallDetailsError> {
        let step = Self::step_of(since, until, seconds).saturating_mul(1_000);
        let (since, until) = (since.as_millisecond(), until.as_millisecond());
        self.ask(|connection| {
            let mut statement = connection.prepare(
                "SELECT ?1 + (at - ?1) / ?3 * ?3 AS bucket, outcome, count(*) FROM calls WHERE at >= ?1 AND at < ?2
                GROUP BY bucket, outcome ORDER BY bucket",
            )?;
            let mut rows = statement.query(params![since, until, step])?;
            let mut buckets = Vec::<Bucket>::new();
            while let Some(row) = rows.next()? {
                let (at, outcome, count): (_, String, i64) = (time(row.get(0)?), row.get(1)?, row.get(2)?);
                if buckets.last().is_none_or(|bucket| bucket.at != at) {
                    buckets.push(Bucket { at, counts: BTreeMap::new() });
                }
                if let Some(bucket) = buckets.last_mut() {
                    bucket.counts.insert(outcome, count.unsigned_abs());
                }
            }
            Ok(buckets)
        })
    }

    fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, CallDetailsError> {
        let connection = database::for_reading(&self.place)?;
        question(&connection).map_err(|error| CallDetailsError::of(&self.place, &error))
    }
}

/// One call.
pub(super) fn find(connection: &Connection, key: &CallKey) -> rusqlite::Result<Option<KeptCall>> {
    let one = |condition: &str, values: &[&dyn ToSql]| {
        let sql = format!("SELECT {COLUMNS} FROM calls WHERE {condition} ORDER BY seq DESC LIMIT 1");
        connection.query_row(&sql, values, KeptCall::of_row).optional()
    };
    match key {
        CallKey::Id(id) => one("call_id = ?1", &[id]),
        CallKey::Arrived(id, at) => one("call_id = ?1 AND at = ?2", &[id, &at.as_millisecond()]),
        CallKey::ArrivedWithin(id, from, until) => {
            one("call_id = ?1 AND at >= ?2 AND at < ?3", &[id, &from.as_millisecond(), &until.as_millisecond()])
        }
        CallKey::Seq(seq) => one("seq = ?1", &[seq]),
    }
}

/// What the facts of the call's components are called; nothing, where that was not kept.
fn titles(connection: &Connection, call: &KeptCall) -> rusqlite::Result<BTreeMap<String, Titles>> {
    let Some(document) = call.document() else { return Ok(BTreeMap::new()) };
    let steps = document.steps.iter().filter_map(|step| step.run.component.as_deref());
    let components: BTreeSet<&str> = steps.chain([document.component()]).collect();
    let mut titles = BTreeMap::new();
    for component in components {
        let kept: Option<String> = connection
            .query_row("SELECT titles FROM titles WHERE component = ?1", params![component], |row| row.get(0))
            .optional()?;
        let read = kept.and_then(|titles| serde_json::from_str(&titles).ok());
        titles.extend(read.map(|read| (component.to_owned(), read)));
    }
    Ok(titles)
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
