//! The operation in JavaScript, and what its toolchain does with time and chance.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use replay::policy::{self, Mode};
use runtime::bindings::telephony::operation::types::{ItemValue, SettingValue};
use runtime::engine::{EngineSettings, Operation};
use test_support::{CALLER, Home, Outcome, Scene, workspace};

use crate::{built, load};

const FILES: [&str; 5] = ["operation.js", "quickjs.wit", "build", "package.json", "package-lock.json"];
/// An operation of the same toolchain whose status is what an expression came to.
const PROBE: &str = "const both = (text) => ({ ru: text, en: text });\n\
    export const operation = {\n\
      describe: () => ({ id: 'probe', version: '0.1.0', title: both('probe'), summary: both('probe'), settings: [], configuration: [],\n\
        facts: [], purposes: [], reasons: [{ code: 'told', class: 'exit', text: both('told') }] }),\n\
      resolveCall: (call) => ({\n\
        route: { tag: 'linked-operation', val: { code: 'told', class: 'exit', status: null, text: both(String(EXPRESSION)) } },\n\
        details: { waitingTime: 0, waited: 0, requests: [], facts: [], notes: [] } }),\n\
    };\n";

pub(crate) fn component(source: Option<&Path>) -> Option<PathBuf> {
    built("javascript", &FILES, "tools-js", source)
}

fn operation() -> Option<Operation> {
    static LOADED: OnceLock<Option<Operation>> = OnceLock::new();
    LOADED.get_or_init(|| Some(load(&component(None)?, EngineSettings::default()))).clone()
}

#[tokio::test]
async fn an_operation_in_javascript_fits_and_its_policy_tests_hold() {
    let Some(operation) = operation() else { return };
    assert!(operation.fit().is_fit(), "{}", operation.fit());
    assert!(operation.size() < 1_300_000, "{} bytes", operation.size());
    let description = operation.describe().await.expect("a description");
    assert_eq!(description.id, "callers-by-code");
    let texts = [&description.title, &description.summary].into_iter();
    let texts = texts.chain(description.settings.iter().flat_map(|setting| [&setting.title, &setting.help]));
    for text in texts.chain(description.reasons.iter().map(|reason| &reason.text)) {
        assert!(text.ru.chars().any(|letter| ('а'..='я').contains(&letter)), "not in Russian: {text:?}");
        assert!(!text.en.is_empty() && text.en.is_ascii(), "not in English: {text:?}");
    }
    let cases = workspace().join("tests/second_operation/javascript/cases");
    let report = policy::run(&cases, &operation, Mode::Compare, |_| {}).await.expect("cases");
    assert_eq!((report.cases.len(), report.failed().count()), (2, 0), "\n{report}");
    let unreached: Vec<_> =
        report.coverage.as_ref().expect("they were run").unreached().map(|reason| reason.code.as_str()).collect();
    assert_eq!(unreached, ["directory-unavailable"], "configured employees are always at hand");
}

/// A PBX of another make may send what the command line here would refuse.
#[tokio::test]
async fn it_judges_settings_that_no_host_has_judged() {
    let Some(operation) = operation() else { return };
    let texts =
        |items: &[&str]| SettingValue::List(items.iter().map(|item| ItemValue::Text((*item).to_owned())).collect());
    let placed = async |key: &str, value: SettingValue| {
        let mut scene = Scene::new().await;
        scene.operation = operation.clone();
        scene.set("codes", texts(&["+7916"]));
        scene.set("numbers", texts(&["201"]));
        scene.set(key, value);
        scene.call(CALLER).await
    };
    let unknown = placed("colour", SettingValue::Text("red".to_owned())).await;
    assert_eq!((unknown.code(), unknown.has_note("unknown-setting")), ("forward", true), "{}", unknown.json);
    for (key, value) in [
        ("codes", texts(&[])),
        ("codes", texts(&["+7916"; 21])),
        ("codes", texts(&["7916"])),
        ("codes", SettingValue::Text("+7916".to_owned())),
        ("codes", SettingValue::List(vec![ItemValue::Integer(1)])),
        ("numbers", texts(&["101;rm"])),
        ("crm_user", SettingValue::Integer(-1)),
        ("crm_user", SettingValue::Integer(i64::MAX)),
        ("crm_user", SettingValue::Flag(true)),
    ] {
        let wrong = placed(key, value.clone()).await;
        assert_eq!((wrong.code(), wrong.class()), ("setting-wrong", "configuration"), "{key} = {value:?}");
    }
}

/// What operations.md says of QuickJS.
#[tokio::test]
async fn the_clock_and_the_console_trap_and_chance_is_the_same_in_every_call() {
    let home = Home::new();
    let told = async |expression: &str| -> Option<Outcome> {
        home.write("probe.js", PROBE.replace("EXPRESSION", expression));
        let component = component(Some(&home.path("probe.js")))?;
        let mut scene = Scene::new().await;
        scene.operation = load(&component, EngineSettings::default());
        Some(scene.call(CALLER).await)
    };
    let text = |outcome: &Outcome| outcome.json["reason"]["text_en"].as_str().expect("a text").to_owned();
    let Some(first) = told("Math.random()").await else { return };
    assert_eq!(first.code(), "told", "{}", first.json);
    assert_eq!(text(&first), text(&told("Math.random()").await.expect("the toolchain is there")));
    let time = told("new Date(call.at.seconds * 1000).toISOString()").await.expect("the toolchain is there");
    assert_eq!(text(&time), "2026-11-22T09:00:00.000Z", "the time of the call is a plain number");
    for expression in ["Date.now()", "new Date()", "console.log('x')", "(() => { throw new Error('x') })()"] {
        let trapped = told(expression).await.expect("the toolchain is there");
        assert_eq!(trapped.code(), "operation-failed", "{expression}: {}", trapped.json);
    }
}
