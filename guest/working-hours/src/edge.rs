//! The component's export: the contract's values in, the contract's values out. It imports nothing.

mod description;

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "custom-operation", generate_all });
}

use bindings::exports::telephony::operation::operation::{Call, Description, Guest, Resolution, Setting};
use bindings::telephony::operation::types::{
    CallDetails, Fact, FactValue, ItemValue, LocalizedText, Note, Route, SettingValue, TransitionReason,
};

use crate::decision::{Decision, decide};
use crate::fault::Fault;
use crate::settings::{EXCEPTIONS, HOLIDAYS, Settings, TIME_ZONE, WEEK};
use description::{FACTS, IN_HOURS, OUT_OF_HOURS, ReasonText, SETTINGS_INVALID, localized};

struct Operation;

impl Guest for Operation {
    fn describe() -> Description {
        description::describe()
    }

    fn resolve_call(call: Call, settings: Vec<Setting>) -> Resolution {
        let mut notes = Vec::new();
        let decided = read(settings, &mut notes)
            .and_then(|settings| decide(&settings, call.time_zone.as_deref(), call.at.seconds));
        let facts = match &decided {
            Ok(decision) => facts(decision),
            Err(_) => Default::default(),
        };
        let facts = FACTS.iter().zip(facts);
        Resolution {
            route: Route::LinkedOperation(reason(&decided)),
            details: CallDetails {
                // It waits for nothing.
                waiting_time: 0,
                waited: 0,
                requests: Vec::new(),
                facts: facts
                    .map(|(key, value)| Fact { key: (*key).to_owned(), value: value.map(FactValue::Text) })
                    .collect(),
                notes,
            },
        }
    }
}

/// The values of the facts, in their order.
fn facts(decision: &Decision) -> [Option<String>; FACTS.len()] {
    let Decision { rule, line, local_time, weekday, time_zone, .. } = decision;
    [
        Some(local_time.clone()),
        Some((*weekday).to_owned()),
        Some(time_zone.clone()),
        Some(rule.code().to_owned()),
        line.clone(),
    ]
}

fn reason(decided: &Result<Decision, Fault>) -> TransitionReason {
    let (reason, about) = match decided {
        Ok(Decision { is_open: true, .. }) => (&IN_HOURS, None),
        Ok(_) => (&OUT_OF_HOURS, None),
        Err(fault) => (&SETTINGS_INVALID, Some((fault.ru(), fault.en()))),
    };
    let ReasonText { code, class, status, text: (ru, en) } = reason;
    let text = match about {
        None => localized(ru, en),
        Some((about_ru, about_en)) => {
            LocalizedText { ru: [ru, ": ", &about_ru].concat(), en: [en, ": ", &about_en].concat() }
        }
    };
    TransitionReason { code: (*code).to_owned(), class: *class, status: status.map(|(ru, en)| localized(ru, en)), text }
}

/// The settings that came with the call. One of the wrong kind is none.
fn read(given: Vec<Setting>, notes: &mut Vec<Note>) -> Result<Settings, Fault> {
    let mut settings = Settings::default();
    for Setting { key, value } in given {
        match (key.as_str(), value) {
            (WEEK, value) => settings.week = texts(WEEK, value)?,
            (HOLIDAYS, value) => settings.holidays = texts(HOLIDAYS, value)?,
            (EXCEPTIONS, value) => settings.exceptions = texts(EXCEPTIONS, value)?,
            (TIME_ZONE, SettingValue::Text(name)) => settings.time_zone = Some(name),
            (TIME_ZONE, _) => return Err(Fault::of(TIME_ZONE, "это не текст", "it is not text")),
            _ => notes.push(Note {
                code: "unknown-setting".to_owned(),
                text: LocalizedText {
                    ru: ["неизвестная настройка: ", &key].concat(),
                    en: ["unknown setting: ", &key].concat(),
                },
            }),
        }
    }
    Ok(settings)
}

fn texts(setting: &'static str, value: SettingValue) -> Result<Vec<String>, Fault> {
    let wrong = || Fault::of(setting, "это не список строк", "it is not a list of lines");
    let SettingValue::List(items) = value else { return Err(wrong()) };
    let text = |item| match item {
        ItemValue::Text(text) => Ok(text),
        _ => Err(wrong()),
    };
    items.into_iter().map(text).collect()
}

bindings::export!(Operation with_types_in bindings);
