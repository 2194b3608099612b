//! Every view as people see it who see few colours, hear the page, or touch it: at 1280 and 390 pixels, light and dark, in both languages.

use test_support::CALLER;

use crate::{Browser, Site, enter, go, listed};

const AUDIT: &str = include_str!("audit.js");

/// Each view by its address, and what is there once it is shown.
const VIEWS: [(&str, &str, &str); 8] = [
    ("calls", "#/calls", "#calls .row"),
    ("call", "#/calls/1", "#facts"),
    ("scenario", "#/scenario", ".exits"),
    ("operation", "#/scenario/main", ".form"),
    ("employees", "#/employees", "main h1"),
    ("integration", "#/integration", ".standing"),
    ("versions", "#/versions", "#components-title"),
    ("changes", "#/changes", "main h1"),
];

async fn check(browser: &Browser, looks: &str) {
    let found = browser.run(AUDIT).await;
    assert_eq!(found, serde_json::json!([]), "{looks}");
}

async fn every_view(language: &str, width: u32, height: u32) {
    let site = Site::start("consider_manager_status = true", "queue:sales").await;
    site.call(CALLER, "101").await;
    site.report(1, &serde_json::json!({"leg": 1, "sip_status": 408, "ring_ms": 20_000})).await;
    site.call("anonymous", "101").await;
    let Some(browser) = enter(&site, language).await else { return };
    listed(&browser, 2).await;
    for scheme in ["light", "dark"] {
        browser.look(width, height, scheme).await;
        for (name, address, there) in VIEWS {
            go(&browser, address).await;
            browser.until(name, &format!("return document.querySelector({there:?}) !== null")).await;
            let looks = format!("{name}-{width}-{scheme}-{language}");
            browser.keep_picture(&looks).await;
            check(&browser, &looks).await;
        }
        go(&browser, "#/calls").await;
        browser.until("it is closed", "return document.querySelector('#call') === null").await;
    }
    browser.click("#leave").await;
    browser.until("the login", "return document.querySelector('#token') !== null").await;
    check(&browser, &format!("login-{width}-{language}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_legible_on_a_desk() {
    every_view("ru", 1280, 900).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_legible_on_a_telephone() {
    every_view("en", 390, 844).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_languages_have_the_same_texts() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    let compared = "return Promise.all([import('/page/russian.js'), import('/page/english.js')]).then(([{ default: ru }, { default: en }]) => \
                    [...new Set([...Object.keys(ru), ...Object.keys(en)])].filter(key => typeof ru[key] !== typeof en[key]))";
    assert_eq!(browser.run(compared).await, serde_json::json!([]));
}
