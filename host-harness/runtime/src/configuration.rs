//! An integration's configuration as people write it, read by an operation's own description: keys, kinds and bounds.
//!
//! Nothing here knows a key. What an operation reads is what it describes, in the form in which it reads it: the contract's configuration values are
//! text, a flag is `true` or `false`, and a duration comes in whole milliseconds, as the contract counts durations everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::bindings::exports::telephony::operation::operation::{Description, SettingDescription, SettingKind};
use crate::bindings::telephony::operation::types::{ItemValue, SettingValue};
use crate::secret::{Secret, SecretError};
use crate::settings::read_value;
use call::masking::unless_secret;
use call::{Bilingual, Localized, localized};

/// Values by key, as they were written. They are judged where an operation reads them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WrittenConfiguration(BTreeMap<String, WrittenValue>);

#[derive(Clone, PartialEq, Eq)]
enum WrittenValue {
    Plain(String),
    Secret(Secret),
}

/// The values that one operation reads, in the form in which it reads them.
#[derive(Clone, Default)]
pub struct ReadConfiguration {
    values: BTreeMap<String, String>,
    secrets: BTreeSet<String>,
}

/// Why an operation cannot be placed with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationError {
    /// It would not accept a value.
    Value {
        /// The key.
        key: String,
        /// The value as written.
        value: String,
        /// What to write instead.
        fix: Localized,
    },
    /// It would not accept a secret, which is not repeated.
    Secret {
        /// The key.
        key: String,
        /// What to write instead.
        fix: Localized,
    },
    /// A secret stands where it was written.
    Inline(String),
    /// It cannot work without this key.
    Missing {
        /// The key.
        key: String,
        /// Its name for people.
        title: Box<Localized>,
        /// Where to write it.
        fix: Localized,
    },
    /// The host answers this key itself.
    Provided {
        /// The key.
        key: String,
        /// Where the value comes from.
        instead: Localized,
    },
    /// No operation reads this key.
    Unknown {
        /// The key.
        key: String,
        /// The keys that can be written.
        known: Vec<String>,
    },
}

impl ConfigurationError {
    /// The key at fault, as it may be shown.
    pub fn key(&self) -> &str {
        match self {
            Self::Value { key, .. }
            | Self::Secret { key, .. }
            | Self::Inline(key)
            | Self::Missing { key, .. }
            | Self::Provided { key, .. }
            | Self::Unknown { key, .. } => unless_secret(key),
        }
    }

    /// What is wrong, naming the key.
    pub fn what(&self) -> Localized {
        let key = self.key();
        let place = localized!("параметр `{key}`", "configuration key `{key}`");
        let more = match self {
            Self::Value { value, .. } => localized!(" = `{}`", " = `{}`", unless_secret(value)),
            Self::Secret { .. } => Localized::new(": секрет не подходит", ": the secret does not fit"),
            Self::Missing { title, .. } => Localized::new(
                format!(" ({}) не задан, а без него операция не работает", title.ru),
                format!(" ({}) is missing, and the operation cannot work without it", title.en),
            ),
            Self::Provided { .. } => {
                Localized::new(": его задаёт сама программа, уберите его", ": this host provides it, so leave it out")
            }
            Self::Inline(_) | Self::Unknown { .. } => return place,
        };
        place.then("", &more)
    }

    /// What to do about it.
    pub fn fix(&self) -> Localized {
        match self {
            Self::Value { fix, .. } | Self::Secret { fix, .. } | Self::Missing { fix, .. } => fix.clone(),
            Self::Inline(_) => SecretError::Inline.text(),
            Self::Provided { instead, .. } => instead.clone(),
            Self::Unknown { known, .. } => Localized::new("такого нет", "unknown").then("; ", &known_keys(known)),
        }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what(), self.fix())
    }
}

impl std::error::Error for ConfigurationError {}

impl Bilingual for ConfigurationError {
    fn ru(&self) -> String {
        self.what().then(": ", &self.fix()).ru
    }
}

fn known_keys(known: &[String]) -> Localized {
    match known {
        [] => Localized::new(
            "у операций этой интеграции нет настраиваемых параметров, уберите его",
            "no operation placed on this integration has a key to configure, so leave it out",
        ),
        known => {
            let known = known.join(", ");
            localized!(
                "у операций этой интеграции есть {known}",
                "the operations placed on this integration have {known}"
            )
        }
    }
}

impl WrittenConfiguration {
    /// Writes a value that may be shown: `true`, `5`, `3s`.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), WrittenValue::Plain(value.into()));
    }

    /// Writes a secret.
    pub fn set_secret(&mut self, key: impl Into<String>, secret: Secret) {
        self.0.insert(key.into(), WrittenValue::Secret(secret));
    }

    /// The value of a key that is not a secret, as written.
    pub fn get(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            WrittenValue::Plain(value) => Some(value),
            WrittenValue::Secret(_) => None,
        }
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What an operation describes, as written: for a host that leaves the judgement to the operation.
    pub fn unjudged(&self, description: &Description) -> ReadConfiguration {
        let mut read = ReadConfiguration::default();
        for described in &description.configuration {
            let (value, is_secret) = match self.0.get(&described.key) {
                None => continue,
                Some(WrittenValue::Plain(value)) => (value.as_str(), false),
                Some(WrittenValue::Secret(secret)) => (secret.expose(), true),
            };
            read.values.insert(described.key.clone(), value.to_owned());
            if is_secret {
                read.secrets.insert(described.key.clone());
            }
        }
        read
    }

    /// Reads what an operation describes. Keys that it does not describe are none of its own, and it does not get them.
    ///
    /// Whether a required key is missing is not judged here, since a host may provide it.
    pub fn read(&self, description: &Description) -> Result<ReadConfiguration, ConfigurationError> {
        let (read, errors) = self.judge(description);
        errors.into_iter().next().map_or(Ok(read), Err)
    }

    /// The same, and on past what the operation would not accept: what it would, and every error.
    pub fn judge(&self, description: &Description) -> (ReadConfiguration, Vec<ConfigurationError>) {
        let (mut read, mut errors) = (ReadConfiguration::default(), Vec::new());
        for described in &description.configuration {
            let key = &described.key;
            match self.0.get(key).map(|written| read_one(described, written)) {
                None => {}
                Some(Ok((value, is_secret))) => {
                    read.values.insert(key.clone(), value);
                    if is_secret {
                        read.secrets.insert(key.clone());
                    }
                }
                Some(Err(error)) => errors.push(error),
            }
        }
        (read, errors)
    }
}

/// A value in the form in which the operation reads it, and whether it must not be shown.
fn read_one(described: &SettingDescription, written: &WrittenValue) -> Result<(String, bool), ConfigurationError> {
    let key = || described.key.clone();
    match written {
        WrittenValue::Plain(_) if matches!(&described.kind, SettingKind::Text(text) if text.secret) => {
            Err(ConfigurationError::Inline(key()))
        }
        WrittenValue::Plain(value) => match read_value(described, value) {
            Ok(read) => Ok((text_of(read), false)),
            Err(fix) => Err(ConfigurationError::Value { key: key(), value: value.clone(), fix }),
        },
        WrittenValue::Secret(secret) => match read_value(described, secret.expose()) {
            Ok(read) => Ok((text_of(read), true)),
            Err(fix) => Err(ConfigurationError::Secret { key: key(), fix }),
        },
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for WrittenConfiguration {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        Self(values.into_iter().map(|(key, value)| (key.into(), WrittenValue::Plain(value.into()))).collect())
    }
}

impl fmt::Debug for WrittenConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl ReadConfiguration {
    /// The values by key.
    pub const fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// The keys whose values must not be shown.
    pub const fn secrets(&self) -> &BTreeSet<String> {
        &self.secrets
    }
}

impl fmt::Debug for ReadConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// A value as `wasi:config` has it.
fn text_of(value: SettingValue) -> String {
    match value {
        SettingValue::Flag(flag) => flag.to_string(),
        SettingValue::Integer(number) => number.to_string(),
        SettingValue::Duration(milliseconds) => milliseconds.to_string(),
        SettingValue::Choice(text) | SettingValue::Text(text) => text,
        SettingValue::List(items) => items.into_iter().map(item_text).collect::<Vec<_>>().join("\n"),
    }
}

fn item_text(item: ItemValue) -> String {
    match item {
        ItemValue::Integer(number) => number.to_string(),
        ItemValue::Duration(milliseconds) => milliseconds.to_string(),
        ItemValue::Choice(text) | ItemValue::Text(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bindings::exports::telephony::operation::operation::{
        ChoiceKind, ChoiceOption, DurationKind, IntegerKind, TextKind,
    };
    use crate::bindings::telephony::operation::types::LocalizedText;

    fn text(text: &str) -> LocalizedText {
        LocalizedText { ru: text.to_owned(), en: text.to_owned() }
    }

    fn describing(kind: SettingKind) -> Description {
        let described =
            SettingDescription { key: "key".to_owned(), title: text("key"), help: text(""), required: false, kind };
        Description {
            id: "test".to_owned(),
            version: "0.0.0".to_owned(),
            title: text("test"),
            summary: text(""),
            settings: Vec::new(),
            configuration: vec![described],
            facts: Vec::new(),
            purposes: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn read(kind: SettingKind, value: &str) -> Result<String, ConfigurationError> {
        let written = WrittenConfiguration::from_iter([("key", value), ("another", "1")]);
        let read = written.read(&describing(kind))?;
        assert_eq!(read.values().keys().collect::<Vec<_>>(), ["key"], "only what is described");
        Ok(read.values()["key"].clone())
    }

    fn short_text(secret: bool) -> SettingKind {
        SettingKind::Text(TextKind { default: None, maximum_length: 4, secret })
    }

    #[test]
    fn a_value_is_read_as_its_kind_says() {
        let choice = || {
            let option = |value: &str| ChoiceOption { value: value.to_owned(), title: text(value) };
            SettingKind::Choice(ChoiceKind { default: "near".to_owned(), options: vec![option("near"), option("far")] })
        };
        let duration = || SettingKind::Duration(DurationKind { default: 1_000, minimum: 500, maximum: 90_000 });
        for (kind, written, reads) in [
            (SettingKind::Flag(false), "true", "true"),
            (choice(), "far", "far"),
            (duration(), "1m 30s", "90000"),
            (duration(), "500ms", "500"),
            (short_text(false), "абвг", "абвг"),
        ] {
            assert_eq!(read(kind, written).as_deref(), Ok(reads), "{written}");
        }
        for (kind, written, fix) in [
            (SettingKind::Flag(false), "yes", "set `true` or `false`"),
            (choice(), "Far", "set one of `near`, `far`"),
            (duration(), "91s", "set a duration from 500ms to 1m 30s, for example 1s"),
            (duration(), "600", "set a duration"),
            (short_text(false), "абвгд", "set at most 4 characters"),
        ] {
            let error = read(kind, written).unwrap_err().to_string();
            assert!(error.contains(&format!("`key` = `{written}`")) && error.contains(fix), "{error}");
        }
    }

    #[test]
    fn d10_a_secret_is_never_written_inline_and_never_repeated() {
        let error = read(short_text(true), "абвг").unwrap_err();
        assert_eq!(error, ConfigurationError::Inline("key".to_owned()));
        let error = error.to_string();
        assert!(error.contains("`key`") && error.contains("env:NAME") && !error.contains("абвг"), "{error}");
        let mut written = WrittenConfiguration::default();
        written.set_secret("key", Secret::new("long-one".to_owned()));
        let error = written.read(&describing(short_text(true))).unwrap_err().to_string();
        assert!(error.contains("set at most 4 characters") && !error.contains("long-one"), "{error}");
        written.set_secret("key", Secret::new("abcd".to_owned()));
        let read = written.read(&describing(short_text(true))).unwrap();
        assert_eq!((read.values()["key"].as_str(), read.secrets().contains("key")), ("abcd", true));
        assert_eq!((format!("{written:?}"), format!("{read:?}")), (r#"{"key"}"#.to_owned(), r#"{"key"}"#.to_owned()));
    }

    proptest! {
        #[test]
        fn a_whole_number_is_read_exactly_inside_its_bounds(bounds in any::<(i64, i64)>(), number in any::<i64>()) {
            let (minimum, maximum) = (bounds.0.min(bounds.1), bounds.0.max(bounds.1));
            let kind = |minimum, maximum| SettingKind::Integer(IntegerKind { default: minimum, minimum, maximum, unit: None });
            for at_bound in [minimum, maximum] {
                prop_assert_eq!(read(kind(minimum, maximum), &at_bound.to_string()), Ok(at_bound.to_string()));
            }
            let result = read(kind(minimum, maximum), &number.to_string());
            if (minimum..=maximum).contains(&number) {
                prop_assert_eq!(result, Ok(number.to_string()));
            } else {
                let error = result.unwrap_err().to_string();
                let fix = format!("`key` = `{number}`: set a whole number from {minimum} to {maximum}");
                prop_assert!(error.contains(&fix), "{}", error);
            }
        }

        #[test]
        fn a_duration_is_read_exactly_inside_its_bounds(bounds in any::<(u32, u32)>(), milliseconds in any::<u32>()) {
            let (minimum, maximum) = (u64::from(bounds.0.min(bounds.1)), u64::from(bounds.0.max(bounds.1)));
            let kind = SettingKind::Duration(DurationKind { default: minimum, minimum, maximum });
            let result = read(kind, &format!("{milliseconds}ms"));
            if (minimum..=maximum).contains(&u64::from(milliseconds)) {
                prop_assert_eq!(result, Ok(milliseconds.to_string()));
            } else {
                prop_assert!(result.is_err());
            }
        }

        #[test]
        fn a_text_is_read_exactly_up_to_its_length(value in "\\PC{0,8}") {
            prop_assert_eq!(read(short_text(false), &value).is_ok(), value.chars().count() <= 4);
        }

        #[test]
        fn what_is_of_another_kind_is_refused(value in "[a-z ]{0,6}") {
            prop_assume!(value != "true" && value != "false");
            prop_assert!(read(SettingKind::Flag(true), &value).is_err());
            let kind = SettingKind::Integer(IntegerKind { default: 0, minimum: i64::MIN, maximum: i64::MAX, unit: None });
            prop_assert!(read(kind, &value).is_err());
        }
    }
}
