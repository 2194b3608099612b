//! Every view as people see it who see few colours, hear the page, or touch it: at 1280 and 390 pixels, light and dark, in both languages, with what
//! opens in it.
//!
//! Besides axe-core, an audit of the project's own looks at what axe leaves to people: contrast over bars, sizes, the order of titles.

use http::{Method, StatusCode};
use serde_json::json;
use test_support::{CALLER, variant};

use crate::wishes::WIDTHS;
use crate::{Browser, ESCAPE, Site, axe, enter, go, listed};

const AUDIT: &str = include_str!("audit.js");

const SCHEMES: [&str; 2] = ["light", "dark"];

/// Each view and form by its address, and what is there once it is shown.
const VIEWS: [(&str, &str, &str); 11] = [
    ("calls", "#/calls", "#calls .row"),
    ("call", "#/calls/1", "#facts"),
    ("scenario", "#/scenario", ".exits"),
    ("operation", "#/scenario/main", ".form"),
    ("operation-new", "#/scenario?new=1", ".form"),
    ("employees", "#/employees", "main .rows li"),
    ("employee", "#/employees/main:anna", ".numbers"),
    ("employee-new", "#/employees?new=1", ".form"),
    ("integration", "#/integration", ".standing"),
    ("versions", "#/versions", ".history li"),
    ("changes", "#/changes", "#changes .difference"),
];

/// Views with a question, by the button that asks it.
const QUESTIONS: [(&str, &str, &str); 4] = [
    ("operation", "#/scenario/main", ".form .danger"),
    ("employee", "#/employees/main:anna", ".form .danger"),
    ("versions", "#/versions", "main section .danger:enabled"),
    ("changes", "#/changes", "#changes .danger"),
];

/// Asserts that nothing is wrong with what is shown now.
pub(crate) async fn check(browser: &Browser, looks: &str) {
    let found = browser.run(AUDIT).await;
    assert_eq!(found, json!([]), "{looks}");
    axe::check(browser, looks).await;
}

/// The same in every size, light and dark, with a picture of each.
pub(crate) async fn everywhere(browser: &Browser, name: &str, language: &str) {
    for (width, height) in WIDTHS {
        in_size(browser, name, language, width, height).await;
    }
}

async fn in_size(browser: &Browser, name: &str, language: &str, width: u32, height: u32) {
    for scheme in SCHEMES {
        browser.look(width, height, scheme).await;
        let looks = format!("{name}-{width}-{scheme}-{language}");
        browser.keep_picture(&looks).await;
        check(browser, &looks).await;
    }
}

/// A site where everything that a view may show is there.
async fn site() -> Site {
    let site = Site::start("consider_manager_status = true", "queue:sales").await;
    site.call(CALLER, "101").await;
    site.report(1, &json!({"leg": 1, "sip_status": 408, "ring_ms": 20_000})).await;
    site.call("anonymous", "101").await;
    let uploaded = site.upload(variant("second")).await;
    let active = json!({"digest": uploaded});
    assert_eq!(site.request(Method::PUT, "/v1/operations/main/component", &active).await.status, StatusCode::OK);
    let numbers = json!([{"number": "101"}, {"number": "+79165550101", "ring_time": "25s"}]);
    let anna = json!({"name": "Анна Соколова", "amocrm_user": 504_141, "enabled": true, "numbers": numbers});
    let put = site.change(Method::PUT, "/v1/integrations/main/employees/anna", &anna).await;
    assert_eq!(put.status, StatusCode::OK, "{put:?}");
    let exits = json!({"exits": {"manager-absent": "voicemail:sales", "not-answered": "queue:second"}});
    assert_eq!(site.change(Method::PATCH, "/v1/operations/main", &exits).await.status, StatusCode::OK);
    site
}

async fn every_view(language: &str) {
    let site = site().await;
    let Some(browser) = enter(&site, language).await else { return };
    for (width, height) in WIDTHS {
        browser.look(width, height, "light").await;
        for (name, address, there) in VIEWS {
            go(&browser, address).await;
            browser.until(name, &format!("return document.querySelector({there:?}) !== null")).await;
            in_size(&browser, name, language, width, height).await;
        }
        for (name, address, button) in QUESTIONS {
            go(&browser, address).await;
            browser.until(name, &format!("return document.querySelector({button:?}) !== null")).await;
            browser.click(button).await;
            browser.until("it asks", "return document.querySelector('dialog[open]') !== null").await;
            in_size(&browser, &format!("{name}-question"), language, width, height).await;
            browser.press(ESCAPE).await;
            browser.until("it is closed", "return document.querySelector('dialog') === null").await;
        }
        go(&browser, "#/calls").await;
        listed(&browser, 2).await;
    }
    browser.click("#leave").await;
    browser.until("the login", "return document.querySelector('#token') !== null").await;
    everywhere(&browser, "login", language).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_legible_in_russian() {
    every_view("ru").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_legible_in_english() {
    every_view("en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_languages_have_the_same_texts() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    let compared = "return Promise.all([import('/page/russian.js'), import('/page/english.js')]).then(([{ default: ru }, { default: en }]) => \
                    [...new Set([...Object.keys(ru), ...Object.keys(en)])].filter(key => typeof ru[key] !== typeof en[key]))";
    assert_eq!(browser.run(compared).await, json!([]));
}
