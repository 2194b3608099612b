//! Describes a waiting time of ten minutes: seconds written for milliseconds would do the same to a caller.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::exports::telephony::operation::operation::{
    Description, DurationKind, SettingDescription, SettingKind,
};
use hostile_guests::{description, tell, text};

hostile_guests::operation!(|_| tell("never asked"), || {
    let kind = SettingKind::Duration(DurationKind { default: 600_000, minimum: 500, maximum: u64::MAX });
    let waiting_time = SettingDescription {
        key: "waiting_time".to_owned(),
        title: text("Waiting time"),
        help: text("How long a caller waits"),
        required: false,
        kind,
    };
    Description { settings: vec![waiting_time], ..description() }
});
