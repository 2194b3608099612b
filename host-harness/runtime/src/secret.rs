//! Secrets, and where they may come from.
//!
//! A [`Secret`] cannot be printed: it has no `Display`, no `Serialize`, and its `Debug` says `[secret]`. Its memory is zeroed when
//! it is dropped. The value is reached in one way only, [`Secret::expose`], so every use can be found by searching for that word.
//! An answer that holds one is read straight into it (`Deserialize`).
//!
//! A configuration never holds a secret, only a [`SecretSource`]: `env:NAME` or `file:/path`. A value written inline is refused, and no
//! message repeats it, since it may be the token itself. Deserializing never fails for that reason (see [`SecretSource`]): a TOML or
//! JSON parser that reports an error quotes the offending line, and with it the token.

mod pasted;
mod reloadable;

use std::fmt;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use call::masking::looks_random;
use call::{Bilingual, Localized, error_kind_ru, localized};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::regular_file::{self, NotRead};

pub use pasted::unwrapped;
pub use reloadable::ReloadableSecret;

/// No secret that this software knows is longer (long-lived tokens of CRMs are about 1 KiB).
const MAX_BYTES: u64 = 64 * 1024;

/// A value that must never be shown: an access token, a client secret.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value over; it is zeroed when the last owner drops it.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself, for the one place that sends it. Never put it into a message, a log or a value that can be printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether they are the same, told in a time that says nothing of either.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        Sha256::digest(self.expose()) == Sha256::digest(other.expose())
    }
}

impl Eq for Secret {}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret")
            }

            fn visit_str<E>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::new(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a secret is read from: `env:NAME` or `file:/path`.
///
/// `FromStr` and `TryFrom<String>` refuse anything else at once. `Deserialize` accepts anything and remembers the refusal, which
/// [`read`](Self::read) then reports: the caller knows the key's name and can put it in front, and the
/// parser of the configuration file gets no reason to quote the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSource(Source);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Environment(String),
    File(PathBuf),
    Refused(SecretError),
}

/// Why a secret cannot be had. No message contains any part of a secret, or of text that may be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The text is neither of the two forms; it may be the secret itself.
    #[error(
        "a secret is never written inline: write env:NAME to take it from an environment variable, or file:/path to read it from a file"
    )]
    Inline,
    /// `env:` with nothing usable behind it.
    #[error(
        "env: must be followed by the name of an environment variable (letters, digits, underscores), as in env:ACCESS_TOKEN"
    )]
    VariableName,
    /// `file:` with nothing behind it.
    #[error("file: must be followed by a path, as in file:/etc/host-harness/access-token")]
    FileName,
    /// The environment variable is not set.
    #[error("the environment variable {name} is not set: set it to the secret before starting, or name another source", name = variable(.0))]
    VariableMissing(String),
    /// The environment variable is not valid UTF-8.
    #[error("the environment variable {name} is not text (UTF-8): set it to the secret as it was given to you", name = variable(.0))]
    VariableNotText(String),
    /// The file cannot be read.
    #[error("the secret file {file} cannot be read ({cause}): check that it exists and that this user may read it", file = file(.0), cause = cause(*.1))]
    FileUnreadable(PathBuf, std::io::ErrorKind),
    /// It is not a file.
    #[error("{} is a folder, a pipe or a device, not a file: write the secret alone into a file", file(.0))]
    NotAFile(PathBuf),
    /// The file is not valid UTF-8.
    #[error("the secret file {} is not text (UTF-8): write the secret alone into it", file(.0))]
    FileNotText(PathBuf),
    /// The file is too large to be a secret.
    #[error("the secret file {} is larger than 64 KiB, so it is not a secret: write the secret alone into it", file(.0))]
    FileTooLarge(PathBuf),
    /// There is more than one word, or a character that no token has.
    #[error(
        "{0} has {1} inside: write the secret alone there, on one line and without blanks, exactly as it was shown to you"
    )]
    NotOneWord(Localized, Localized),
    /// The source exists and holds nothing.
    #[error("{0} is empty: put the secret there")]
    Empty(Localized),
}

impl Bilingual for SecretError {
    fn ru(&self) -> String {
        match self {
            Self::Inline => "секрет никогда не пишут прямо в файл: напишите env:ИМЯ, чтобы взять его из переменной окружения, или file:/путь, \
                             чтобы прочитать из файла"
                .to_owned(),
            Self::VariableName => {
                "после env: пишут имя переменной окружения (буквы, цифры, подчёркивания), например env:ACCESS_TOKEN".to_owned()
            }
            Self::FileName => "после file: пишут путь, например file:/etc/host-harness/access-token".to_owned(),
            Self::VariableMissing(name) => format!(
                "переменная окружения {} не задана: задайте её перед запуском или укажите другой источник секрета",
                variable(name)
            ),
            Self::VariableNotText(name) => {
                format!("переменная окружения {} — не текст (UTF-8): запишите секрет так, как его выдали", variable(name))
            }
            Self::FileUnreadable(path, cause) => format!(
                "файл секрета {} не читается ({}): проверьте, что он есть и что этот пользователь может его читать",
                file(path),
                error_kind_ru(*cause).map_or_else(|| cause.to_string(), str::to_owned)
            ),
            Self::NotAFile(path) => {
                format!("{} — не файл, а каталог, канал или устройство: запишите секрет в файл", file(path))
            }
            Self::FileNotText(path) => {
                format!("файл секрета {} — не текст (UTF-8): запишите в него только секрет", file(path))
            }
            Self::FileTooLarge(path) => {
                format!("файл секрета {} больше 64 КиБ, это не секрет: запишите в него только секрет", file(path))
            }
            Self::NotOneWord(place, odd) => format!(
                "{}: внутри {}; запишите только секрет, одной строкой и без пробелов, ровно так, как его показали",
                place.ru, odd.ru
            ),
            Self::Empty(place) => format!("{}: там пусто; запишите туда секрет", place.ru),
        }
    }
}

impl SecretSource {
    /// The same source, a relative path being relative to `folder`.
    pub fn relative_to(self, folder: &Path) -> Self {
        match self.0 {
            Source::File(path) => Self(Source::File(folder.join(path))),
            other => Self(other),
        }
    }

    /// Reads the secret. One trailing line break (or several) is dropped, since editors add one.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let mut text = match &self.0 {
            Source::Refused(error) => return Err(error.clone()),
            Source::Environment(name) => read_variable(name)?,
            Source::File(path) => read_file(path)?,
        };
        let length = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(length);
        if text.trim().is_empty() {
            return Err(SecretError::Empty(self.place()));
        }
        Ok(Secret(text))
    }

    /// Reads a token or a key that people paste: without what came [along with it](unwrapped). What is left has to be one word of visible ASCII
    /// characters, as every token and key is.
    pub fn read_token(&self) -> Result<Secret, SecretError> {
        let secret = self.read()?;
        let token = unwrapped(secret.expose());
        if token.is_empty() {
            return Err(SecretError::Empty(self.place()));
        }
        match pasted::odd(token) {
            None => Ok(Secret::new(token.to_owned())),
            Some(odd) => Err(SecretError::NotOneWord(self.place(), odd)),
        }
    }

    /// Whether it is read from an environment variable, which does not change while the program runs.
    pub const fn is_variable(&self) -> bool {
        matches!(self.0, Source::Environment(_))
    }

    /// Where it is, for people.
    fn place(&self) -> Localized {
        match &self.0 {
            Source::File(path) => localized!("файл секрета {}", "the secret file {}", file(path)),
            Source::Environment(name) => {
                localized!("переменная окружения {}", "the environment variable {}", variable(name))
            }
            Source::Refused(_) => Localized::new("секрет", "the secret"),
        }
    }

    fn parse(text: &str) -> Result<Source, SecretError> {
        if let Some(name) = text.strip_prefix("env:") {
            let usable = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(usable) || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(SecretError::VariableName);
            }
            return Ok(Source::Environment(name.to_owned()));
        }
        match text.strip_prefix("file:") {
            Some("") => Err(SecretError::FileName),
            Some(path) => Ok(Source::File(PathBuf::from(path))),
            None => Err(SecretError::Inline),
        }
    }
}

/// The name of a variable as messages repeat it, unless a secret was pasted in its place.
fn variable(name: &str) -> &str {
    if looks_random(name) { "…" } else { name }
}

/// The path of a file as messages repeat it, without what may be a secret in its place. A file that is there is one, whatever its name.
fn file(path: &Path) -> String {
    if path.exists() {
        return path.display().to_string();
    }
    let shown = |part: Component<'_>| match part.as_os_str().to_str() {
        Some(part) if looks_random(part) => "…".into(),
        _ => part.as_os_str().to_owned(),
    };
    path.components().map(shown).collect::<PathBuf>().display().to_string()
}

/// What keeps a file from being read, in the words that people know from other programs.
fn cause(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::InvalidFilename => "no file can have this name".to_owned(),
        kind => kind.to_string(),
    }
}

fn read_variable(name: &str) -> Result<Zeroizing<String>, SecretError> {
    match std::env::var(name) {
        Ok(value) => Ok(Zeroizing::new(value)),
        Err(std::env::VarError::NotPresent) => Err(SecretError::VariableMissing(name.to_owned())),
        // The error holds the value: it is dropped here and never printed.
        Err(std::env::VarError::NotUnicode(_)) => Err(SecretError::VariableNotText(name.to_owned())),
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let bytes = regular_file::read(path, MAX_BYTES).map_err(|error| match error {
        NotRead::Failed(error) => SecretError::FileUnreadable(path.to_owned(), error.kind()),
        NotRead::NotRegular => SecretError::NotAFile(path.to_owned()),
        NotRead::TooLarge => SecretError::FileTooLarge(path.to_owned()),
    })?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::FileNotText(path.to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Environment(name) => write!(f, "env:{}", variable(name)),
            Source::File(path) => write!(f, "file:{}", file(path)),
            Source::Refused(_) => f.write_str("[refused]"),
        }
    }
}

impl FromStr for SecretSource {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        Self::parse(text).map(Self)
    }
}

impl TryFrom<String> for SecretSource {
    type Error = SecretError;

    fn try_from(mut text: String) -> Result<Self, SecretError> {
        let parsed = Self::parse(&text);
        text.zeroize();
        parsed.map(Self)
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Takes a value of any kind without an error, for the reason given at [`SecretSource`].
struct AnyValue;

/// What a value that is not text is taken for.
const REFUSED: SecretSource = SecretSource(Source::Refused(SecretError::Inline));

impl<'de> Visitor<'de> for AnyValue {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("env:NAME or file:/path")
    }

    fn visit_str<E>(self, text: &str) -> Result<SecretSource, E> {
        Ok(SecretSource(SecretSource::parse(text).unwrap_or_else(Source::Refused)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<SecretSource, E> {
        Ok(REFUSED)
    }

    fn visit_i64<E>(self, _: i64) -> Result<SecretSource, E> {
        Ok(REFUSED)
    }

    fn visit_u64<E>(self, _: u64) -> Result<SecretSource, E> {
        Ok(REFUSED)
    }

    fn visit_f64<E>(self, _: f64) -> Result<SecretSource, E> {
        Ok(REFUSED)
    }

    fn visit_unit<E>(self) -> Result<SecretSource, E> {
        Ok(REFUSED)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<SecretSource, A::Error> {
        while items.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(REFUSED)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<SecretSource, A::Error> {
        while entries.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        Ok(REFUSED)
    }
}

#[cfg(test)]
mod tests;
