//! TOML files that people write: what is wrong is told with the file, the line, the key and the fix. No message repeats a line of the file, since a
//! line may hold a secret by mistake.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use call::masking::unless_secret;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

/// What is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, where it is known.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
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

/// Reads a file whose keys are those of `T`.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    parse(path, &read_text(path)?)
}

/// The text of such a file.
pub fn read_text(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|cause| ConfigError {
        file: path.to_owned(),
        line: None,
        message: format!("cannot be read ({cause}); check the path and that this user may read it"),
    })
}

/// Reads the text of such a file.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    let error = |line, message| ConfigError { file: path.to_owned(), line, message };
    let line = |cause: &toml::de::Error| {
        cause.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1)
    };
    let document = toml::Deserializer::parse(text).map_err(|cause| error(line(&cause), short(cause.message())))?;
    serde_path_to_error::deserialize(document).map_err(|cause| {
        let keys: Vec<_> = cause.path().iter().map(ToString::to_string).collect();
        let key = keys.iter().map(|key| unless_secret(key)).collect::<Vec<_>>().join(".").replace(".[", "[");
        let cause = cause.inner();
        let message = match cause.message() {
            "invalid type: map, expected a sequence" => {
                format!(
                    "`{key}`: there may be several of these, so write the name in double brackets, as `[[operation]]`"
                )
            }
            // A date or a time without quotes reaches the key as a map of the parser's own.
            message if message.starts_with("invalid type: map") && is_date(text, cause) => {
                format!("`{key}` is written as a date or a time; put it in quotes, as \"2026-11-22T09:00:00+03:00\"")
            }
            message => format!("`{key}`: {}", short(message)),
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
                Err(D::Error::custom(format!("`{key}` must be a text, a whole number, a flag, or a list of them")))
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

/// A parser's message without the values in it that may be secrets.
fn short(message: &str) -> String {
    message.split(' ').map(unless_secret).collect::<Vec<_>>().join(" ")
}
