//! Settings of an operation written as text, read by the operation's own description.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::bindings::exports::telephony::operation::operation::{Description, SettingDescription, SettingKind};
use crate::bindings::telephony::operation::types::{Setting, SettingValue};
use call::masking::unless_secret;

/// A setting that the operation would not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// Its key.
    pub key: String,
    /// Its value, as written.
    pub value: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for SettingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "setting `{}` = `{}`: {}", self.key, unless_secret(&self.value), self.fix)
    }
}

impl std::error::Error for SettingError {}

/// Reads settings written as text (`waiting_time` = `3s`) by the operation's own description: keys, kinds and bounds.
pub fn read_settings(
    description: &Description,
    written: &BTreeMap<String, String>,
) -> Result<Vec<Setting>, SettingError> {
    written.iter().map(|(key, value)| read_setting(description, key, value)).collect()
}

fn read_setting(description: &Description, key: &str, value: &str) -> Result<Setting, SettingError> {
    let error = |fix: String| SettingError { key: key.to_owned(), value: value.to_owned(), fix };
    let Some(described) = description.settings.iter().find(|setting| setting.key == key) else {
        let known: Vec<_> = description.settings.iter().map(|setting| format!("`{}`", setting.key)).collect();
        return Err(error(format!("unknown; the operation has {}", known.join(", "))));
    };
    read_value(described, value).map(|value| Setting { key: key.to_owned(), value }).map_err(error)
}

/// Reads one value by its description; the error says what to write instead.
pub(crate) fn read_value(described: &SettingDescription, value: &str) -> Result<SettingValue, String> {
    match &described.kind {
        SettingKind::Flag(_) => match value {
            "true" => Ok(SettingValue::Flag(true)),
            "false" => Ok(SettingValue::Flag(false)),
            _ => Err("set `true` or `false`".to_owned()),
        },
        SettingKind::Integer(bounds) => {
            let number = value.parse().ok().filter(|number| (bounds.minimum..=bounds.maximum).contains(number));
            number
                .map(SettingValue::Integer)
                .ok_or_else(|| format!("set a whole number from {} to {}", bounds.minimum, bounds.maximum))
        }
        SettingKind::Duration(bounds) => {
            let within = |milliseconds: &u64| (bounds.minimum..=bounds.maximum).contains(milliseconds);
            let milliseconds =
                humantime::parse_duration(value).ok().and_then(|time| u64::try_from(time.as_millis()).ok());
            milliseconds.filter(within).map(SettingValue::Duration).ok_or_else(|| {
                let show = |milliseconds| humantime::format_duration(Duration::from_millis(milliseconds));
                format!(
                    "set a duration from {} to {}, for example {}",
                    show(bounds.minimum),
                    show(bounds.maximum),
                    show(bounds.default)
                )
            })
        }
        SettingKind::Choice(choice) => {
            if choice.options.iter().any(|option| option.value == value) {
                return Ok(SettingValue::Choice(value.to_owned()));
            }
            let options: Vec<_> = choice.options.iter().map(|option| format!("`{}`", option.value)).collect();
            Err(format!("set one of {}", options.join(", ")))
        }
        SettingKind::Text(text) => {
            let longest = text.maximum_length;
            let fits = u32::try_from(value.chars().count()).is_ok_and(|length| length <= longest);
            if fits {
                Ok(SettingValue::Text(value.to_owned()))
            } else {
                Err(format!("set at most {longest} characters"))
            }
        }
    }
}
