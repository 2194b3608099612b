//! What an operation says of itself, as JSON for programs: the command line and the server show the same.

use serde_json::{Value, json};

use super::class;
use crate::bindings::exports::telephony::operation::operation::{Description, SettingDescription, SettingKind};
use crate::bindings::telephony::operation::types::LocalizedText;
use crate::engine::Operation;

/// What an operation says of itself. Versioned: fields may be added, none is renamed.
pub fn description_json(operation: &Operation, description: &Description) -> Value {
    let text = |text: &LocalizedText| json!({ "ru": text.ru, "en": text.en });
    let setting = |setting: &SettingDescription| {
        json!({
            "key": setting.key,
            "title": text(&setting.title),
            "help": text(&setting.help),
            "required": setting.required,
            "kind": kind_as_json(&setting.kind),
        })
    };
    json!({
        "version": 1,
        "id": description.id,
        "operation_version": description.version,
        "takes_notices": operation.takes_notices(),
        "title": text(&description.title),
        "summary": text(&description.summary),
        "settings": description.settings.iter().map(setting).collect::<Vec<_>>(),
        "configuration": description.configuration.iter().map(setting).collect::<Vec<_>>(),
        "facts": description.facts.iter().map(|fact| json!({
            "key": fact.key,
            "title": text(&fact.title),
        })).collect::<Vec<_>>(),
        "reasons": description.reasons.iter().map(|reason| json!({
            "code": reason.code,
            "class": class(reason.class),
            "text": text(&reason.text),
        })).collect::<Vec<_>>(),
    })
}

fn kind_as_json(kind: &SettingKind) -> Value {
    match kind {
        SettingKind::Flag(default) => json!({ "kind": "flag", "default": default }),
        SettingKind::Integer(bounds) => {
            json!({ "kind": "integer", "default": bounds.default, "minimum": bounds.minimum, "maximum": bounds.maximum })
        }
        SettingKind::Duration(bounds) => json!({
            "kind": "duration",
            "unit": "ms",
            "default": bounds.default,
            "minimum": bounds.minimum,
            "maximum": bounds.maximum,
        }),
        SettingKind::Choice(choice) => json!({
            "kind": "choice",
            "default": choice.default,
            "options": choice.options.iter().map(|option| json!({
                "value": option.value,
                "title": { "ru": option.title.ru, "en": option.title.en },
            })).collect::<Vec<_>>(),
        }),
        SettingKind::Text(text) => json!({
            "kind": "text",
            "default": text.default,
            "maximum_length": text.maximum_length,
            "secret": text.secret,
        }),
    }
}
