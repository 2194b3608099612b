//! The changes that came into force: when, by whom, from where, and the file's text after each.
//!
//! Kept in the state directory, for this user alone, a line of JSON each; the newest [`MOST`] within [`MOST_BYTES`]. The texts hold no secret,
//! since a configuration holds none: it only names where secrets are, and one that holds any is refused.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::revision_of;
use call::Localized;
use runtime::atomic_file;
use server::configuration::{Author, By, ConfigurationChange, NotChanged};

const FILE: &str = "configuration-changes.jsonl";
/// How many changes are kept.
const MOST: usize = 1_000;
/// How many bytes their texts have at most.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How many may be added to the file before the oldest are thrown out of it.
const SLACK: usize = 100;

/// A change, and the text that it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Counted from 1; 0 is what was there at first.
    number: u64,
    at: Timestamp,
    author: Option<String>,
    by: By,
    text: String,
}

/// The changes that are kept. The first entry is no change but what the first one was made in.
#[derive(Debug, Default)]
pub(super) struct Changes {
    file: Option<PathBuf>,
    entries: VecDeque<Entry>,
    bytes: usize,
    /// How many lines the file has.
    lines: usize,
}

impl Changes {
    /// Those of a state directory; without one they are forgotten when the process ends. What cannot be read is a warning.
    pub(super) fn open(directory: Option<&Path>) -> (Self, Vec<String>) {
        let Some(file) = directory.map(|directory| directory.join(FILE)) else { return Default::default() };
        let (mut changes, mut warnings) = (Self::default(), Vec::new());
        match fs::read_to_string(&file) {
            Ok(text) => {
                for line in text.lines() {
                    changes.lines += 1;
                    // A line that broke off when the machine stopped is of a change that the file tells all the same.
                    if let Ok(entry) = serde_json::from_str(line) {
                        changes.add(entry);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                warnings.push(format!("{} cannot be read ({error}): earlier changes are not shown", file.display()))
            }
        }
        changes.file = Some(file);
        (changes, warnings)
    }

    /// Keeps the text that is in force, where it is another one than before.
    ///
    /// # Errors
    /// Where it cannot be written; it is shown all the same until the process ends.
    pub(super) fn record(&mut self, text: &str, author: Author, at: Timestamp) -> Result<(), String> {
        let last = self.entries.back();
        if last.is_some_and(|last| last.text == text) {
            return Ok(());
        }
        let number = last.map_or(0, |last| last.number + 1);
        let entry = Entry { number, at, author: author.name, by: author.by, text: text.to_owned() };
        let line = serde_json::to_string(&entry).map_err(|error| error.to_string())?;
        self.add(entry);
        let Some(file) = self.file.clone() else { return Ok(()) };
        let written =
            if self.lines + 1 > self.entries.len() + SLACK { self.rewrite(&file) } else { append(&file, &line) };
        self.lines = if self.lines + 1 > self.entries.len() + SLACK { self.entries.len() } else { self.lines + 1 };
        written.map_err(|error| {
            format!(
                "the change is in force, but {} cannot be written ({error}): it is not shown after the next start",
                file.display()
            )
        })
    }

    fn add(&mut self, entry: Entry) {
        self.bytes += entry.text.len();
        self.entries.push_back(entry);
        // One more than the changes: what the oldest was made in.
        while self.entries.len() > MOST + 1 || self.bytes > MOST_BYTES && self.entries.len() > 1 {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.text.len();
        }
    }

    fn rewrite(&self, file: &Path) -> io::Result<()> {
        let mut text = String::new();
        for entry in &self.entries {
            text.push_str(&serde_json::to_string(entry).map_err(io::Error::from)?);
            text.push('\n');
        }
        atomic_file::write(file, text.as_bytes())
    }

    /// The changes before this number, the newest first, and what the next page is before.
    pub(super) fn page(&self, before: Option<u64>, limit: usize) -> (Vec<ConfigurationChange>, Option<u64>) {
        let earlier = self.entries.iter().zip(self.entries.iter().skip(1)).rev();
        let mut earlier = earlier.filter(|(_, entry)| before.is_none_or(|before| entry.number < before));
        let page: Vec<_> = earlier.by_ref().take(limit).map(|(before, entry)| shown(before, entry)).collect();
        let next = earlier.next().and_then(|_| Some(page.last()?.number));
        (page, next)
    }

    /// This text without a change.
    pub(super) fn without(&self, number: u64, text: &str) -> Result<String, NotChanged> {
        let found = self.entries.iter().zip(self.entries.iter().skip(1)).find(|(_, entry)| entry.number == number);
        let (before, after) = found.ok_or_else(|| {
            NotChanged::Unknown(Localized::new(
                "такого изменения нет, или оно уже не хранится",
                "there is no such change, or it is not kept any more",
            ))
        })?;
        diffy::merge(&after.text, text, &before.text).map_err(|_| {
            NotChanged::Conflict(Localized::new(
                "то, что меняло это изменение, с тех пор изменилось снова: отменить его одного нельзя",
                "what this change has changed was changed again since: it cannot be taken back alone",
            ))
        })
    }
}

fn append(file: &Path, line: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

fn shown(before: &Entry, entry: &Entry) -> ConfigurationChange {
    ConfigurationChange {
        number: entry.number,
        at: entry.at,
        author: entry.author.clone(),
        by: entry.by,
        difference: diffy::create_patch(&before.text, &entry.text).to_string(),
        revision: revision_of(&entry.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author() -> Author {
        Author { name: Some("anna".to_owned()), by: By::Api }
    }

    fn text(line: &str, other: &str) -> String {
        format!("# The first line\n{line}\n\n\n\n\n\n\n{other}\n")
    }

    #[test]
    fn changes_are_kept_with_their_differences_over_a_restart_and_this_users_alone() {
        let state = tempfile::tempdir().unwrap();
        let (mut changes, warnings) = Changes::open(Some(state.path()));
        assert!(warnings.is_empty());
        for text in [text("a = 1", "b = 1"), text("a = 2", "b = 1"), text("a = 2", "b = 1"), text("a = 2", "b = 2")] {
            changes.record(&text, author(), Timestamp::UNIX_EPOCH).unwrap();
        }
        // A line that broke off.
        append(&state.path().join(FILE), "{\"number\":").unwrap();
        let (changes, _) = Changes::open(Some(state.path()));
        let (page, next) = changes.page(None, 1);
        assert_eq!((page.len(), page[0].number, next), (1, 2, Some(2)));
        assert!(page[0].difference.contains("-b = 1\n+b = 2"), "{}", page[0].difference);
        let (page, next) = changes.page(next, 1);
        assert_eq!((page[0].number, page[0].author.as_deref(), next), (1, Some("anna"), None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(state.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_change_is_taken_back_alone_unless_it_was_changed_again() {
        let (mut changes, _) = Changes::open(None);
        for text in [text("a = 1", "b = 1"), text("a = 2", "b = 1"), text("a = 2", "b = 2"), text("a = 3", "b = 2")] {
            changes.record(&text, author(), Timestamp::UNIX_EPOCH).unwrap();
        }
        let now = text("a = 3", "b = 2");
        assert_eq!(changes.without(2, &now), Ok(text("a = 3", "b = 1")));
        assert_eq!(changes.without(3, &now), Ok(text("a = 2", "b = 2")));
        assert!(matches!(changes.without(1, &now), Err(NotChanged::Conflict(_))));
        assert!(
            matches!(changes.without(0, &now), Err(NotChanged::Unknown(_))),
            "what was there at first is no change"
        );
        assert!(matches!(changes.without(9, &now), Err(NotChanged::Unknown(_))));
    }

    #[test]
    fn the_record_is_bounded_and_so_is_its_file() {
        let state = tempfile::tempdir().unwrap();
        let (mut changes, _) = Changes::open(Some(state.path()));
        for number in 0..MOST + 3 * SLACK {
            changes.record(&number.to_string(), author(), Timestamp::UNIX_EPOCH).unwrap();
        }
        let lines = fs::read_to_string(state.path().join(FILE)).unwrap().lines().count();
        assert!((MOST..=MOST + 1 + SLACK).contains(&lines), "{lines}");
        let (again, _) = Changes::open(Some(state.path()));
        let (page, next) = again.page(None, MOST * 2);
        assert_eq!((page.len(), next), (MOST, None));
        // By size.
        for number in 0..20 {
            changes.record(&number.to_string().repeat(1024 * 1024), author(), Timestamp::UNIX_EPOCH).unwrap();
        }
        assert!(changes.bytes <= MOST_BYTES && !changes.page(None, 100).0.is_empty());
    }
}
