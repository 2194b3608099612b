//! What one call asked of its host and was answered, in order and with its times: from it a call is explained, and resolved again.
//!
//! Between a component and its capabilities stand decorators (`noted`) that note each import in the call's [`Journal`]; one that is off notes
//! nothing. A [`Script`] is the way back: what no question decides (what the clocks showed, what was ready first) comes from an earlier journal,
//! so that a call runs again instruction for instruction. A [`Replay`] gives the answers to its requests, an [`Overlay`] what it found in the store.

mod entry;
mod http;
pub(crate) mod noted;
mod overlay;
mod replay;
mod script;
mod talks;
mod written;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::time::Instant;

pub use entry::{Blob, Entry, Import, KeyValueAsk, Keys, Outcome};
pub use http::{HttpAnswer, HttpAsk, HttpEnd, Piece, PieceKind};
pub use overlay::Overlay;
pub use replay::Replay;
pub use script::Script;
pub use talks::NotedTalks;

/// The most bytes that are kept of what one call is told. More than a CRM's answers to it have.
const MOST_BYTES: usize = 1024 * 1024;
/// The most imports that are kept of one call. Forty times as many as the operation's longest call has.
const MOST_ENTRIES: usize = 4096;

/// The notes of one call; a clone is the same one.
#[derive(Clone, Debug, Default)]
pub struct Journal(Option<Arc<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    started: OnceLock<Instant>,
    written: Mutex<JournalEntries>,
}

#[derive(Debug, Default)]
struct JournalEntries {
    entries: Vec<Entry>,
    bytes: usize,
    overflowed: bool,
}

/// There was too much to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

impl Journal {
    /// One that is on.
    pub fn begin() -> Self {
        Self(Some(Arc::default()))
    }

    /// The moment from which times are told.
    pub(crate) fn start(&self, at: Instant) {
        if let Some(notes) = &self.0 {
            let _ = notes.started.set(at);
        }
    }

    /// Notes an import; what it was is only made up where somebody reads it. The index is for what is learned of it later.
    pub(crate) fn note(&self, import: impl FnOnce() -> Import) -> Option<usize> {
        let notes = self.0.as_ref()?;
        let at = notes.started.get().map(Instant::elapsed).unwrap_or_default();
        let import = import();
        let mut written = notes.lock();
        written.bytes += import.bytes();
        written.overflowed |= written.bytes > MOST_BYTES || written.entries.len() >= MOST_ENTRIES;
        if written.overflowed {
            return None;
        }
        written.entries.push(Entry { at, import });
        Some(written.entries.len() - 1)
    }

    /// The answer to a question that was noted before it, so many bytes of it.
    pub(crate) fn learn(&self, index: Option<usize>, bytes: usize, change: impl FnOnce(&mut Import)) {
        let (Some(notes), Some(index)) = (&self.0, index) else { return };
        let mut written = notes.lock();
        written.bytes += bytes;
        written.overflowed |= written.bytes > MOST_BYTES;
        if let Some(entry) = written.entries.get_mut(index) {
            change(&mut entry.import);
        }
    }

    /// What was noted, in order.
    pub fn entries(&self) -> Result<Vec<Entry>, TooMuch> {
        let Some(notes) = &self.0 else { return Ok(Vec::new()) };
        let written = notes.lock();
        if written.overflowed { Err(TooMuch) } else { Ok(written.entries.clone()) }
    }
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, JournalEntries> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
