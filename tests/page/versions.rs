//! A new version of an operation as an administrator takes it in, in Russian and with the keyboard: uploaded, tried in a shadow, activated, rolled back.

use std::path::Path;

use hostile_components::TRAP;
use http::{Method, StatusCode};
use serde_json::json;
use test_support::{CALLER, russian, variant};

use crate::{Browser, ENTER, Site, enter, looks, says};

const DOWN: &str = "\u{e015}";

/// A script: whether the focus is on the button of this text.
fn on_button(text: &str) -> String {
    format!(
        "return document.activeElement.localName === 'button' && document.activeElement.textContent.trim() === {text:?}"
    )
}

/// Goes to the button of this text, as soon as it can be pressed, and presses it.
async fn press(browser: &Browser, text: &str) {
    let ready = format!(
        "return [...document.querySelectorAll('main button:enabled')].some((button) => button.textContent.trim() === {text:?})"
    );
    browser.until(text, &ready).await;
    browser.tab_until(text, &on_button(text)).await;
    browser.press(ENTER).await;
}

/// Presses the button, and says in the dialog that it is meant.
async fn press_and_confirm(browser: &Browser, text: &str) {
    press(browser, text).await;
    browser.until("it is asked about", "return document.querySelector('dialog[open]') !== null").await;
    browser.until("the focus is in the question", &on_button(text)).await;
    browser.press(ENTER).await;
    browser.until("it is done", "return document.querySelector('dialog[open]') === null").await;
    let kept = "return document.activeElement !== document.body";
    browser.until("the focus is not lost", kept).await;
}

async fn open(browser: &Browser) {
    browser.tab_to("nav a[href='#/versions']").await;
    browser.press(ENTER).await;
    browser.until("the form is there", "return document.querySelector('input[type=file]') !== null").await;
}

/// Chooses a file, which the browser itself asks for, and uploads it.
async fn upload(browser: &Browser, file: &Path) {
    browser.tab_to("input[type=file]").await;
    browser.write("input[type=file]", &file.display().to_string()).await;
    press(browser, "Загрузить компонент").await;
}

/// Chooses the only other version.
async fn choose_other(browser: &Browser) {
    let there = "return document.querySelectorAll('main section select option').length === 2";
    browser.until("it can be chosen", there).await;
    browser.tab_to("main section select").await;
    browser.press(DOWN).await;
    browser.until("it is chosen", "return document.querySelector('main section select').value !== ''").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_uploaded_tried_in_a_shadow_activated_and_rolled_back() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    open(&browser).await;
    // Nothing to choose from is said, and not an empty list.
    browser.until("there is none", &says("main section", "Других версий пока нет. Загрузите компонент ниже")).await;
    assert_eq!(browser.run("return document.querySelectorAll('main section select').length").await, json!(0));
    looks::everywhere(&browser, "versions-none", "ru").await;
    let in_force = async || site.get("/v1/operations/main/component").await["component"].clone();
    let first = in_force().await;

    // What is not a component is refused in Russian.
    upload(&browser, &site.file("notes.wasm", "these are not instructions")).await;
    let refused = says("main div[role=alert]", "компонент не соответствует контракту");
    browser.until("it is refused", &refused).await;
    let said = browser.text("main div[role=alert]").await;
    assert!(said.contains("это не компонент WebAssembly"), "{said}");
    russian::assert_russian(&said);
    looks::check(&browser, "version-refused").await;

    upload(&browser, &site.file("second.wasm", variant("second"))).await;
    browser.until("it is taken", &says("main form [role=status]", "Переадресация на персонального менеджера")).await;

    // The same calls, and the same answers.
    choose_other(&browser).await;
    let second = browser.run("return document.querySelector('main section select').value").await;
    press(&browser, "Проверить в тени").await;
    browser.until("a shadow is there", "return document.querySelector('.shadow') !== null").await;
    site.call(CALLER, "101").await;
    browser.until("it is compared", &says(".shadow", "Звонков: 1, решено так же: 1, иначе: 0.")).await;
    press(&browser, "Закончить проверку").await;
    browser.until("the shadow is gone", "return document.querySelector('.shadow') === null").await;
    assert_eq!(in_force().await, first, "trying changes nothing");

    press_and_confirm(&browser, "Включить").await;
    browser.until("it is remembered", "return document.querySelectorAll('.history li').length === 1").await;
    assert_eq!(in_force().await, second);
    press_and_confirm(&browser, "Вернуть прежнюю").await;
    browser.until("there are two changes", "return document.querySelectorAll('.history li').length === 2").await;
    assert_eq!(in_force().await, first);
    // Whose login it was, and that it was done here.
    for row in 1..=2 {
        let row = browser.text(&format!(".history li:nth-child({row})")).await;
        assert!(row.ends_with("· server · на странице"), "{row}");
    }
    looks::everywhere(&browser, "versions-history", "ru").await;
    assert_eq!(browser.complaints(&["401", "422"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shadow_would_have_done_otherwise_is_listed() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    open(&browser).await;
    upload(&browser, &site.file("other.wasm", TRAP)).await;
    choose_other(&browser).await;
    let digest = browser.run("return document.querySelector('main section select').value").await;
    // Another operation is not a version of this one, and the page says so in Russian.
    press(&browser, "Проверить в тени").await;
    browser.until("it is refused", &says("main div[role=alert]", "этот компонент не подходит операции `main`")).await;
    assert!(browser.text("main div[role=alert]").await.contains("поместите его в отдельную [[operation]]"));
    // Who insists by other means sees what it would do.
    let insisted = json!({"digest": digest, "insist": true});
    let answer = site.request(Method::PUT, "/v1/operations/main/shadow", &insisted).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    site.call(CALLER, "101").await;
    let listed = "return document.querySelectorAll('.shadow tbody tr').length === 1";
    browser.until("the difference is listed", listed).await;
    let row = browser.text(".shadow tbody tr").await;
    for part in ["+7916•••4567", "Переадресован менеджеру", "Анна <b>Соколова</b>", "Операция завершилась с ошибкой"]
    {
        assert!(row.contains(part), "lacks {part}: {row}");
    }
    assert!(browser.text(".shadow").await.contains("решено так же: 0, иначе: 1."));
    looks::everywhere(&browser, "versions-shadow", "ru").await;
}
