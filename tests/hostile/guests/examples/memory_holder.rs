//! Takes much memory and holds it for as long as the account lets it wait.

#![cfg(target_family = "wasm")]

use hostile_guests::bindings::exports::telephony::operation::operation::{
    Description, DurationKind, SettingDescription, SettingKind,
};
use hostile_guests::bindings::wasi::http::types::{Method, Scheme};
use hostile_guests::{account_authority, description, send, tell, text};

hostile_guests::operation!(
    |_| {
        let held = std::hint::black_box(vec![1_u8; 8 * 1024 * 1024]);
        let came = send(&Method::Get, &Scheme::Http, &account_authority(), "/api/v4/account", &[]);
        tell(&format!("{} bytes, {came}", held.len()))
    },
    described
);

fn described() -> Description {
    let kind = SettingKind::Duration(DurationKind { default: 30_000, minimum: 500, maximum: 30_000 });
    let waiting_time = SettingDescription {
        key: "waiting_time".to_owned(),
        title: text("Waiting time"),
        help: text(""),
        required: false,
        kind,
    };
    Description { settings: vec![waiting_time], ..description() }
}
