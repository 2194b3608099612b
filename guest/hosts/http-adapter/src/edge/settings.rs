//! The settings of the placement, from configuration, by the operation's own description: `setting_waiting_time` is the setting
//! `waiting_time`. A key each, because not every host can be told a value that has a comma in it.

use super::bindings::telephony::operation::operation::{self, ItemKind, SettingKind};
use super::bindings::telephony::operation::types::{ItemValue, Setting, SettingValue};
use super::configured;

/// Reads the settings that are configured. A value that is not of the described kind is handed on as text: the operation then gives its own
/// reason, as the contract demands, and the call still goes somewhere.
pub(super) fn read() -> Result<Vec<Setting>, String> {
    let mut settings = Vec::new();
    for described in operation::describe().settings {
        if let Some(value) = configured(&format!("setting_{}", described.key))? {
            let value = of_kind(&described.kind, &value).unwrap_or(SettingValue::Text(value));
            settings.push(Setting { key: described.key, value });
        }
    }
    Ok(settings)
}

fn of_kind(kind: &SettingKind, value: &str) -> Option<SettingValue> {
    match kind {
        SettingKind::Flag(_) => value.parse().ok().map(SettingValue::Flag),
        SettingKind::Integer(_) => value.parse().ok().map(SettingValue::Integer),
        SettingKind::Duration(_) => milliseconds(value).map(SettingValue::Duration),
        SettingKind::Choice(_) => Some(SettingValue::Choice(value.to_owned())),
        SettingKind::Text(_) => Some(SettingValue::Text(value.to_owned())),
        // One item a line, since some hosts cannot be told a value with a comma.
        SettingKind::List(list) => {
            value.lines().map(|item| item_of_kind(&list.items, item)).collect::<Option<_>>().map(SettingValue::List)
        }
    }
}

fn item_of_kind(kind: &ItemKind, item: &str) -> Option<ItemValue> {
    match kind {
        ItemKind::Integer(_) => item.parse().ok().map(ItemValue::Integer),
        ItemKind::Duration(_) => milliseconds(item).map(ItemValue::Duration),
        ItemKind::Choice(_) => Some(ItemValue::Choice(item.to_owned())),
        ItemKind::Text(_) => Some(ItemValue::Text(item.to_owned())),
    }
}

fn milliseconds(value: &str) -> Option<u64> {
    u64::try_from(humantime::parse_duration(value).ok()?.as_millis()).ok()
}
