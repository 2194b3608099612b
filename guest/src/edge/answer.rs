//! The contract's values, from the crate's own types to the generated ones and back.

use std::mem::forget;
use std::time::Duration;

use super::bindings::exports::telephony::operation::operation as wit;
use super::bindings::telephony::operation::types as wit_types;
use crate::contract::{
    Call, CallDetails, Description, FactValue, Note, ReasonClass, Resolution, Route, Setting, SettingDescription,
    SettingKind, SettingValue, Text,
};
use crate::facts::FACTS;
use crate::reason::{Reason, STATUS};
use crate::time::milliseconds;

pub(super) fn call(call: wit::Call) -> Call {
    let wit::Call { id, caller, caller_number, called, at: _, time_zone, earlier_steps } = call;
    // Nothing that this operation asks for. Memory is given back as a whole after the call, so freeing it piece by piece is only code.
    forget((caller_number, time_zone, earlier_steps));
    Call { id, caller, called }
}

pub(super) fn setting(setting: wit::Setting) -> Setting {
    let value = match setting.value {
        wit_types::SettingValue::Flag(value) => SettingValue::Flag(value),
        wit_types::SettingValue::Integer(value) => SettingValue::Integer(value),
        wit_types::SettingValue::Duration(value) => SettingValue::Duration(Duration::from_millis(value)),
        wit_types::SettingValue::Choice(value) => SettingValue::Choice(value),
        wit_types::SettingValue::Text(value) => SettingValue::Text(value),
        wit_types::SettingValue::List(items) => {
            forget(items);
            SettingValue::List
        }
    };
    Setting { key: setting.key, value }
}

pub(super) fn resolution(resolution: Resolution) -> wit::Resolution {
    let route = match resolution.route {
        Route::Forward(forwarding) => wit_types::Route::Forward(wit_types::Forwarding {
            employee_id: forwarding.employee_id,
            employee_name: forwarding.employee_name,
            destinations: forwarding
                .destinations
                .into_iter()
                .map(|destination| wit_types::Destination {
                    number: destination.number,
                    ring_time: milliseconds(destination.ring_time),
                })
                .collect(),
            caller_name: forwarding.caller_name,
        }),
        Route::LinkedOperation(reason) => wit_types::Route::LinkedOperation(wit_types::TransitionReason {
            code: reason.code().to_owned(),
            class: class(reason.class()),
            status: Some(text(&STATUS)),
            text: text(&reason.text()),
        }),
    };
    wit::Resolution { route, details: details(resolution.details) }
}

fn details(details: CallDetails) -> wit_types::CallDetails {
    wit_types::CallDetails {
        waiting_time: milliseconds(details.waiting_time),
        waited: milliseconds(details.waited),
        requests: details
            .requests
            .into_iter()
            .map(|request| wit_types::RequestRecord {
                purpose: request.purpose.to_owned(),
                at: milliseconds(request.at),
                took: milliseconds(request.took),
                status: request.status,
                outcome: request.outcome.to_owned(),
            })
            .collect(),
        facts: FACTS
            .iter()
            .zip(details.facts)
            .map(|(fact, value)| wit_types::Fact {
                key: fact.key.to_owned(),
                value: value.map(|value| match value {
                    FactValue::Integer(number) => wit_types::FactValue::Integer(number),
                    FactValue::Text(text) => wit_types::FactValue::Text(text),
                }),
            })
            .collect(),
        notes: notes(details.notes),
    }
}

pub(super) fn notes(notes: Vec<Note>) -> Vec<wit_types::Note> {
    notes.into_iter().map(|note| wit_types::Note { code: note.code.to_owned(), text: text(&note.text) }).collect()
}

pub(super) fn description(description: Description) -> wit::Description {
    wit::Description {
        id: description.id.to_owned(),
        version: description.version.to_owned(),
        title: text(&description.title),
        summary: text(&description.summary),
        settings: description.settings.iter().map(setting_description).collect(),
        configuration: description.configuration.iter().map(setting_description).collect(),
        facts: description
            .facts
            .iter()
            .map(|fact| wit::FactDescription {
                key: fact.key.to_owned(),
                title: text(&fact.title),
                values: values(fact.values),
            })
            .collect(),
        purposes: values(description.purposes),
        reasons: description.reasons.iter().copied().map(reason_description).collect(),
    }
}

fn values(titles: &[(&str, Text)]) -> Vec<wit::ValueTitle> {
    titles.iter().map(|(value, title)| wit::ValueTitle { value: (*value).to_owned(), title: text(title) }).collect()
}

fn setting_description(setting: &SettingDescription) -> wit::SettingDescription {
    let kind = match setting.kind {
        SettingKind::Flag { default } => wit::SettingKind::Flag(default),
        SettingKind::Integer { default, minimum, maximum } => {
            wit::SettingKind::Integer(wit::IntegerKind { default, minimum, maximum, unit: None })
        }
        SettingKind::Duration { default, minimum, maximum } => wit::SettingKind::Duration(wit::DurationKind {
            default: milliseconds(default),
            minimum: milliseconds(minimum),
            maximum: milliseconds(maximum),
        }),
        SettingKind::Choice { default, options } => wit::SettingKind::Choice(wit::ChoiceKind {
            default: default.to_owned(),
            options: options
                .iter()
                .map(|(value, title)| wit::ChoiceOption { value: (*value).to_owned(), title: text(title) })
                .collect(),
        }),
        SettingKind::Text { default, maximum_length, secret } => {
            wit::SettingKind::Text(wit::TextKind { default: default.map(str::to_owned), maximum_length, secret })
        }
    };
    wit::SettingDescription {
        key: setting.key.to_owned(),
        title: text(&setting.title),
        help: text(&setting.help),
        required: setting.required,
        kind,
    }
}

fn reason_description(reason: Reason) -> wit::ReasonDescription {
    wit::ReasonDescription { code: reason.code().to_owned(), class: class(reason.class()), text: text(&reason.text()) }
}

const fn class(class: ReasonClass) -> wit_types::ReasonClass {
    match class {
        ReasonClass::Caller => wit_types::ReasonClass::Caller,
        ReasonClass::EmptyAnswer => wit_types::ReasonClass::EmptyAnswer,
        ReasonClass::NoAnswer => wit_types::ReasonClass::NoAnswer,
        ReasonClass::TechnicalFailure => wit_types::ReasonClass::TechnicalFailure,
        ReasonClass::Absent => wit_types::ReasonClass::Absent,
        ReasonClass::IntegrationOff => wit_types::ReasonClass::IntegrationOff,
        ReasonClass::Configuration => wit_types::ReasonClass::Configuration,
    }
}

fn text(text: &Text) -> wit_types::LocalizedText {
    wit_types::LocalizedText { ru: (*text.ru).to_owned(), en: (*text.en).to_owned() }
}
