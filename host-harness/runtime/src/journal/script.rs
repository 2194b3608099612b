//! What no question decides, from an earlier journal: what the clocks showed, what was ready first, and the answers of the store
//! and the directory in their order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::entry::{Entry, Import, KeyValueAsk, Outcome};
use super::replay::Replay;
use crate::capabilities::directory::{Employee, LastTalk};

/// The script of one call; a clone is the same one. One without lines decides nothing.
#[derive(Clone, Debug, Default)]
pub struct Script {
    lines: Option<Arc<Mutex<Lines>>>,
    replay: Option<Replay>,
}

#[derive(Debug, Default)]
struct Lines {
    wall: VecDeque<Timestamp>,
    monotonic: VecDeque<u64>,
    polls: VecDeque<Vec<u32>>,
    ready: VecDeque<bool>,
    key_value: VecDeque<KeyValueAsk>,
    directory: VecDeque<Outcome<Option<Employee>>>,
    last_talks: VecDeque<Outcome<Option<LastTalk>>>,
}

impl Script {
    /// The script of a call that ran as these entries say.
    pub fn of(entries: &[Entry]) -> Self {
        let mut lines = Lines::default();
        for entry in entries {
            match &entry.import {
                Import::WallClock { answer } => lines.wall.push_back(*answer),
                Import::MonotonicClock { answer_ns } => lines.monotonic.push_back(*answer_ns),
                Import::Poll { answer, .. } => lines.polls.push_back(answer.clone()),
                Import::Ready { answer } => lines.ready.push_back(*answer),
                Import::KeyValue(ask) => lines.key_value.push_back(ask.clone()),
                Import::Directory { answer, .. } => lines.directory.push_back(answer.clone()),
                Import::LastTalk { answer, .. } => lines.last_talks.push_back(answer.clone()),
                _ => {}
            }
        }
        Self { lines: Some(Arc::new(Mutex::new(lines))), replay: None }
    }

    /// The same, where requests get these answers.
    #[must_use]
    pub fn with_replay(self, replay: &Replay) -> Self {
        Self { replay: Some(replay.clone()), ..self }
    }

    /// Where requests get their answers, if not from servers.
    pub(super) fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    /// What the wall clock shows next.
    pub(super) fn wall(&self) -> Option<Timestamp> {
        self.next(|lines| lines.wall.pop_front())
    }

    /// What the monotonic clock shows next, in nanoseconds.
    pub(super) fn monotonic(&self) -> Option<u64> {
        self.next(|lines| lines.monotonic.pop_front())
    }

    /// Which places are ready next.
    pub(super) fn poll(&self) -> Option<Vec<u32>> {
        self.next(|lines| lines.polls.pop_front())
    }

    /// Whether the next thing asked about is ready.
    pub(super) fn ready(&self) -> Option<bool> {
        self.next(|lines| lines.ready.pop_front())
    }

    /// What the store answered next.
    pub(super) fn key_value(&self) -> Option<KeyValueAsk> {
        self.next(|lines| lines.key_value.pop_front())
    }

    /// Whom the directory found next.
    pub(super) fn directory(&self) -> Option<Outcome<Option<Employee>>> {
        self.next(|lines| lines.directory.pop_front())
    }

    /// Who was found next to have talked to the caller.
    pub(super) fn last_talk(&self) -> Option<Outcome<Option<LastTalk>>> {
        self.next(|lines| lines.last_talks.pop_front())
    }

    fn next<T>(&self, take: impl FnOnce(&mut Lines) -> Option<T>) -> Option<T> {
        take(&mut self.lines.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
