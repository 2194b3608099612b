//! The changes that came into force: when, by whom, from where, and the file's text after each. And what else was done that changed nothing of the
//! text, in words.
//!
//! Kept in the state directory, for this user alone, a line of JSON each; the newest [`MOST`] within [`MOST_BYTES`]. The texts hold no secret,
//! since a configuration holds none: it only names where secrets are, and one that holds any is refused.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::difference::{difference, is_large};
use super::revision_of;
use call::{Localized, system_error_ru};
use runtime::atomic_file;
use server::configuration::{Author, By, ConfigurationChange, NotChanged};

const FILE: &str = "configuration-changes.jsonl";
/// How many changes are kept.
const MOST: usize = 1_000;
/// How many bytes their texts have at most.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How many may be added to the file before the oldest are thrown out of it.
const SLACK: usize = 100;

/// A change, and the text that it made, or what else was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Counted from 1; 0 is what was there at first.
    number: u64,
    at: Timestamp,
    author: Option<String>,
    by: By,
    /// None where the text stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// What was done, where that is not a change of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    what: Option<Localized>,
}

/// The changes that are kept. The first text among them is no change but what the first change was made in.
#[derive(Debug, Default)]
pub(super) struct Changes {
    file: Option<PathBuf>,
    entries: VecDeque<Entry>,
    /// How many bytes their texts have.
    bytes: usize,
    /// How many lines the file has, and how many bytes.
    lines: usize,
    length: u64,
    /// Whether its last line broke off.
    is_broken_off: bool,
}

impl Changes {
    /// Those of a state directory; without one they are forgotten when the process ends. What cannot be read is a warning.
    pub(super) fn open(directory: Option<&Path>) -> (Self, Vec<Localized>) {
        let Some(file) = directory.map(|directory| directory.join(FILE)) else { return Default::default() };
        let (mut changes, mut warnings) = (Self { file: Some(file.clone()), ..Self::default() }, Vec::new());
        if let Err(error) = changes.read(&file) {
            let file = file.display();
            warnings.push(Localized::new(
                format!("{file} не читается ({}): прежние изменения не показываются", system_error_ru(&error)),
                format!("{file} cannot be read ({error}): earlier changes are not shown"),
            ));
        }
        (changes, warnings)
    }

    fn read(&mut self, file: &Path) -> io::Result<()> {
        let bytes = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        // A line may have broken off within a letter.
        let text = String::from_utf8_lossy(&bytes);
        (self.entries, self.bytes, self.lines) = (VecDeque::new(), 0, 0);
        (self.length, self.is_broken_off) = (bytes.len() as u64, !text.is_empty() && !text.ends_with('\n'));
        for line in text.lines() {
            self.lines += 1;
            // A line that broke off when the machine stopped is of a change that the file tells all the same.
            if let Ok(entry) = serde_json::from_str(line) {
                self.add(entry);
            }
        }
        Ok(())
    }

    /// Takes in what another process has noted: a command of this program beside the server.
    fn catch_up(&mut self) {
        let Some(file) = self.file.clone() else { return };
        let length = fs::metadata(&file).map(|metadata| metadata.len());
        if length.is_ok_and(|length| length != self.length) {
            // What is known stays where it cannot be read.
            let _ = self.read(&file);
        }
    }

    /// Keeps the text that is in force, where it is another one than before.
    ///
    /// # Errors
    /// Where it cannot be written; it is shown all the same until the process ends.
    pub(super) fn record(&mut self, text: &str, author: Author, at: Timestamp) -> Result<(), Localized> {
        self.keep(author, at, Some(text.to_owned()), None)
    }

    /// Keeps what was done beside the text.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub(super) fn note(&mut self, what: Localized, author: Author, at: Timestamp) -> Result<(), Localized> {
        self.keep(author, at, None, Some(what))
    }

    fn keep(
        &mut self,
        author: Author,
        at: Timestamp,
        text: Option<String>,
        what: Option<Localized>,
    ) -> Result<(), Localized> {
        // Held until it is written, so that each number is given once.
        let locked = self.file.as_deref().map(locked).transpose();
        self.catch_up();
        if text.is_some() && self.text() == text.as_deref() {
            return Ok(());
        }
        // What is there at first is number 0: it is no change.
        let number = self.entries.back().map_or(u64::from(what.is_some()), |last| last.number + 1);
        let entry = Entry { number, at, author: author.name, by: author.by, text, what };
        let line = serde_json::to_string(&entry).map_err(io::Error::from);
        self.add(entry);
        let Some(file) = self.file.clone() else { return Ok(()) };
        let written = locked.and_then(|locked| match locked {
            Some(_) if self.lines + 1 > self.entries.len() + SLACK => self.rewrite(&file),
            Some(locked) => line.and_then(|line| self.append(locked, &line)),
            None => Ok(()),
        });
        written.map_err(|error| {
            let file = file.display();
            Localized::new(
                format!(
                    "изменение действует, но {file} не записан ({}): после следующего запуска оно не будет показано",
                    system_error_ru(&error)
                ),
                format!(
                    "the change is in force, but {file} cannot be written ({error}): it is not shown after the next start"
                ),
            )
        })
    }

    fn add(&mut self, entry: Entry) {
        self.bytes += entry.length();
        self.entries.push_back(entry);
        // One more than the changes: what the oldest was made in.
        while self.entries.len() > MOST + 1 || self.bytes > MOST_BYTES && self.entries.len() > 1 {
            let Some(oldest) = self.entries.pop_front() else { return };
            match self.entries.front_mut() {
                // What the next change is made in.
                Some(first) if first.text.is_none() => first.text = oldest.text,
                _ => self.bytes -= oldest.length(),
            }
        }
    }

    fn append(&mut self, mut file: File, line: &str) -> io::Result<()> {
        let end = if self.is_broken_off { "\n" } else { "" };
        let line = format!("{end}{line}\n");
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
        self.is_broken_off = false;
        self.lines += 1;
        self.length += line.len() as u64;
        Ok(())
    }

    fn rewrite(&mut self, file: &Path) -> io::Result<()> {
        let mut text = String::new();
        for entry in &self.entries {
            text.push_str(&serde_json::to_string(entry).map_err(io::Error::from)?);
            text.push('\n');
        }
        atomic_file::write(file, text.as_bytes())?;
        (self.lines, self.length, self.is_broken_off) = (self.entries.len(), text.len() as u64, false);
        Ok(())
    }

    /// The text as it is now.
    fn text(&self) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| entry.text.as_deref())
    }

    /// The changes with the texts before and after them, the oldest first.
    fn with_texts(&self) -> Vec<(&str, &str, &Entry)> {
        let (mut before, mut all) = (None, Vec::with_capacity(self.entries.len()));
        for entry in &self.entries {
            let after = entry.text.as_deref().or(before);
            if before.is_some() || entry.text.is_none() {
                all.push((before.unwrap_or_default(), after.unwrap_or_default(), entry));
            }
            before = after;
        }
        all
    }

    /// The changes before this number, the newest first, and what the next page is before.
    pub(super) fn page(&mut self, before: Option<u64>, limit: usize) -> (Vec<ConfigurationChange>, Option<u64>) {
        self.catch_up();
        let earlier = self.with_texts().into_iter().rev();
        let mut earlier = earlier.filter(|(.., entry)| before.is_none_or(|before| entry.number < before));
        let page: Vec<_> = earlier.by_ref().take(limit).map(shown).collect();
        let next = earlier.next().and_then(|_| Some(page.last()?.number));
        (page, next)
    }

    /// This text without a change.
    pub(super) fn without(&mut self, number: u64, text: &str) -> Result<String, NotChanged> {
        self.catch_up();
        let found = self.with_texts().into_iter().find(|(.., entry)| entry.number == number);
        let (before, after, entry) = found.ok_or_else(|| {
            NotChanged::Unknown(Localized::new(
                "такого изменения нет, или оно уже не хранится",
                "there is no such change, or it is not kept any more",
            ))
        })?;
        if entry.what.is_some() {
            return Err(NotChanged::Conflict(Localized::new(
                "это не изменение файла настроек, отменять в нём нечего",
                "this changed nothing of the configuration file, so there is nothing in it to take back",
            )));
        }
        if is_large(before, after) || is_large(after, text) {
            return Err(NotChanged::Conflict(Localized::new(
                "изменилось слишком много строк: верните прежний порядок в файле вручную",
                "too many lines have changed: put them back by hand in the file",
            )));
        }
        diffy::merge(after, text, before).map_err(|_| {
            NotChanged::Conflict(Localized::new(
                "эти строки или соседние с ними с тех пор изменились снова: отменить это изменение отдельно нельзя",
                "these lines, or those beside them, were changed again since: this change cannot be undone on its own",
            ))
        })
    }
}

impl Entry {
    fn length(&self) -> usize {
        self.text.as_ref().map_or(0, String::len)
    }
}

/// The file, open for this process alone until it is closed.
fn locked(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(file)?;
    file.lock()?;
    Ok(file)
}

fn shown((before, after, entry): (&str, &str, &Entry)) -> ConfigurationChange {
    let difference = if entry.what.is_none() { difference(before, after) } else { String::new() };
    ConfigurationChange {
        number: entry.number,
        at: entry.at,
        author: entry.author.clone(),
        by: entry.by,
        what: entry.what.clone(),
        difference,
        revision: revision_of(after),
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
        locked(&state.path().join(FILE))
            .unwrap()
            .write_all("{\"number\":9,\"text\":\"п".as_bytes().split_last().unwrap().1)
            .unwrap();
        let (mut changes, _) = Changes::open(Some(state.path()));
        changes.note(Localized::new("сделано", "done"), author(), Timestamp::UNIX_EPOCH).unwrap();
        let (mut changes, _) = Changes::open(Some(state.path()));
        assert_eq!(changes.page(None, 1).0[0].number, 3, "it takes no other with it");
        let (page, next) = changes.page(Some(3), 1);
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
    fn what_was_done_beside_the_text_is_kept_and_not_taken_back() {
        let state = tempfile::tempdir().unwrap();
        let (mut changes, _) = Changes::open(Some(state.path()));
        changes.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
        let what = Localized::new("сделано", "done");
        changes.note(what.clone(), author(), Timestamp::UNIX_EPOCH).unwrap();
        changes.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
        changes.record("a = 2\n", author(), Timestamp::UNIX_EPOCH).unwrap();
        let (mut changes, _) = Changes::open(Some(state.path()));
        let (page, next) = changes.page(None, 9);
        assert_eq!((page.len(), next), (2, None));
        assert!(page[0].difference.contains("-a = 1\n+a = 2") && page[0].what.is_none(), "{:?}", page[0]);
        assert_eq!((page[1].number, &page[1].difference, &page[1].what), (1, &String::new(), &Some(what)));
        assert_eq!(page[1].revision, revision_of("a = 1\n"));
        assert!(matches!(changes.without(1, "a = 2\n"), Err(NotChanged::Conflict(_))));
        assert_eq!(changes.without(2, "a = 2\n"), Ok("a = 1\n".to_owned()));
        // What a command notes beside the server is known to both.
        let (mut command, _) = Changes::open(Some(state.path()));
        command.note(Localized::new("приказано", "told"), author(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(changes.page(None, 1).0[0].what.as_ref().unwrap().en, "told");
        changes.record("a = 3\n", author(), Timestamp::UNIX_EPOCH).unwrap();
        let numbers: Vec<_> = command.page(None, 9).0.iter().map(|change| change.number).collect();
        assert_eq!(numbers, [4, 3, 2, 1]);
        // A command may be the first of all; the text that comes then is what was there at first.
        let empty = tempfile::tempdir().unwrap();
        let (mut command, _) = Changes::open(Some(empty.path()));
        command.note(Localized::new("приказано", "told"), author(), Timestamp::UNIX_EPOCH).unwrap();
        command.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(Changes::open(Some(empty.path())).0.page(None, 9).0.len(), 1);
        // Where there is no file there is no text either.
        let (mut demonstration, _) = Changes::open(None);
        demonstration.note(Localized::new("сделано", "done"), author(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(demonstration.page(None, 9).0.len(), 1);
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
        let (mut again, _) = Changes::open(Some(state.path()));
        let (page, next) = again.page(None, MOST * 2);
        assert_eq!((page.len(), next), (MOST, None));
        // By size.
        for number in 0..20 {
            changes.record(&number.to_string().repeat(1024 * 1024), author(), Timestamp::UNIX_EPOCH).unwrap();
        }
        assert!(changes.bytes <= MOST_BYTES && !changes.page(None, 100).0.is_empty());
    }

    #[test]
    fn the_text_that_the_oldest_change_was_made_in_stays_whatever_was_done_since() {
        let (mut changes, _) = Changes::open(None);
        changes.record("a = 1\n", author(), Timestamp::UNIX_EPOCH).unwrap();
        for _ in 0..2 * MOST {
            changes.note(Localized::new("сделано", "done"), author(), Timestamp::UNIX_EPOCH).unwrap();
        }
        assert_eq!((changes.text(), changes.bytes), (Some("a = 1\n"), 6));
        let (page, next) = changes.page(None, MOST * 2);
        assert_eq!((page.len(), next, page[0].revision.as_str()), (MOST, None, revision_of("a = 1\n").as_str()));
        changes.record("a = 2\n", author(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(changes.page(None, 1).0[0].difference.contains("-a = 1\n+a = 2"));
    }
}
