//! What differs between a recording and a run of it, in words: first the import at which they part, then what came out.

use std::fmt;

use serde_json::{Value, json};

use crate::difference::differences;
use call::CallDocument;
use call::document::Route;
use call::one_line::one_line;
use runtime::journal::{Entry, HttpEnd, Import, KeyValueAsk, Outcome, PieceKind};

/// How a run departed from its recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    /// Where the questions part; none where all are the same.
    pub import: Option<Parting>,
    /// Where the resolutions differ.
    pub resolution: Vec<String>,
    /// The recorded instructions and those of the run, where they differ.
    pub instructions: Option<(u64, u64)>,
}

/// The first question that is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// Its place, from 1.
    pub place: usize,
    /// How many questions the recording has.
    pub of: usize,
    /// The recorded question; none where the recording had ended.
    pub recorded: Option<String>,
    /// The question of the run; none where the run had ended.
    pub asked: Option<String>,
    /// The last question before it that tells anything, and its answer.
    pub after: Option<String>,
}

/// The call's JSON without what the run cost.
pub(super) fn document(resolved: &CallDocument) -> anyhow::Result<Value> {
    let mut document = serde_json::to_value(resolved)?;
    if let Some(fields) = document.as_object_mut() {
        fields.remove("run");
    }
    Ok(document)
}

/// The document of such a JSON.
pub(super) fn read_document(json: &Value) -> anyhow::Result<CallDocument> {
    let mut document = json.clone();
    if let Some(fields) = document.as_object_mut() {
        fields.insert("run".to_owned(), json!({}));
    }
    Ok(serde_json::from_value(document)?)
}

/// Compares a run with its recording.
pub(super) fn departure(
    (recorded, resolved): (&[Entry], &Value),
    (run, resolved_again): (&[Entry], &Value),
    instructions: (Option<u64>, Option<u64>),
) -> Option<Departure> {
    let found = Departure {
        import: parting(recorded, run),
        resolution: differences(resolved, resolved_again),
        instructions: match instructions {
            (Some(then), Some(now)) if then != now => Some((then, now)),
            _ => None,
        },
    };
    let same = found.import.is_none() && found.resolution.is_empty() && found.instructions.is_none();
    (!same).then_some(found)
}

fn parting(recorded: &[Entry], run: &[Entry]) -> Option<Parting> {
    let question = |entries: &[Entry], index: usize| entries.get(index).map(|entry: &Entry| entry.import.question());
    let longest = recorded.len().max(run.len());
    let index = (0..longest).find(|index| question(recorded, *index) != question(run, *index))?;
    let before = run.get(..index).unwrap_or_default().iter().rev();
    let told = before.map(|entry| &entry.import).find(|import| !is_clockwork(import));
    Some(Parting {
        place: index + 1,
        of: recorded.len(),
        recorded: question(recorded, index),
        asked: question(run, index),
        after: told.map(|import| format!("{} → {}", import.question(), answer(import))),
    })
}

/// Clocks and waiting say little about why.
fn is_clockwork(import: &Import) -> bool {
    matches!(
        import,
        Import::WallClock { .. }
            | Import::MonotonicClock { .. }
            | Import::WaitUntil { .. }
            | Import::WaitFor { .. }
            | Import::Poll { .. }
            | Import::Block {}
            | Import::Ready { .. }
    )
}

fn answer(import: &Import) -> String {
    match import {
        Import::Configuration { answer, .. } => answer.clone().unwrap_or_else(|| "nothing".to_owned()),
        Import::WholeConfiguration { answer } => format!("{} values", answer.len()),
        Import::Directory { answer, .. } => match answer {
            Outcome::Done(Some(found)) => found.id.clone(),
            Outcome::Done(None) => "nobody".to_owned(),
            _ => "no answer".to_owned(),
        },
        Import::LastTalk { answer, .. } => match answer {
            Outcome::Done(Some(talk)) => talk.crm_user_id.to_string(),
            Outcome::Done(None) => "nobody".to_owned(),
            _ => "no answer".to_owned(),
        },
        Import::KeyValue(KeyValueAsk::Get { answer, .. }) => match answer {
            Outcome::Done(Some(value)) => value.to_string(),
            Outcome::Done(None) => "nothing".to_owned(),
            Outcome::Failed(text) => text.clone(),
            _ => "no answer".to_owned(),
        },
        Import::Http(ask) => match ask.answer.as_ref().map(|answer| &answer.end) {
            None => "no answer".to_owned(),
            Some(HttpEnd::Failed(error)) => format!("{error:?}"),
            Some(HttpEnd::Answered { status, body, .. }) => {
                let bytes: usize = body
                    .iter()
                    .map(|piece| if let PieceKind::Bytes(bytes) = &piece.kind { bytes.len() } else { 0 })
                    .sum();
                format!("{status}, {bytes} bytes")
            }
        },
        _ => "done".to_owned(),
    }
}

/// Whether the live call took the course that the recording shows; its numbers may have been others.
pub(super) fn courses(
    live: &[Entry],
    live_resolved: &CallDocument,
    recorded: &[Entry],
    recorded_resolved: &CallDocument,
) -> Option<String> {
    let function = |entries: &[Entry], index: usize| entries.get(index).map(|entry: &Entry| entry.import.function());
    let longest = live.len().max(recorded.len());
    if let Some(index) = (0..longest).find(|index| function(live, *index) != function(recorded, *index)) {
        let name = |function: Option<&'static str>| function.unwrap_or("nothing more");
        return Some(format!(
            "at import {} the live call asked {}, the recording {}",
            index + 1,
            name(function(live, index)),
            name(function(recorded, index))
        ));
    }
    let went = |resolved: &CallDocument| match &resolved.route {
        Route::Forward { employee, destinations, .. } => format!("{} at {} numbers", employee.id, destinations.len()),
        Route::LinkedOperation { .. } => resolved.outcome().to_owned(),
    };
    let (live, recorded) = (went(live_resolved), went(recorded_resolved));
    (live != recorded).then(|| format!("the live call came to {live}, the recording to {recorded}"))
}

impl fmt::Display for Departure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Parting { place, of, recorded, asked, after }) = &self.import {
            let shown =
                |question: &Option<String>| one_line(question.as_deref().unwrap_or("nothing more")).into_owned();
            writeln!(formatter, "first at import {place} of {of}:")?;
            writeln!(formatter, "  recorded  {}", shown(recorded))?;
            writeln!(formatter, "  now       {}", shown(asked))?;
            if let Some(after) = after {
                writeln!(formatter, "  after     {}", one_line(after))?;
            }
        }
        for difference in &self.resolution {
            formatter.write_str(difference)?;
        }
        if let Some((then, now)) = self.instructions {
            writeln!(formatter, "  instructions\n    expected {then}\n    actual   {now}")?;
        }
        Ok(())
    }
}
