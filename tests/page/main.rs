//! The console that a server shows, in a real headless Chromium, used as an administrator of a PBX uses it.
//!
//! Pictures of what was seen are kept in `target/page`, for people to look at.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod access;
mod axe;
mod browser;
mod calls;
mod changing;
mod connection;
mod deputies;
mod found;
mod hostile;
mod https;
mod login;
mod looks;
mod office;
mod site;
mod versions;
mod widget;
mod widget_settings;
mod wishes;

use browser::{Browser, programs};
use site::Site;
use test_support::client::TOKEN;

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const SPACE: &str = " ";

/// The page of the site, entered with its token.
async fn enter(site: &Site, language: &str) -> Option<Browser> {
    enter_at(site, language, "").await
}

/// The same at an address of the page.
async fn enter_at(site: &Site, language: &str, address: &str) -> Option<Browser> {
    let browser = Browser::start(programs()?, language).await;
    browser.client.goto(&format!("http://{}/{address}", site.address())).await.expect("the page");
    log_in(&browser).await;
    Some(browser)
}

/// Types the token into the form, and waits until the page is live.
async fn log_in(browser: &Browser) {
    browser.until("it asks for the token", "return document.querySelector('#token') !== null").await;
    browser.write("#token", &format!("{TOKEN}{ENTER}")).await;
    browser.until("the page is live", "return document.querySelector('#live')?.dataset.state === 'on'").await;
}

/// Waits until as many calls are listed.
async fn listed(browser: &Browser, calls: usize) {
    let script = format!("return document.querySelectorAll('#calls .row').length === {calls}");
    browser.until(&format!("{calls} calls are listed"), &script).await;
}

/// Opens the newest call with the keyboard alone.
async fn open_newest(browser: &Browser) {
    browser.run("document.querySelector('#calls .row').focus()").await;
    browser.press(ENTER).await;
    browser.until("a call is open", "return document.querySelector('#facts') !== null").await;
}

/// Goes to another address of the page.
async fn go(browser: &Browser, address: &str) {
    browser.run(&format!("location.hash = {address:?}")).await;
}

/// A script: whether the text of this element has that part.
fn says(selector: &str, part: &str) -> String {
    format!("return document.querySelector({selector:?})?.innerText.includes({part:?}) ?? false")
}
