//! O1 Offer: the component describes itself, so that a PBX can offer it in its scenario editor.

use std::collections::BTreeSet;

use runtime::bindings::exports::telephony::operation::operation::{Description, SettingKind};
use test_support::operation;
use test_support::russian::assert_named_in_both_languages;

async fn describe() -> Description {
    operation().describe().await.expect("a description")
}

#[tokio::test]
async fn o1_the_title_is_the_users_own() {
    let description = describe().await;
    assert_eq!(description.id, "forward-to-personal-manager");
    assert_eq!(description.title.ru, "Переадресация на персонального менеджера из CRM");
    assert!(!description.title.en.is_empty());
}

#[tokio::test]
async fn o1_each_setting_has_name_kind_unit_default_and_bounds() {
    let settings = describe().await.settings;
    let keys: Vec<_> = settings.iter().map(|setting| setting.key.as_str()).collect();
    let flags = ["search_companies", "open_lead_first", "refuse_deactivated_managers", "forward_to_deputy"];
    assert_eq!(keys[..3], ["waiting_time", "several_contacts", "status_unknown"]);
    assert_eq!(keys[3..7], flags);
    assert_eq!(keys[7..], ["prefer_last_talked", "show_contact_name"]);
    for setting in settings[3..7].iter().chain(&settings[8..]) {
        assert!(matches!(setting.kind, SettingKind::Flag(false)), "{} is off by default", setting.key);
    }
    let SettingKind::Integer(days) = &settings[7].kind else { panic!("days are a number") };
    assert_eq!((days.default, days.minimum, days.maximum), (0, 0, 365));

    assert_eq!(settings[0].title.ru, "Время ожидания");
    let SettingKind::Duration(bounds) = &settings[0].kind else { panic!("a waiting time is a duration") };
    assert_eq!((bounds.default, bounds.minimum, bounds.maximum), (3_000, 500, 30_000), "milliseconds");

    for (setting, default, options) in [
        (&settings[1], "latest", ["latest", "linked-operation"]),
        (&settings[2], "linked-operation", ["linked-operation", "forward"]),
    ] {
        let SettingKind::Choice(choice) = &setting.kind else { panic!("{} is a choice", setting.key) };
        assert_eq!(choice.default, default);
        assert_eq!(choice.options.iter().map(|option| option.value.as_str()).collect::<Vec<_>>(), options);
    }
}

#[tokio::test]
async fn o1_each_configuration_key_is_described() {
    let configuration = describe().await.configuration;
    let keys: Vec<_> = configuration.iter().map(|setting| (setting.key.as_str(), setting.required)).collect();
    assert_eq!(
        keys,
        [
            ("amocrm_base_url", true),
            ("enabled", false),
            ("consider_manager_status", false),
            ("manager_status_reuse_seconds", false),
            ("default_country_code", false),
            ("kv_bucket", false),
            ("amocrm_access_token", false),
            ("cache_key_secret", false),
        ]
    );
    let find = |key: &str| &configuration.iter().find(|setting| setting.key == key).expect("the key").kind;
    assert!(matches!(find("enabled"), SettingKind::Flag(true)), "O6: on by default");
    assert!(matches!(find("consider_manager_status"), SettingKind::Flag(false)), "O7: off by default");
    assert!(matches!(find("amocrm_access_token"), SettingKind::Text(text) if text.secret));
}

#[tokio::test]
async fn o1_everything_is_named_in_both_languages() {
    let description = describe().await;
    assert_named_in_both_languages(&description);
    let keys: BTreeSet<_> =
        description.settings.iter().chain(&description.configuration).map(|setting| &setting.key).collect();
    assert_eq!(keys.len(), description.settings.len() + description.configuration.len(), "keys are unique");
}

#[test]
fn o1_the_component_imports_exactly_the_agreed_list() {
    assert_eq!(
        operation().imports(),
        [
            "telephony:operation/directory@0.2.0",
            "telephony:operation/types@0.2.0",
            "wasi:clocks/monotonic-clock@0.2.3",
            "wasi:clocks/wall-clock@0.2.3",
            "wasi:config/store@0.2.0-rc.1",
            "wasi:http/outgoing-handler@0.2.3",
            "wasi:http/types@0.2.3",
            "wasi:io/error@0.2.3",
            "wasi:io/poll@0.2.3",
            "wasi:io/streams@0.2.3",
            "wasi:keyvalue/store@0.2.0-draft",
        ]
    );
}

#[test]
fn o1_the_component_is_at_most_400_kilobytes() {
    let size = operation().size();
    assert!(size <= 400_000, "{size} bytes: look what was added with `twiggy top` or `wasm-tools print`");
}
