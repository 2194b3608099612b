//! O6 Switched off: the integration's calls go on at the linked operation, whatever else is or is not in order.

use std::time::Duration;

use forward_to_personal_manager::contract::SettingValue;

use crate::pbx::{CALLER, Pbx};

#[test]
fn o6_a_switched_off_integration_asks_nothing_and_reads_nothing() {
    let mut pbx = Pbx::new();
    assert_eq!(pbx.call().route(), "forward to anna");
    let (requests, reads) = (pbx.requests(), pbx.reads.get());
    pbx.configure("enabled", "false");
    assert_eq!(pbx.call().route(), "integration-off");
    assert_eq!((pbx.requests(), pbx.reads.get()), (requests, reads), "kept managers are not used");
    pbx.configure("enabled", "true");
    assert_eq!(pbx.call().route(), "forward to anna");
}

#[test]
fn o6_switched_off_beats_everything_else_that_is_wrong() {
    let mut pbx = Pbx::considering_status();
    pbx.configure("enabled", "false");
    pbx.config.remove("amocrm_base_url");
    pbx.configure("default_country_code", "abc");
    pbx.configure("consider_manager_status", "maybe");
    pbx.config.insert("amocrm_access_token", Err("vault sealed".to_owned()));
    pbx.set("waiting_time", SettingValue::Duration(Duration::ZERO));
    pbx.broken_reads = Some("store is down");
    pbx.employees = Err("directory is down".to_owned());
    for caller in [None, Some(""), Some("123"), Some(CALLER)] {
        assert_eq!(pbx.call_from(caller).route(), "integration-off", "{caller:?}");
    }
    assert_eq!((pbx.requests(), pbx.reads.get()), (0, 0));
}

#[test]
fn o6_the_waiting_time_is_shown_also_when_switched_off() {
    let mut pbx = Pbx::new();
    pbx.configure("enabled", "false");
    pbx.set("waiting_time", SettingValue::Duration(Duration::from_secs(5)));
    assert_eq!(pbx.call().0.details.waiting_time, Duration::from_secs(5));
}

#[test]
fn o6_settings_come_before_the_caller_and_the_caller_before_the_store() {
    let mut pbx = Pbx::new();
    pbx.set("waiting_time", SettingValue::Duration(Duration::ZERO));
    assert_eq!(pbx.call_from(None).route(), "settings-invalid");
    pbx.settings.clear();
    assert_eq!(pbx.call_from(None).route(), "caller-hidden");
    assert_eq!((pbx.requests(), pbx.reads.get()), (0, 0));
}
