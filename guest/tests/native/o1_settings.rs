//! O1 and D8 Settings: what is described is what is read, and what is wrong is never guessed.

use std::collections::BTreeSet;
use std::time::Duration;

use forward_to_personal_manager::contract::{SettingDescription, SettingKind, SettingValue};
use forward_to_personal_manager::description::describe;

use crate::pbx::{CALLER, Pbx};

fn choice(option: &str) -> SettingValue {
    SettingValue::Choice(option.to_owned())
}

fn milliseconds(milliseconds: u64) -> SettingValue {
    SettingValue::Duration(Duration::from_millis(milliseconds))
}

fn text(text: &str) -> SettingValue {
    SettingValue::Text(text.to_owned())
}

#[test]
fn o1_the_operation_describes_itself_in_both_languages() {
    let description = describe();
    assert_eq!(description.id, "forward-to-personal-manager");
    assert_eq!(description.title.ru, "Переадресация на персонального менеджера из CRM");
    let is_russian = |text: &str| text.chars().any(|character| ('а'..='я').contains(&character));
    for setting in description.settings.iter().chain(description.configuration) {
        for text in [&setting.title, &setting.help] {
            assert!(is_russian(&text.ru) && text.en.is_ascii() && !text.en.is_empty(), "{}", setting.key);
        }
    }
}

#[test]
fn o1_the_described_settings_are_those_of_the_specification() {
    let keys = |settings: &[SettingDescription]| settings.iter().map(|setting| setting.key).collect::<BTreeSet<_>>();
    let settings = BTreeSet::from([
        "waiting_time",
        "several_contacts",
        "status_unknown",
        "search_companies",
        "open_lead_first",
        "refuse_deactivated_managers",
        "forward_to_deputy",
        "prefer_last_talked",
        "show_contact_name",
    ]);
    assert_eq!(keys(describe().settings), settings);
    let configuration = BTreeSet::from([
        "enabled",
        "consider_manager_status",
        "manager_status_reuse_seconds",
        "default_country_code",
        "amocrm_base_url",
        "amocrm_access_token",
        "kv_bucket",
        "cache_key_secret",
    ]);
    assert_eq!(keys(describe().configuration), configuration);
}

#[test]
fn o1_every_described_setting_is_documented() {
    let document = include_str!("../../docs/operation.md");
    let table = document.split("## Settings").nth(1).and_then(|rest| rest.split("## ").next()).unwrap();
    for setting in describe().settings.iter().chain(describe().configuration) {
        assert!(table.contains(&format!(" | `{}` ", setting.key)), "{}", setting.key);
    }
}

#[test]
fn o1_described_bounds_defaults_and_options_are_accepted() {
    for setting in describe().settings {
        let values = match &setting.kind {
            SettingKind::Flag { default } => {
                assert!(!default, "{}: what costs a request is off unless it is switched on", setting.key);
                [false, true].map(SettingValue::Flag).to_vec()
            }
            SettingKind::Duration { default, minimum, maximum } => {
                [*default, *minimum, *maximum].map(SettingValue::Duration).to_vec()
            }
            SettingKind::Choice { default, options } => {
                assert!(options.iter().any(|(option, _)| option == default), "{}", setting.key);
                options.iter().map(|(option, _)| choice(option)).collect()
            }
            SettingKind::Integer { default, minimum, maximum } => {
                assert_eq!(*default, 0, "{}: off unless it is set", setting.key);
                [*default, *minimum, *maximum].map(SettingValue::Integer).to_vec()
            }
            other => panic!("{} is of an unexpected kind {other:?}", setting.key),
        };
        for value in values {
            let mut pbx = Pbx::new();
            pbx.set(setting.key, value.clone());
            let outcome = pbx.call();
            assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to anna", vec![]), "{value:?}");
        }
    }
}

#[test]
fn d08_a_setting_of_a_wrong_kind_or_out_of_bounds_is_settings_invalid() {
    let wrong = [
        ("waiting_time", milliseconds(0)),
        ("waiting_time", milliseconds(499)),
        ("waiting_time", milliseconds(30_001)),
        ("waiting_time", milliseconds(u64::MAX)),
        ("waiting_time", SettingValue::Integer(3_000)),
        ("waiting_time", text("3 s")),
        ("several_contacts", choice("first")),
        ("several_contacts", choice("")),
        ("several_contacts", choice("forward")),
        ("several_contacts", text("latest")),
        ("several_contacts", SettingValue::Flag(true)),
        ("status_unknown", choice("latest")),
        ("status_unknown", choice("Forward")),
        ("status_unknown", SettingValue::Flag(false)),
        ("search_companies", text("true")),
        ("open_lead_first", SettingValue::Integer(1)),
        ("refuse_deactivated_managers", choice("true")),
        ("forward_to_deputy", text("true")),
        ("show_contact_name", text("true")),
        ("show_contact_name", SettingValue::Integer(1)),
        ("prefer_last_talked", SettingValue::Integer(366)),
        ("prefer_last_talked", SettingValue::Flag(true)),
    ];
    for (key, value) in wrong {
        let mut pbx = Pbx::new();
        pbx.set(key, value.clone());
        let outcome = pbx.call();
        assert_eq!(outcome.route(), "settings-invalid", "{key} = {value:?}");
        assert!(outcome.note().starts_with(&format!("setting `{key}`: ")), "{}", outcome.note());
        assert_eq!(outcome.0.details.waiting_time, Duration::ZERO, "no waiting time was in force");
        assert_eq!((pbx.requests(), pbx.reads.get()), (0, 0), "{key} = {value:?}");
    }
}

#[test]
fn d08_the_bounds_of_the_waiting_time_are_half_a_second_and_thirty_seconds() {
    for (value, route) in
        [(499, "settings-invalid"), (500, "forward to anna"), (30_000, "forward to anna"), (30_001, "settings-invalid")]
    {
        let mut pbx = Pbx::new();
        pbx.set("waiting_time", milliseconds(value));
        assert_eq!(pbx.call().route(), route, "{value} ms");
    }
}

#[test]
fn d08_an_unknown_setting_is_noted_and_ignored() {
    let mut pbx = Pbx::new();
    pbx.set(&("ring_\ntime".to_owned() + &"х".repeat(500)), text("20"));
    let outcome = pbx.call();
    assert_eq!((outcome.route().as_str(), outcome.notes()), ("forward to anna", vec!["setting-ignored"]));
    assert!(outcome.note().chars().count() < 150 && !outcome.note().contains('\n'), "{}", outcome.note());
}

#[test]
fn d08_a_wrong_configuration_value_is_settings_invalid_and_names_key_and_fix() {
    let urls = [
        "",
        "example.amocrm.ru",
        "ftp://example.amocrm.ru",
        "https://",
        "https://user:pw@example.amocrm.ru",
        "https://a?b",
    ];
    let countries = ["0", "1000", "abc", "", "-7", "7.0", "99999", " 7"];
    let flags = ["", "on", "1", "True", "TRUE", "yes", " true"];
    let urls = urls.map(|url| ("amocrm_base_url", url, "https://example.amocrm.ru"));
    let countries = countries.map(|code| ("default_country_code", code, "from 1 to 999"));
    let flags = flags
        .map(|flag| [("enabled", flag, "`true` or `false`"), ("consider_manager_status", flag, "`true` or `false`")]);
    let reuses =
        ["-1", "301", "30s", "", "1.5", "99999999999"].map(|it| ("manager_status_reuse_seconds", it, "from 0 to 300"));
    for (key, value, fix) in urls.into_iter().chain(countries).chain(reuses).chain(flags.into_iter().flatten()) {
        let mut pbx = Pbx::new();
        pbx.configure(key, value);
        let outcome = pbx.call();
        assert_eq!(outcome.route(), "settings-invalid", "{key} = {value:?}");
        assert!(
            outcome.note().starts_with(&format!("setting `{key}`: ")) && outcome.note().contains(fix),
            "{}",
            outcome.note()
        );
        assert!(!outcome.note().contains("pw"), "{}", outcome.note());
        assert_eq!((pbx.requests(), pbx.reads.get()), (0, 0));
    }
}

#[test]
fn d08_country_codes_from_1_to_999_are_accepted() {
    for code in ["1", "7", "49", "999"] {
        let mut pbx = Pbx::new();
        pbx.configure("default_country_code", code);
        assert_eq!(pbx.call_from(Some(CALLER)).route(), "forward to anna", "{code}");
    }
}

#[test]
fn o7_statuses_are_used_again_for_at_most_five_minutes() {
    for seconds in ["0", "30", "300"] {
        let mut pbx = Pbx::considering_status();
        pbx.configure("manager_status_reuse_seconds", seconds);
        assert_eq!(pbx.call().route(), "manager-absent", "{seconds}");
    }
}

#[test]
fn d08_a_missing_base_url_is_settings_invalid() {
    let mut pbx = Pbx::new();
    pbx.config.clear();
    let outcome = pbx.call();
    assert_eq!(outcome.route(), "settings-invalid");
    assert!(outcome.note().contains("`amocrm_base_url`: is missing"), "{}", outcome.note());
}

#[test]
fn d08_a_configuration_store_that_fails_is_settings_invalid_whatever_the_key() {
    for setting in describe().configuration {
        let mut pbx = Pbx::new();
        pbx.config.insert(setting.key, Err("upstream is down".to_owned()));
        let outcome = pbx.call();
        assert_eq!(outcome.route(), "settings-invalid", "{}", setting.key);
        let expected = format!("setting `{}`: the host could not give it: upstream is down", setting.key);
        assert_eq!(outcome.note(), expected);
        assert_eq!((pbx.requests(), pbx.reads.get()), (0, 0));
    }
}

#[test]
fn o1_the_base_url_says_where_requests_go() {
    let urls = [
        ("https://example.kommo.com/", "https://example.kommo.com/api/v4/contacts?"),
        ("http://127.0.0.1:8080/proxy/", "http://127.0.0.1:8080/proxy/api/v4/contacts?"),
        ("HTTPS://EXAMPLE.amocrm.ru", "https://EXAMPLE.amocrm.ru/api/v4/contacts?"),
    ];
    for (url, begins) in urls {
        let mut pbx = Pbx::new();
        pbx.configure("amocrm_base_url", url);
        assert_eq!(pbx.call().route(), "forward to anna");
        assert!(pbx.received.borrow()[0].url.starts_with(begins), "{:?}", pbx.received.borrow()[0]);
    }
}

#[test]
fn o1_the_bucket_is_the_configured_one() {
    let mut pbx = Pbx::new();
    pbx.call();
    assert!(pbx.manager_key().starts_with("default/"));
    pbx.store.borrow_mut().clear();
    pbx.configure("kv_bucket", "calls");
    pbx.call();
    assert!(pbx.manager_key().starts_with("calls/"));
    assert_eq!(pbx.call().fact("manager_source"), "cache");
}
