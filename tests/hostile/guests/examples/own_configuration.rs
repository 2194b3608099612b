//! Asks nobody anything, and reads configuration keys of its own: one of each kind, a required one and a secret. It tells what it read, of the secret
//! only how long it is.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::exports::telephony::operation::operation::{
    ChoiceKind, ChoiceOption, Description, DurationKind, IntegerKind, SettingDescription, SettingKind, TextKind,
};
use hostile_guests::bindings::wasi::config::store;
use hostile_guests::{description, tell, text};

hostile_guests::operation!(
    |_| {
        let read = |key: &str| store::get(key).ok().flatten();
        let shown = |key: &str| format!("{key}={}", read(key).as_deref().unwrap_or("-"));
        let mut story = ["shop", "attempts", "patience", "loud", "tone", "cache_key_secret"].map(shown).join(" ");
        story += &format!(" api_key of {}", read("api_key").unwrap_or_default().len());
        tell(&story)
    },
    described
);

fn described() -> Description {
    let option = |value: &str| ChoiceOption { value: value.to_owned(), title: text(value) };
    let words = |secret| SettingKind::Text(TextKind { default: None, maximum_length: 20, secret });
    let bounds = IntegerKind { default: 2, minimum: 1, maximum: 5, unit: None };
    let times = DurationKind { default: 2_000, minimum: 1_000, maximum: 10_000 };
    let tones = ChoiceKind { default: "low".to_owned(), options: vec![option("low"), option("high")] };
    let configuration = [
        ("shop", true, words(false)),
        ("api_key", false, words(true)),
        ("attempts", false, SettingKind::Integer(bounds)),
        ("patience", false, SettingKind::Duration(times)),
        ("loud", false, SettingKind::Flag(false)),
        ("tone", false, SettingKind::Choice(tones)),
    ];
    let described = configuration.map(|(key, required, kind)| SettingDescription {
        key: key.to_owned(),
        title: text(key),
        help: text(key),
        required,
        kind,
    });
    Description { id: "own-configuration".to_owned(), configuration: described.into(), ..description() }
}
