//! TOML files that people write: what is wrong is told with the file, the line, the key and the fix. No message repeats a line of the file, since a
//! line may hold a secret by mistake.

mod russian;
mod syntax;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use call::masking::{mask_numbers, unless_secret};
use call::{Bilingual, Localized, localized};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

use crate::regular_file::{self, NotRead};

/// The most bytes of such a file: more than any that people write, and little enough to be read while others wait.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// What is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: Localized,
}

impl ConfigError {
    /// What is wrong with a file as a whole.
    pub fn of(file: &Path, message: Localized) -> Self {
        Self { file: file.to_owned(), line: None, message }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(formatter, ", line {line}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Bilingual for ConfigError {
    fn ru(&self) -> String {
        let line = self.line.map(|line| format!(", строка {line}")).unwrap_or_default();
        format!("{}{line}: {}", self.file.display(), self.message.ru)
    }
}

/// What stands between two texts of one message; no text of either language has it.
const BETWEEN: char = '\u{1f}';

/// Why a value is refused while it is read, for `Deserialize`: [`parse`] tells it in both languages.
pub fn refused<E: Error>(said: &Localized) -> E {
    E::custom(two_texts(said))
}

/// What should have been written, for [`expecting`](serde::de::Visitor::expecting).
pub fn expected(said: &Localized, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    formatter.write_str(&two_texts(said))
}

fn two_texts(said: &Localized) -> String {
    format!("{}{BETWEEN}{}", said.en, said.ru)
}

/// Reads a file whose keys are those of `T`.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    parse(path, &read_text(path)?)
}

/// The text of such a file.
pub fn read_text(path: &Path) -> Result<String, ConfigError> {
    let message = match regular_file::read(path, MOST_BYTES).map(String::from_utf8) {
        Ok(Ok(text)) => return Ok(text),
        Ok(Err(_)) => {
            Localized::new("не текст в UTF-8; сохраните его в этой кодировке", "is not UTF-8 text; save it as UTF-8")
        }
        Err(NotRead::TooLarge) => localized!(
            "больше {} МиБ: файл настроек не может быть таким большим",
            "is larger than {} MiB, the most that a configuration file may have",
            MOST_BYTES / 1024 / 1024
        ),
        Err(cause) => Localized::new(
            format!("не читается ({}); проверьте путь и то, что этот пользователь может его читать", cause.ru()),
            format!("cannot be read ({cause}); check the path and that this user may read it"),
        ),
    };
    Err(ConfigError::of(path, message))
}

/// Reads the text of such a file.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    let error = |line, message| ConfigError { file: path.to_owned(), line, message };
    let line = |cause: &toml::de::Error| {
        cause.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1)
    };
    let document = toml::Deserializer::parse(text).map_err(|cause| {
        let said = short(cause.message(), cause.message());
        let ru = syntax::of(&said);
        error(line(&cause), localized!("это не TOML: {ru}", "{said}"))
    })?;
    serde_path_to_error::deserialize(document).map_err(|cause| {
        let keys: Vec<_> = cause.path().iter().map(ToString::to_string).collect();
        let key = keys.iter().map(|key| unless_secret(key)).collect::<Vec<_>>().join(".").replace(".[", "[");
        // A key that is not known may be a number in the wrong place.
        let key = mask_numbers(&key);
        let cause = cause.inner();
        let message = match cause.message() {
            "invalid type: map, expected a sequence" => {
                localized!(
                    "`{key}`: таких может быть несколько, поэтому имя пишут в двойных скобках, например `[[operation]]`",
                    "`{key}`: there may be several of these, so write the name in double brackets, as `[[operation]]`"
                )
            }
            // A date or a time without quotes reaches the key as a map of the parser's own.
            message if message.starts_with("invalid type: map") && is_date(text, cause) => {
                localized!(
                    "`{key}` записан как дата или время; возьмите его в кавычки, например \"2026-11-22T09:00:00+03:00\"",
                    "`{key}` is written as a date or a time; put it in quotes, as \"2026-11-22T09:00:00+03:00\""
                )
            }
            message => {
                let en = message.split(BETWEEN).next().unwrap_or_default();
                Localized::new(short(&russian::of(message), en), short(en, en)).at(format_args!("`{key}`"))
            }
        };
        error(line(cause), message)
    })
}

/// Whether what the parser points at is a date or a time of TOML's own.
fn is_date(text: &str, cause: &toml::de::Error) -> bool {
    let Some(written) = cause.span().and_then(|span| text.get(span)) else { return false };
    written.trim().parse::<toml::value::Datetime>().is_ok()
}

/// Values by key as text: `"3s"`, `5` and `true` are all fine, and lists of them; tables are not.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let written = BTreeMap::<String, toml::Value>::deserialize(deserializer)?;
    let read = |(key, value): (String, toml::Value)| {
        let text = match value {
            // A list is its JSON, which every reader of settings takes.
            toml::Value::Array(items) => {
                let items: Option<Vec<String>> = items.into_iter().map(text).collect();
                items.and_then(|items| serde_json::to_string(&items).ok())
            }
            value => text(value),
        };
        match text {
            Some(text) => Ok((key, text)),
            None => {
                let key = unless_secret(&key);
                Err(refused(&localized!(
                    "`{key}` должен быть строкой, целым числом, true или false либо списком из них",
                    "`{key}` must be a text, a whole number, a flag, or a list of them"
                )))
            }
        }
    };
    written.into_iter().map(read).collect()
}

/// A value that is not made of others.
fn text(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A parser's message, or what it says in another language, without the values in it that may be secrets. `en` is the message itself.
fn short(message: &str, en: &str) -> String {
    let short = message.split(' ').map(unless_secret).collect::<Vec<_>>().join(" ");
    // These repeat what is written, which may be a telephone number in the wrong place; others give an example.
    let repeats = ["invalid ", "unknown "].iter().any(|begin| en.starts_with(begin));
    if repeats { mask_numbers(&short) } else { short }
}
