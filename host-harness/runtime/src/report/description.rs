//! What an operation says of itself, as JSON for programs: the command line and the server show the same.

use serde_json::{Value, json};

use super::class;
use crate::bindings::exports::telephony::operation::operation::{
    ChoiceKind, Description, DurationKind, IntegerKind, ItemKind, SettingDescription, SettingKind, TextKind, ValueTitle,
};
use crate::bindings::telephony::operation::types::LocalizedText;
use crate::engine::Operation;

/// What an operation says of itself. Versioned: fields may be added, none is renamed.
pub fn description_json(operation: &Operation, description: &Description) -> Value {
    let setting = |setting: &SettingDescription| {
        json!({
            "key": setting.key,
            "title": localized(&setting.title),
            "help": localized(&setting.help),
            "required": setting.required,
            "kind": kind_as_json(&setting.kind),
        })
    };
    json!({
        "version": 1,
        "id": description.id,
        "operation_version": description.version,
        "takes_notices": operation.takes_notices(),
        "title": localized(&description.title),
        "summary": localized(&description.summary),
        "settings": description.settings.iter().map(setting).collect::<Vec<_>>(),
        "configuration": description.configuration.iter().map(setting).collect::<Vec<_>>(),
        "facts": description.facts.iter().map(|fact| json!({
            "key": fact.key,
            "title": localized(&fact.title),
            "values": values(&fact.values),
        })).collect::<Vec<_>>(),
        "purposes": values(&description.purposes),
        "reasons": description.reasons.iter().map(|reason| json!({
            "code": reason.code,
            "class": class(reason.class),
            "text": localized(&reason.text),
        })).collect::<Vec<_>>(),
    })
}

fn kind_as_json(kind: &SettingKind) -> Value {
    match kind {
        SettingKind::Flag(default) => json!({ "kind": "flag", "default": default }),
        SettingKind::Integer(bounds) => integer(bounds),
        SettingKind::Duration(bounds) => duration(bounds),
        SettingKind::Choice(options) => choice(options),
        SettingKind::Text(bounds) => text(bounds),
        SettingKind::List(list) => {
            let items = match &list.items {
                ItemKind::Integer(bounds) => integer(bounds),
                ItemKind::Duration(bounds) => duration(bounds),
                ItemKind::Choice(options) => choice(options),
                ItemKind::Text(bounds) => text(bounds),
            };
            json!({ "kind": "list", "items": items, "maximum_items": list.maximum_items })
        }
    }
}

fn integer(bounds: &IntegerKind) -> Value {
    json!({ "kind": "integer", "default": bounds.default, "minimum": bounds.minimum, "maximum": bounds.maximum })
}

fn duration(bounds: &DurationKind) -> Value {
    json!({
        "kind": "duration",
        "unit": "ms",
        "default": bounds.default,
        "minimum": bounds.minimum,
        "maximum": bounds.maximum,
    })
}

fn choice(choice: &ChoiceKind) -> Value {
    let options =
        choice.options.iter().map(|option| json!({ "value": option.value, "title": localized(&option.title) }));
    json!({ "kind": "choice", "default": choice.default, "options": options.collect::<Vec<_>>() })
}

fn text(text: &TextKind) -> Value {
    json!({ "kind": "text", "default": text.default, "maximum_length": text.maximum_length, "secret": text.secret })
}

fn values(titles: &[ValueTitle]) -> Value {
    titles.iter().map(|words| json!({ "value": words.value, "title": localized(&words.title) })).collect()
}

fn localized(text: &LocalizedText) -> Value {
    json!({ "ru": text.ru, "en": text.en })
}
