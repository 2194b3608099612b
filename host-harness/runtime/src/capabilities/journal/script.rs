//! What no question decides, from an earlier journal: what the clocks showed, what was ready first, and the answers of the store
//! and the directory in their order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::entry::{Entry, Import, KeyValueAsk, Outcome};
use crate::capabilities::directory::Employee;

/// The script of one call; a clone is the same one. One without lines decides nothing.
#[derive(Clone, Debug, Default)]
pub struct Script(Option<Arc<Mutex<Lines>>>);

#[derive(Debug, Default)]
struct Lines {
    wall: VecDeque<Timestamp>,
    monotonic: VecDeque<u64>,
    polls: VecDeque<Vec<u32>>,
    ready: VecDeque<bool>,
    key_value: VecDeque<KeyValueAsk>,
    directory: VecDeque<Outcome<Option<Employee>>>,
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
                _ => {}
            }
        }
        Self(Some(Arc::new(Mutex::new(lines))))
    }

    /// What the wall clock shows next.
    pub(crate) fn wall(&self) -> Option<Timestamp> {
        self.next(|lines| lines.wall.pop_front())
    }

    /// What the monotonic clock shows next, in nanoseconds.
    pub(crate) fn monotonic(&self) -> Option<u64> {
        self.next(|lines| lines.monotonic.pop_front())
    }

    /// Which places are ready next.
    pub(crate) fn poll(&self) -> Option<Vec<u32>> {
        self.next(|lines| lines.polls.pop_front())
    }

    /// Whether the next thing asked about is ready.
    pub(crate) fn ready(&self) -> Option<bool> {
        self.next(|lines| lines.ready.pop_front())
    }

    /// What the store answered next.
    pub(crate) fn key_value(&self) -> Option<KeyValueAsk> {
        self.next(|lines| lines.key_value.pop_front())
    }

    /// Whom the directory found next.
    pub(crate) fn directory(&self) -> Option<Outcome<Option<Employee>>> {
        self.next(|lines| lines.directory.pop_front())
    }

    fn next<T>(&self, take: impl FnOnce(&mut Lines) -> Option<T>) -> Option<T> {
        take(&mut self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
