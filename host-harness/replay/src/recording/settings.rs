//! The settings of a placed operation, as they stand in a recording.

use serde::{Deserialize, Serialize};

use runtime::bindings::telephony::operation::types::{ItemValue, Setting, SettingValue};

/// A setting that differs from its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedSetting {
    pub(super) key: String,
    #[serde(flatten)]
    value: RecordedValue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedValue {
    Flag(bool),
    Integer(i64),
    DurationMs(u64),
    Choice(String),
    Text(String),
    List(Vec<RecordedItem>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedItem {
    Integer(i64),
    DurationMs(u64),
    Choice(String),
    Text(String),
}

impl From<&Setting> for RecordedSetting {
    fn from(setting: &Setting) -> Self {
        let value = match &setting.value {
            SettingValue::Flag(flag) => RecordedValue::Flag(*flag),
            SettingValue::Integer(number) => RecordedValue::Integer(*number),
            SettingValue::Duration(milliseconds) => RecordedValue::DurationMs(*milliseconds),
            SettingValue::Choice(choice) => RecordedValue::Choice(choice.clone()),
            SettingValue::Text(text) => RecordedValue::Text(text.clone()),
            SettingValue::List(items) => RecordedValue::List(items.iter().map(RecordedItem::from).collect()),
        };
        Self { key: setting.key.clone(), value }
    }
}

impl From<&RecordedSetting> for Setting {
    fn from(setting: &RecordedSetting) -> Self {
        let value = match &setting.value {
            RecordedValue::Flag(flag) => SettingValue::Flag(*flag),
            RecordedValue::Integer(number) => SettingValue::Integer(*number),
            RecordedValue::DurationMs(milliseconds) => SettingValue::Duration(*milliseconds),
            RecordedValue::Choice(choice) => SettingValue::Choice(choice.clone()),
            RecordedValue::Text(text) => SettingValue::Text(text.clone()),
            RecordedValue::List(items) => SettingValue::List(items.iter().map(ItemValue::from).collect()),
        };
        Self { key: setting.key.clone(), value }
    }
}

impl From<&ItemValue> for RecordedItem {
    fn from(item: &ItemValue) -> Self {
        match item {
            ItemValue::Integer(number) => Self::Integer(*number),
            ItemValue::Duration(milliseconds) => Self::DurationMs(*milliseconds),
            ItemValue::Choice(choice) => Self::Choice(choice.clone()),
            ItemValue::Text(text) => Self::Text(text.clone()),
        }
    }
}

impl From<&RecordedItem> for ItemValue {
    fn from(item: &RecordedItem) -> Self {
        match item {
            RecordedItem::Integer(number) => Self::Integer(*number),
            RecordedItem::DurationMs(milliseconds) => Self::Duration(*milliseconds),
            RecordedItem::Choice(choice) => Self::Choice(choice.clone()),
            RecordedItem::Text(text) => Self::Text(text.clone()),
        }
    }
}
