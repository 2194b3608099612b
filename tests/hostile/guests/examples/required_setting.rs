//! Cannot work without a setting.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::exports::telephony::operation::operation::{
    Description, SettingDescription, SettingKind, TextKind,
};
use hostile_guests::{description, tell, text};

hostile_guests::operation!(|_| tell("it was called"), described);

fn described() -> Description {
    let director = SettingDescription {
        key: "director".to_owned(),
        title: text("Director"),
        help: text("Who is rung"),
        required: true,
        kind: SettingKind::Text(TextKind { default: None, maximum_length: 20, secret: false }),
    };
    Description { settings: vec![director], ..description() }
}
