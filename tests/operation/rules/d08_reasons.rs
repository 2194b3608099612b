//! D8 Reasons are distinct and stable.

use std::collections::BTreeMap;

use call::Language;
use runtime::bindings::telephony::operation::types::SettingValue;
use test_support::{CALLER, Scene, operation};

/// The table of the specification, without `operation-failed`, which the host gives, and with `directory-unavailable`, which this component
/// adds for hosts whose directory can fail, and `manager-deactivated`, for placements that refuse such managers.
const TABLE: [(&str, &str); 22] = [
    ("caller-hidden", "caller"),
    ("caller-unusable", "caller"),
    ("contact-not-found", "empty-answer"),
    ("manager-not-set", "empty-answer"),
    ("contact-ambiguous", "empty-answer"),
    ("no-answer-in-time", "no-answer"),
    ("crm-unreachable", "technical-failure"),
    ("credentials-rejected", "technical-failure"),
    ("account-unpaid", "technical-failure"),
    ("access-forbidden", "technical-failure"),
    ("rate-limited", "technical-failure"),
    ("crm-error", "technical-failure"),
    ("answer-not-understood", "technical-failure"),
    ("manager-absent", "absent"),
    ("status-unknown", "technical-failure"),
    ("manager-deactivated", "configuration"),
    ("manager-has-no-employee", "configuration"),
    ("employee-off", "configuration"),
    ("employee-has-no-number", "configuration"),
    ("directory-unavailable", "technical-failure"),
    ("integration-off", "integration-off"),
    ("settings-invalid", "configuration"),
];

#[tokio::test]
async fn d08_the_component_describes_the_whole_table() {
    use runtime::bindings::telephony::operation::types::ReasonClass;
    let description = operation().describe().await.expect("a description");
    let class = |class: ReasonClass| match class {
        ReasonClass::Caller => "caller",
        ReasonClass::EmptyAnswer => "empty-answer",
        ReasonClass::NoAnswer => "no-answer",
        ReasonClass::TechnicalFailure => "technical-failure",
        ReasonClass::Absent => "absent",
        ReasonClass::IntegrationOff => "integration-off",
        ReasonClass::Configuration => "configuration",
        ReasonClass::Exit => "exit",
    };
    let described: BTreeMap<_, _> =
        description.reasons.iter().map(|reason| (reason.code.as_str(), class(reason.class))).collect();
    assert_eq!(described, BTreeMap::from(TABLE));
    assert_eq!(description.reasons.len(), TABLE.len(), "no code is described twice");
}

#[tokio::test]
async fn d08_each_answer_of_amocrm_has_its_reason() {
    for (fault, code) in [
        ("unauthorized-401", "credentials-rejected"),
        ("unpaid-402", "account-unpaid"),
        ("html-403", "access-forbidden"),
        ("forbidden-403", "access-forbidden"),
        ("ip-403", "access-forbidden"),
        ("too-many-requests-429", "rate-limited"),
        ("too-many-requests-429=json", "rate-limited"),
        ("status=400", "crm-error"),
        ("status=404", "crm-error"),
        ("status=422", "crm-error"),
        ("status=500", "crm-error"),
        ("status=502", "crm-error"),
        ("status=504", "crm-error"),
        ("redirect", "crm-error"),
        ("redirect=301", "crm-error"),
        ("bad-json", "answer-not-understood"),
        ("wrong-shape", "answer-not-understood"),
        ("wrong-shape=[]", "answer-not-understood"),
        ("empty-200", "answer-not-understood"),
        ("close-before-headers", "crm-unreachable"),
        ("close-mid-body", "crm-unreachable"),
        ("close-mid-body=chunked", "crm-unreachable"),
    ] {
        let scene = Scene::new().await;
        scene.fault(&format!("contacts:{fault}"));
        let outcome = scene.call(CALLER).await;
        assert_eq!(outcome.code(), code, "{fault}");
        assert!(TABLE.contains(&(outcome.code(), outcome.class())), "{fault}");
        assert!(!outcome.resolved.text(Language::Ru).to_string().is_empty());
    }
}

#[tokio::test]
async fn d08_a_redirect_is_not_followed() {
    let scene = Scene::new().await;
    scene.fault("contacts:redirect");
    scene.call(CALLER).await;
    assert_eq!(scene.simulator.count(), 1);
}

#[tokio::test]
async fn d08_an_oversized_answer_is_not_understood() {
    let mut account = String::new();
    for _ in 0..50 {
        let long = "я".repeat(50_000);
        account.push_str(&format!(
            "[[contacts]]\nname = \"{long}\"\nphones = [\"+79161234567\"]\nresponsible_user_id = 504141\n"
        ));
    }
    let outcome = Scene::with_toml(&account).await.call(CALLER).await;
    assert_eq!(outcome.code(), "answer-not-understood");
    assert_eq!(outcome.detail("requests")[0]["status"], 200);
}

#[tokio::test]
async fn d08_nobody_listening_is_unreachable() {
    let mut scene = Scene::new().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .and_then(|listener| listener.local_addr())
        .expect("an address");
    scene.set_account(&format!("http://{closed}"));
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "crm-unreachable");
    assert!(outcome.json.to_string().contains("connection-refused"), "the note names the failure");
}

#[tokio::test]
async fn d08_a_destination_that_the_host_does_not_grant_is_forbidden() {
    use runtime::capabilities::http::PrivateAddresses;
    let mut scene = Scene::new().await;
    scene.integration.private_addresses = PrivateAddresses::Refused;
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "access-forbidden");
    assert_eq!(scene.simulator.connections(), 0);
    let note = outcome
        .resolved
        .details
        .notes
        .iter()
        .find(|note| note.code == "refused-by-host")
        .expect("the host says what it refused");
    assert!(note.text_en.contains("private_addresses = \"granted\""), "and how to grant it: {}", note.text_en);
}

#[tokio::test]
async fn d08_invalid_settings_are_named() {
    for (key, value) in [
        ("waiting_time", SettingValue::Duration(499)),
        ("waiting_time", SettingValue::Duration(30_001)),
        ("waiting_time", SettingValue::Text("3s".to_owned())),
        ("several_contacts", SettingValue::Choice("first".to_owned())),
        ("status_unknown", SettingValue::Flag(true)),
    ] {
        let mut scene = Scene::new().await;
        scene.set(key, value);
        let outcome = scene.call(CALLER).await;
        assert_eq!((outcome.code(), outcome.class()), ("settings-invalid", "configuration"), "{key}");
        assert!(outcome.resolved.details.notes.iter().any(|note| note.text_en.contains(key)), "{key} is named");
        assert_eq!(scene.simulator.count(), 0);
    }
}

#[tokio::test]
async fn d08_an_unknown_setting_is_ignored_and_noted() {
    let mut scene = Scene::new().await;
    scene.set("colour", SettingValue::Text("red".to_owned()));
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert!(outcome.has_note("setting-ignored"));
}
