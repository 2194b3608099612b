//! The changes that came into force: when, by whom, from where, and the file's text after each. And what else was done that changed nothing of the
//! text, in words.
//!
//! They are taken from the record that nodes share, or kept in the state directory, for this user alone, a line of JSON each; the newest [`MOST`]
//! within [`MOST_BYTES`]. The texts hold no secret, since a configuration holds none: it only names where secrets are, and one that holds any is
//! refused.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::difference::{difference, is_large};
use super::edit;
use crate::change::{Change, Made, made_by, revision_of};
use call::{Localized, localized, system_error_ru};
use runtime::atomic_file;
use server::configuration::{Author, ConfigurationChange, NotChanged};

const FILE: &str = "configuration-changes.jsonl";
/// How many changes are kept.
const MOST: usize = 1_000;
/// How many bytes their texts have at most.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How many may be added to the file before the oldest are thrown out of it.
const SLACK: usize = 100;

/// Where a state directory keeps changes of a configuration; none where no server with it has had one.
pub(crate) fn kept(directory: &Path) -> Option<PathBuf> {
    Some(directory.join(FILE)).filter(|file| file.exists())
}

/// The changes that are kept. The first text among them is not a change but what the first change was made in.
#[derive(Debug, Default)]
pub(super) struct Changes {
    file: Option<PathBuf>,
    entries: VecDeque<Change>,
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
                let entry = self.known(entry);
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
        self.keep(Change::of_text(0, at, author, text.to_owned()))
    }

    /// The same of a text with these operations, which may take a change back.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub(super) fn record_made(
        &mut self,
        text: &str,
        (made, undoes): (Made, Option<u64>),
        author: Author,
        at: Timestamp,
    ) -> Result<(), Localized> {
        self.keep(Change { made: Some(made), undoes, ..Change::of_text(0, at, author, text.to_owned()) })
    }

    /// Keeps what was done beside the text.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub(super) fn note(&mut self, what: Localized, author: Author, at: Timestamp) -> Result<(), Localized> {
        self.keep(Change { text: None, what: Some(what), ..Change::of_text(0, at, author, String::new()) })
    }

    /// Keeps a change under the next number.
    fn keep(&mut self, change: Change) -> Result<(), Localized> {
        // Held until it is written, so that each number is given once.
        let locked = self.file.as_deref().map(locked).transpose();
        self.catch_up();
        if change.text.is_some() && self.text() == change.text.as_deref() {
            return Ok(());
        }
        // What is there at first is number 0: it is not a change.
        let number = self.entries.back().map_or(u64::from(change.what.is_some()), |last| last.number + 1);
        let entry = self.known(Change { number, ..change });
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

    /// Takes in what the record of the nodes has, unless it is known.
    pub(super) fn take(&mut self, mut change: Change) {
        if self.entries.back().is_some_and(|last| last.number >= change.number) {
            return;
        }
        // The record tells its text with a note too.
        if change.what.is_some() && !self.entries.is_empty() {
            change.text = None;
        }
        let change = self.known(change);
        self.add(change);
    }

    /// The operations of this text when it is in force next, by a change that takes another one back where that is said.
    pub(super) fn made(&mut self, text: &str, undone: Option<u64>) -> Made {
        self.catch_up();
        self.made_next(self.entries.back().map_or(0, |last| last.number + 1), text, undone)
    }

    fn made_next(&self, number: u64, text: &str, undone: Option<u64>) -> Made {
        let Some((former, were)) = self.before(u64::MAX) else { return Made::new() };
        let back = undone.and_then(|undone| self.before(undone));
        made_by(number, (former, were), text, back)
    }

    /// The text that the change of this number was made in, with its operations.
    fn before(&self, number: u64) -> Option<(&str, &Made)> {
        let mut earlier = self.entries.iter().rev().skip_while(|entry| entry.number >= number);
        earlier.find_map(|entry| entry.text.as_deref().zip(entry.made.as_ref()))
    }

    /// The change with its operations, which it lacks where an earlier version of this program wrote it.
    fn known(&self, mut change: Change) -> Change {
        if let Some(text) = change.text.as_deref().filter(|_| change.made.is_none()) {
            change.made = Some(self.made_next(change.number, text, change.undoes));
        }
        change
    }

    /// The change that took this one back, unless it was itself taken back.
    fn undone_by(&self, number: u64) -> Option<u64> {
        let mut undone = BTreeMap::new();
        for entry in self.entries.iter().rev().filter(|entry| entry.number > number) {
            if let Some(undoes) = entry.undoes.filter(|_| !undone.contains_key(&entry.number)) {
                undone.insert(undoes, entry.number);
            }
        }
        undone.remove(&number)
    }

    fn add(&mut self, entry: Change) {
        self.bytes += length(&entry);
        self.entries.push_back(entry);
        // One more than the changes: what the oldest was made in.
        while self.entries.len() > MOST + 1 || self.bytes > MOST_BYTES && self.entries.len() > 1 {
            let Some(oldest) = self.entries.pop_front() else { return };
            match self.entries.front_mut() {
                // What the next change is made in.
                Some(first) if first.text.is_none() => (first.text, first.made) = (oldest.text, oldest.made),
                _ => self.bytes -= length(&oldest),
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
    fn with_texts(&self) -> Vec<(&str, &str, &Change)> {
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
        let page: Vec<_> = earlier.by_ref().take(limit).map(|change| self.shown(change)).collect();
        let next = earlier.next().and_then(|_| Some(page.last()?.number));
        (page, next)
    }

    fn shown(&self, (before, after, entry): (&str, &str, &Change)) -> ConfigurationChange {
        let difference = if entry.what.is_none() { difference(before, after) } else { String::new() };
        ConfigurationChange {
            number: entry.number,
            at: entry.at,
            author: entry.author.clone(),
            by: entry.by,
            what: entry.what.clone(),
            difference,
            revision: revision_of(after),
            undoes: entry.undoes,
            undone_by: self.undone_by(entry.number),
        }
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
        if let Some(by) = self.undone_by(number) {
            return Err(NotChanged::Conflict(localized!(
                "это изменение уже отменено изменением № {by}: чтобы вернуть его, отмените изменение № {by}",
                "this change was already undone by change {by}: to have it again, undo change {by}"
            )));
        }
        // Line by line comments come back too, but lines that were moved may be taken for others that read alike: what counts is the keys.
        let is_bounded = !is_large(before, after) && !is_large(after, text);
        let merged = is_bounded.then(|| diffy::merge(after, text, before).ok()).flatten();
        let by_keys = edit::without(text, (before, after))?;
        let values = |text: &str| text.parse::<toml::Table>().ok();
        let means_the_same = |merged: &String| by_keys.as_ref().is_none_or(|keys| values(keys) == values(merged));
        let without = merged.filter(means_the_same).or(by_keys);
        if without.as_deref() == Some(text) {
            return Err(NotChanged::Conflict(Localized::new(
                "отменять нечего: всё уже так, как было до этого изменения",
                "there is nothing to undo: all is already as it was before this change",
            )));
        }
        without.ok_or_else(|| {
            NotChanged::Conflict(Localized::new(
                "эти строки или соседние с ними с тех пор изменились снова: верните прежний порядок в файле вручную",
                "these lines, or those beside them, were changed again since: put them back by hand in the file",
            ))
        })
    }
}

/// How many bytes the text of a change has.
fn length(change: &Change) -> usize {
    change.text.as_ref().map_or(0, String::len)
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

#[cfg(test)]
mod tests;
