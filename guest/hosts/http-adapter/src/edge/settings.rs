//! The settings of the placement, from configuration, by the operation's own description.

use serde_json::Value;

use super::bindings::telephony::operation::operation::{self, SettingKind};
use super::bindings::telephony::operation::types::{Setting, SettingValue};

/// Reads `{"waiting_time": "3s", "open_lead_first": true}`. A value that is not of the described kind is handed on as text: the operation
/// then gives its own reason, as the contract demands, and the call still goes somewhere.
pub(super) fn read(written: Option<&str>) -> Result<Vec<Setting>, String> {
    let Some(written) = written.filter(|written| !written.trim().is_empty()) else { return Ok(Vec::new()) };
    let written: Value = serde_json::from_str(written).map_err(|error| {
        format!("configuration key `settings` is not JSON (line {}, column {})", error.line(), error.column())
    })?;
    let Value::Object(written) = written else {
        return Err("configuration key `settings`: write a JSON object such as {\"waiting_time\": \"3s\"}".to_owned());
    };
    let description = operation::describe();
    let settings = written.into_iter().map(|(key, value)| {
        let described = description.settings.iter().find(|setting| setting.key == key);
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let value = described.and_then(|setting| of_kind(&setting.kind, &value)).unwrap_or(SettingValue::Text(value));
        Setting { key, value }
    });
    Ok(settings.collect())
}

fn of_kind(kind: &SettingKind, value: &str) -> Option<SettingValue> {
    match kind {
        SettingKind::Flag(_) => value.parse().ok().map(SettingValue::Flag),
        SettingKind::Integer(_) => value.parse().ok().map(SettingValue::Integer),
        SettingKind::Duration(_) => {
            let duration = humantime::parse_duration(value).ok()?;
            u64::try_from(duration.as_millis()).ok().map(SettingValue::Duration)
        }
        SettingKind::Choice(_) => Some(SettingValue::Choice(value.to_owned())),
        SettingKind::Text(_) => Some(SettingValue::Text(value.to_owned())),
    }
}
