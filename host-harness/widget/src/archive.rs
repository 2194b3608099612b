//! An archive that came from anywhere: its files, read within bounds, or why it cannot be taken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::{Cursor, Read};

use call::{Localized, localized};
use serde_json::Value;
use zip::ZipArchive;

use crate::{Finding, Rule};

/// The most bytes of an archive. The documentation names no bound; widgets have tens of kilobytes.
const LARGEST: usize = 5 * 1024 * 1024;
/// The most bytes of its files together.
const UNPACKED: u64 = 20 * 1024 * 1024;
/// The most files.
const MOST_FILES: usize = 500;
/// What stands before the number of entries at the end of an archive (APPNOTE 4.3.16).
const END: [u8; 4] = *b"PK\x05\x06";
/// What each entry of the list begins with (APPNOTE 4.3.12).
const LISTED: [u8; 4] = *b"PK\x01\x02";

/// The files of an archive, by their names.
#[derive(Debug)]
pub struct Archive {
    files: BTreeMap<String, Vec<u8>>,
    pub(crate) unexpected: Vec<Finding>,
}

impl Archive {
    /// Reads an archive whole.
    ///
    /// # Errors
    /// Where it is not an archive, or one whose files must not be unpacked.
    pub fn open(bytes: &[u8]) -> Result<Self, Vec<Finding>> {
        let of_archive = |rule, what, fix| vec![Finding::new(rule, "", what, fix)];
        let smaller = || Localized::new("уберите то, что виджету не нужно", "leave out what the widget does not need");
        let once = || Localized::new("упакуйте каждый файл один раз", "pack each file once");
        let size = bytes.len();
        if size > LARGEST {
            let what = localized!(
                "в архиве {size} байт, а можно не больше {LARGEST}",
                "the archive has {size} bytes, more than {LARGEST}"
            );
            return Err(of_archive(Rule::Size, what, smaller()));
        }
        let unreadable = |what| {
            let again = Localized::new(
                "упакуйте файлы виджета в архив zip заново",
                "pack the widget's files into a zip archive again",
            );
            of_archive(Rule::Zip, what, again)
        };
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            unreadable(localized!("это не архив zip: {error}", "this is not a zip archive: {error}"))
        })?;
        let count = zip.len();
        if count > MOST_FILES {
            let what = localized!(
                "в архиве файлов: {count}, а можно не больше {MOST_FILES}",
                "the archive has {count} files, more than {MOST_FILES}"
            );
            return Err(of_archive(Rule::Size, what, smaller()));
        }
        if entries(bytes).is_some_and(|entries| entries > count) {
            let what = Localized::new("у двух файлов одно имя", "two files have the same name");
            let name = name_twice(bytes).unwrap_or_default();
            return Err(vec![Finding::new(Rule::Duplicate, &shown(&name), what, once())]);
        }
        let (mut files, mut unexpected, mut left) = (BTreeMap::new(), Vec::new(), UNPACKED);
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(|error| {
                unreadable(localized!("файл не читается: {error}", "a file cannot be read: {error}"))
            })?;
            let name = entry.name().to_owned();
            let refused = |rule, what, fix| vec![Finding::new(rule, &shown(&name), what, fix)];
            if entry.encrypted() {
                return Err(refused(
                    Rule::Encrypted,
                    Localized::new("файл зашифрован", "the file is encrypted"),
                    Localized::new("упакуйте его без пароля", "pack it without a password"),
                ));
            }
            if entry.is_symlink() || !is_below_folder(name.trim_end_matches('/')) {
                return Err(refused(
                    Rule::Path,
                    Localized::new(
                        "имя ведёт за пределы папки виджета, или это ссылка",
                        "the name leads out of the widget's folder, or is that of a link",
                    ),
                    Localized::new(
                        "упакуйте обычные файлы с именами вроде images/logo.png",
                        "pack plain files with names such as images/logo.png",
                    ),
                ));
            }
            let is_folder = entry.is_dir();
            drop(entry);
            if is_folder {
                continue;
            }
            if files.keys().any(|known: &String| known.eq_ignore_ascii_case(&name)) {
                let what = Localized::new("такое же имя есть у другого файла", "another file has the same name");
                return Err(refused(Rule::Duplicate, what, once()));
            }
            let broken = |error: &dyn Display| {
                let name = shown(&name);
                unreadable(localized!("{name} не распаковывается: {error}", "{name} cannot be unpacked: {error}"))
            };
            let entry = zip.by_index(index).map_err(|error| broken(&error))?;
            let mut content = Vec::new();
            // What an entry says of its own size is not believed.
            entry.take(left + 1).read_to_end(&mut content).map_err(|error| broken(&error))?;
            left = left.checked_sub(u64::try_from(content.len()).unwrap_or(u64::MAX)).ok_or_else(|| {
                let what =
                    localized!("файлы вместе больше {UNPACKED} байт", "the files have more than {UNPACKED} bytes");
                of_archive(Rule::Size, what, smaller())
            })?;
            unexpected.extend(unexpected_file(&name));
            files.insert(name, content);
        }
        Ok(Self { files, unexpected })
    }

    /// The names of its files, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// A file's content.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// What `manifest.json` says; none where it is not JSON.
    pub fn manifest(&self) -> Option<Value> {
        serde_json::from_slice(self.file("manifest.json")?).ok()
    }
}

/// Whether a name stays in the folder that it is unpacked in, on any system.
fn is_below_folder(name: &str) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    name.split('/').all(is_plain) && !name.contains(|letter: char| letter.is_control() || matches!(letter, '\\' | ':'))
}

/// How many files the archive says that it has; none where that does not stand where it should.
fn entries(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(END.len()).rposition(|window| window == END)?;
    let count = bytes.get(end + 10..end + 12)?;
    Some(usize::from(u16::from_le_bytes(count.try_into().ok()?)))
}

/// The name that stands twice in the archive's own list, of which the library gives one file.
fn name_twice(bytes: &[u8]) -> Option<String> {
    const ENTRY: usize = 46;
    let two = |at: usize| Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let end = bytes.windows(END.len()).rposition(|window| window == END)?;
    let mut at = usize::try_from(u32::from_le_bytes(bytes.get(end + 16..end + 20)?.try_into().ok()?)).ok()?;
    let mut names = BTreeSet::new();
    while bytes.get(at..at + LISTED.len())? == LISTED {
        let (length, extra, comment) = (two(at + 28)?, two(at + 30)?, two(at + 32)?);
        let name = bytes.get(at + ENTRY..at + ENTRY + length)?;
        if !names.insert(name) {
            return Some(String::from_utf8_lossy(name).into_owned());
        }
        at += ENTRY + length + extra + comment;
    }
    None
}

fn unexpected_file(name: &str) -> Option<Finding> {
    const KINDS: [&str; 12] = ["css", "gif", "jpeg", "jpg", "js", "json", "md", "png", "svg", "twig", "txt", "woff2"];
    let is_hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
    let kind = name.rsplit_once('.').map(|(_, kind)| kind.to_ascii_lowercase()).unwrap_or_default();
    (is_hidden || !KINDS.contains(&kind.as_str())).then(|| {
        Finding::new(
            Rule::FileUnexpected,
            &shown(name),
            Localized::new("такие файлы в виджет не входят", "this file is not part of a widget"),
            Localized::new("уберите его из архива", "leave it out of the archive"),
        )
    })
}

/// A name from an archive, so that it cannot write lines or commands of its own.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(100).flat_map(char::escape_default).collect()
}
