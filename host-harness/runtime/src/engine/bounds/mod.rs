//! What a host takes of a component's words. A component can say anything of the contract's types, megabytes of it; what is outside these bounds
//! is not passed on to a PBX, to call details or to a page. The contract (`wit/`) states the same bounds.

mod description;
mod resolution;

use call::Localized;
use call::dialling::LONGEST_NAME;

pub(super) use description::described;
pub(super) use resolution::answered;

/// The greatest length of a stable name: a key, a code, an identifier, a version.
const NAME: usize = 100;
/// The greatest length of a title, a status, a person's name or a fact, in characters.
const TITLE: usize = LONGEST_NAME;
/// The greatest length of a sentence for people, in characters.
const SENTENCE: usize = 1_000;
/// How many entries a list of the contract may have, where nothing else is said.
const ENTRIES: usize = 100;
/// The greatest size of the call details of one call, and of a description: all their texts together, in bytes, with [`ENTRY`] for each entry of a
/// list.
const BYTES: usize = 64 * 1024;
/// What an entry of a list counts as, beside its texts.
const ENTRY: usize = 16;

/// Which bound was broken, for the component's author.
type Judgement = Result<(), Localized>;

/// Adds up sizes, while it holds each text and list to its own bound.
#[derive(Default)]
struct Scale {
    bytes: usize,
}

impl Scale {
    /// A text of at most so many characters.
    fn text(&mut self, field: &str, text: &str, most: usize) -> Judgement {
        self.bytes = self.bytes.saturating_add(text.len());
        // Counting is only worth it where there may be too many.
        let length = if text.len() > most { text.chars().count() } else { 0 };
        if length <= most {
            return Ok(());
        }
        Err(Localized::new(
            format!("`{field}`: {length} знаков, допустимо не больше {most}"),
            format!("`{field}` has {length} characters, at most {most} are taken"),
        ))
    }

    /// A list of at most so many entries.
    fn list<T>(&mut self, field: &str, list: &[T], most: usize) -> Judgement {
        self.bytes = self.bytes.saturating_add(list.len().saturating_mul(ENTRY));
        if list.len() <= most {
            return Ok(());
        }
        let entries = list.len();
        Err(Localized::new(
            format!("`{field}`: записей {entries}, допустимо не больше {most}"),
            format!("`{field}` has {entries} entries, at most {most} are taken"),
        ))
    }

    /// All of it together.
    fn whole(self, what: &str) -> Judgement {
        let bytes = self.bytes;
        if bytes <= BYTES {
            return Ok(());
        }
        let most = BYTES / 1024;
        Err(Localized::new(
            format!("`{what}`: {bytes} байт, допустимо не больше {most} КиБ"),
            format!("`{what}` has {bytes} bytes, at most {most} KiB are taken"),
        ))
    }
}

/// A list in which no two entries have the same name.
fn unique<'a>(field: &str, names: impl Iterator<Item = &'a str>) -> Judgement {
    let mut sorted: Vec<&str> = names.collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        None => Ok(()),
        Some(_) => Err(Localized::new(
            format!("`{field}`: два одинаковых имени"),
            format!("`{field}` has two entries of the same name"),
        )),
    }
}

/// A stable name: ASCII letters, digits, `-`, `_` and `.`.
fn name(scale: &mut Scale, field: &str, text: &str) -> Judgement {
    scale.text(field, text, NAME)?;
    if text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter)) {
        return Ok(());
    }
    Err(Localized::new(
        format!("`{field}`: допустимы латинские буквы, цифры, `-`, `_` и `.`"),
        format!("`{field}` may hold ASCII letters, digits, `-`, `_` and `.`"),
    ))
}
