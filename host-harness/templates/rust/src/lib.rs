//! The operation. `describe` says what a scenario editor shows of it, `resolve_call` where one call goes; `wit/` says what the values mean.

#![cfg(target_family = "wasm")]

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "custom-operation", generate_all });
}

use bindings::exports::telephony::operation::operation::{
    Call, Description, Guest, ItemKind, ListKind, ReasonDescription, Resolution, Setting, SettingDescription,
    SettingKind, TextKind,
};
use bindings::telephony::operation::types::{
    CallDetails, Destination, Forwarding, ItemValue, LocalizedText, ReasonClass, Route, SettingValue, TransitionReason,
};

const NUMBERS: &str = "numbers";
const MOST_NUMBERS: usize = 10;
const RING_TIME: u64 = 20_000;

struct Operation;

impl Guest for Operation {
    fn describe() -> Description {
        let text_kind = TextKind { default: None, maximum_length: 32, secret: false };
        Description {
            id: "my-operation".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: text("Моя операция", "My operation"),
            summary: text("Звонит по номерам из настройки.", "Rings the numbers of a setting."),
            settings: vec![SettingDescription {
                key: NUMBERS.to_owned(),
                title: text("Номера", "Numbers"),
                help: text("Звонят по порядку, каждый 20 с", "They ring one after another, each for 20 s"),
                required: false,
                kind: SettingKind::List(ListKind { items: ItemKind::Text(text_kind), maximum_items: 10 }),
            }],
            configuration: Vec::new(),
            facts: Vec::new(),
            purposes: Vec::new(),
            reasons: vec![ReasonDescription {
                code: "nobody-to-ring".to_owned(),
                class: ReasonClass::Configuration,
                text: nobody_to_ring(),
            }],
        }
    }

    fn resolve_call(_call: Call, settings: Vec<Setting>) -> Resolution {
        let destinations = numbers(settings).into_iter().map(|number| Destination { number, ring_time: RING_TIME });
        let destinations: Vec<_> = destinations.collect();
        let route = if destinations.is_empty() {
            Route::LinkedOperation(TransitionReason {
                code: "nobody-to-ring".to_owned(),
                class: ReasonClass::Configuration,
                status: Some(text("Переадресация не удалась", "Forwarding failed")),
                text: nobody_to_ring(),
            })
        } else {
            Route::Forward(Forwarding {
                employee_id: "my-operation".to_owned(),
                employee_name: "My operation".to_owned(),
                destinations,
                caller_name: None,
            })
        };
        let (requests, facts, notes) = (Vec::new(), Vec::new(), Vec::new());
        Resolution { route, details: CallDetails { waiting_time: 0, waited: 0, requests, facts, notes } }
    }
}

/// The numbers that can be dialled. A host judges settings by the description, but an operation does not rely on it.
fn numbers(settings: Vec<Setting>) -> Vec<String> {
    let items = settings.into_iter().find(|setting| setting.key == NUMBERS).map(|setting| setting.value);
    let Some(SettingValue::List(items)) = items else { return Vec::new() };
    let texts = items.into_iter().filter_map(|item| match item {
        ItemValue::Text(number) => Some(number),
        _ => None,
    });
    texts.filter(|number| is_dialable(number)).take(MOST_NUMBERS).collect()
}

fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (1..=31).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn nobody_to_ring() -> LocalizedText {
    text("Звонить некому", "There is nobody to ring")
}

fn text(ru: &str, en: &str) -> LocalizedText {
    LocalizedText { ru: ru.to_owned(), en: en.to_owned() }
}

bindings::export!(Operation with_types_in bindings);
