//! Settings of an operation written as text, read by the operation's own description.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::bindings::exports::telephony::operation::operation::{
    ChoiceKind, Description, DurationKind, IntegerKind, ItemKind, ListKind, SettingDescription, SettingKind, TextKind,
};
use crate::bindings::telephony::operation::types::{ItemValue, Setting, SettingValue};
use call::masking::unless_secret;
use call::{Bilingual, Localized, localized};

/// A setting that the operation would not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// Its key.
    pub key: String,
    /// Its value, as written.
    pub value: String,
    /// What to write instead.
    pub fix: Localized,
}

impl SettingError {
    /// What is wrong, naming key and value.
    pub fn what(&self) -> Localized {
        let (key, value) = (unless_secret(&self.key), unless_secret(&self.value));
        localized!("настройка `{key}` = `{value}`", "setting `{key}` = `{value}`")
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what(), self.fix)
    }
}

impl std::error::Error for SettingError {}

impl Bilingual for SettingError {
    fn ru(&self) -> String {
        self.what().then(": ", &self.fix).ru
    }
}

/// Reads settings written as text (`waiting_time` = `3s`) by the operation's own description: keys, kinds and bounds.
pub fn read_settings(
    description: &Description,
    written: &BTreeMap<String, String>,
) -> Result<Vec<Setting>, SettingError> {
    written.iter().map(|(key, value)| read_setting(description, key, value)).collect()
}

/// The same, and on past what the operation would not accept: what it would, and every error.
pub fn judge_settings(
    description: &Description,
    written: &BTreeMap<String, String>,
) -> (Vec<Setting>, Vec<SettingError>) {
    let (mut settings, mut errors) = (Vec::new(), Vec::new());
    for (key, value) in written {
        match read_setting(description, key, value) {
            Ok(setting) => settings.push(setting),
            Err(error) => errors.push(error),
        }
    }
    (settings, errors)
}

/// The settings that the operation cannot work without, and that are not written.
pub fn missing_settings<'a>(
    description: &'a Description,
    written: &BTreeMap<String, String>,
) -> impl Iterator<Item = &'a SettingDescription> {
    description.settings.iter().filter(|setting| setting.required && !written.contains_key(&setting.key))
}

fn read_setting(description: &Description, key: &str, value: &str) -> Result<Setting, SettingError> {
    let error = |fix: Localized| SettingError { key: key.to_owned(), value: value.to_owned(), fix };
    let Some(described) = description.settings.iter().find(|setting| setting.key == key) else {
        let known: Vec<_> = description.settings.iter().map(|setting| format!("`{}`", setting.key)).collect();
        let known = known.join(", ");
        return Err(error(localized!("такой нет; у операции есть {known}", "unknown; the operation has {known}")));
    };
    read_value(described, value).map(|value| Setting { key: key.to_owned(), value }).map_err(error)
}

/// Reads one value by its description; the error says what to write instead.
pub(crate) fn read_value(described: &SettingDescription, value: &str) -> Result<SettingValue, Localized> {
    match &described.kind {
        SettingKind::Flag(_) => match value {
            "true" => Ok(SettingValue::Flag(true)),
            "false" => Ok(SettingValue::Flag(false)),
            _ => Err(Localized::new("напишите `true` или `false`", "set `true` or `false`")),
        },
        SettingKind::Integer(bounds) => integer(bounds, value).map(SettingValue::Integer),
        SettingKind::Duration(bounds) => duration(bounds, value).map(SettingValue::Duration),
        SettingKind::Choice(options) => choice(options, value).map(SettingValue::Choice),
        SettingKind::Text(bounds) => text(bounds, value).map(SettingValue::Text),
        SettingKind::List(kind) => list(kind, value).map(SettingValue::List),
    }
}

fn integer(bounds: &IntegerKind, value: &str) -> Result<i64, Localized> {
    let number = value.parse().ok().filter(|number| (bounds.minimum..=bounds.maximum).contains(number));
    number.ok_or_else(|| {
        let (least, greatest) = (bounds.minimum, bounds.maximum);
        localized!("укажите целое число от {least} до {greatest}", "set a whole number from {least} to {greatest}")
    })
}

fn duration(bounds: &DurationKind, value: &str) -> Result<u64, Localized> {
    let within = |milliseconds: &u64| (bounds.minimum..=bounds.maximum).contains(milliseconds);
    let milliseconds = humantime::parse_duration(value).ok().and_then(|time| u64::try_from(time.as_millis()).ok());
    milliseconds.filter(within).ok_or_else(|| {
        let show = |milliseconds| humantime::format_duration(Duration::from_millis(milliseconds));
        localized!(
            "укажите время от {} до {}, например {}",
            "set a duration from {} to {}, for example {}",
            show(bounds.minimum),
            show(bounds.maximum),
            show(bounds.default)
        )
    })
}

fn choice(choice: &ChoiceKind, value: &str) -> Result<String, Localized> {
    if choice.options.iter().any(|option| option.value == value) {
        return Ok(value.to_owned());
    }
    let options: Vec<_> = choice.options.iter().map(|option| format!("`{}`", option.value)).collect();
    let options = options.join(", ");
    Err(localized!("укажите одно из: {options}", "set one of {options}"))
}

fn text(bounds: &TextKind, value: &str) -> Result<String, Localized> {
    let longest = bounds.maximum_length;
    let fits = u32::try_from(value.chars().count()).is_ok_and(|length| length <= longest);
    let too_long = || localized!("допустимо знаков: не больше {longest}", "set at most {longest} characters");
    if fits { Ok(value.to_owned()) } else { Err(too_long()) }
}

/// The items stand in a list, as TOML and JSON have it, or one after another with commas between them.
fn list(kind: &ListKind, value: &str) -> Result<Vec<ItemValue>, Localized> {
    let value = value.trim();
    let items: Vec<String> = if value.starts_with('[') {
        serde_json::from_str(value).map_err(|_| {
            Localized::new(
                "укажите список строк, например [\"101\", \"102\"]",
                "set a list of texts, for example [\"101\", \"102\"]",
            )
        })?
    } else {
        value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    };
    let most = kind.maximum_items;
    if u32::try_from(items.len()).is_ok_and(|items| items > most) {
        return Err(localized!(
            "допустимо значений: не больше {most}, а их {}",
            "set at most {most} items, not {}",
            items.len()
        ));
    }
    let item = |(place, item): (usize, &String)| {
        let at = |fix: Localized| localized!("значение {}: ", "item {}: ", place + 1).then("", &fix);
        // An item that is written on several lines would be several of them to an operation.
        if item.contains(['\n', '\r']) {
            return Err(at(Localized::new("запишите одной строкой", "set one line")));
        }
        match &kind.items {
            ItemKind::Integer(bounds) => integer(bounds, item).map(ItemValue::Integer),
            ItemKind::Duration(bounds) => duration(bounds, item).map(ItemValue::Duration),
            ItemKind::Choice(options) => choice(options, item).map(ItemValue::Choice),
            ItemKind::Text(bounds) => text(bounds, item).map(ItemValue::Text),
        }
        .map_err(at)
    };
    items.iter().enumerate().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::telephony::operation::types::LocalizedText;

    #[test]
    fn a_list_is_read_item_by_item_as_its_kind_says() {
        let kind = |items| ListKind { items, maximum_items: 3 };
        let texts = || kind(ItemKind::Text(TextKind { default: None, maximum_length: 4, secret: false }));
        let read = |kind: &ListKind, written: &str| -> Vec<String> {
            let items = list(kind, written).unwrap().into_iter();
            items.map(|item| format!("{item:?}")).collect()
        };
        let text = |text: &str| format!("{:?}", ItemValue::Text(text.to_owned()));
        for written in [r#"["101", "102"]"#, "101, 102", " 101,102, "] {
            assert_eq!(read(&texts(), written), [text("101"), text("102")], "{written}");
        }
        assert!(read(&texts(), "").is_empty() && read(&texts(), "[]").is_empty());
        assert_eq!(read(&texts(), r#"["1, 2"]"#), [text("1, 2")]);
        let durations = || kind(ItemKind::Duration(DurationKind { default: 500, minimum: 500, maximum: 1_000 }));
        let expected = [500, 1_000].map(|time| format!("{:?}", ItemValue::Duration(time)));
        assert_eq!(read(&durations(), "500ms, 1s"), expected);
        let integers = kind(ItemKind::Integer(IntegerKind { default: 1, minimum: 1, maximum: 9, unit: None }));
        for (kind, written, fix) in [
            (texts(), "1, 22222", "item 2: set at most 4 characters"),
            (texts(), "1, 2, 3, 4", "set at most 3 items, not 4"),
            (texts(), "[1", "set a list of texts"),
            (texts(), r#"["1\n2"]"#, "item 1: set one line"),
            (durations(), "1s, 2s", "item 2: set a duration from 500ms to 1s"),
            (integers, "1, x", "item 2: set a whole number from 1 to 9"),
        ] {
            let error = list(&kind, written).unwrap_err();
            assert!(error.en.contains(fix), "{written}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_and_what_is_missing_is_told_whole() {
        let text = || LocalizedText { ru: String::new(), en: String::new() };
        let setting = |key: &str, required, kind| SettingDescription {
            key: key.to_owned(),
            title: text(),
            help: text(),
            required,
            kind,
        };
        let director = SettingKind::Text(TextKind { default: None, maximum_length: 4, secret: false });
        let description = Description {
            id: "test".to_owned(),
            version: String::new(),
            title: text(),
            summary: text(),
            settings: vec![
                setting("director", true, director),
                setting("loud", false, SettingKind::Flag(false)),
                setting("near", false, SettingKind::Flag(false)),
            ],
            configuration: Vec::new(),
            facts: Vec::new(),
            purposes: Vec::new(),
            reasons: Vec::new(),
        };
        let written = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let wrong = written(&[("loud", "yes"), ("near", "true"), ("unknown", "1")]);
        let (settings, errors) = judge_settings(&description, &wrong);
        assert_eq!(settings.iter().map(|setting| setting.key.as_str()).collect::<Vec<_>>(), ["near"]);
        assert_eq!(errors.iter().map(|error| error.key.as_str()).collect::<Vec<_>>(), ["loud", "unknown"]);
        let missing = |written| -> Vec<_> {
            missing_settings(&description, written).map(|setting| setting.key.as_str()).collect()
        };
        assert_eq!(missing(&wrong), ["director"]);
        assert_eq!(missing(&written(&[("director", "anna")])), Vec::<&str>::new());
    }
}
