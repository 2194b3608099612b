//! Calls found by what people know of them: reasons and employees by their names, days, digits; and taken along as a table.

use serde_json::json;
use test_support::CALLER;

use crate::browser::Browser;
use crate::{Site, enter, enter_at, listed, says};

/// Chooses from a list by what is written there, once it is there: the words come with the operations.
async fn choose(browser: &Browser, list: &str, text: &str) {
    let option = format!(
        "[...document.querySelector('#filters [name={list}]').options].find(option => option.text === {text:?})"
    );
    browser.until(text, &format!("return {option} !== undefined")).await;
    browser
        .run(&format!(
            "const option = {option}; const list = option.closest('select'); list.value = option.value; \
             list.dispatchEvent(new Event('change', {{ bubbles: true }}))"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_found_by_the_words_that_the_page_shows() {
    let site = Site::start("", "queue:sales").await;
    site.call(CALLER, "101").await;
    site.call("anonymous", "101").await;
    site.call("+7 916 555-02-02", "101").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    listed(&browser, 3).await;
    choose(&browser, "reason", "В amoCRM нет контакта с номером звонящего").await;
    listed(&browser, 1).await;
    browser.until("it stands in the address", "return location.hash === '#/calls?reason=contact-not-found'").await;
    choose(&browser, "reason", "все").await;
    listed(&browser, 3).await;
    choose(&browser, "employee", "Анна <b>Соколова</b>").await;
    listed(&browser, 1).await;
    assert!(browser.text("#calls").await.contains("+7916•••4567"));

    // An address with a filter shows the same to a colleague; what fits nothing says so.
    let shown = enter_at(&site, "en", "#/calls?reason=caller-hidden&since=2020-01-01").await.expect("a browser");
    listed(&shown, 1).await;
    // The words come with the operations.
    let chosen = "return document.querySelector('#filters [name=reason]').selectedOptions[0].text === \"The caller's number is withheld\"";
    shown.until("the reason is in words", chosen).await;
    assert_eq!(shown.run("return document.querySelector('#filters [name=since]').value").await, json!("2020-01-01"));
    crate::go(&shown, "#/calls?until=2020-01-01").await;
    shown.until("none fits", &says("#none", "No such calls.")).await;
    // A call that comes in is shown where it fits, and nowhere else.
    crate::go(&shown, "#/calls?reason=caller-hidden").await;
    listed(&shown, 1).await;
    site.call("", "101").await;
    listed(&shown, 2).await;
    assert_eq!(shown.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managers_missed_calls_are_found_and_taken_along() {
    let site = Site::start("", "queue:sales").await;
    for _ in 0..3 {
        site.call(CALLER, "101").await;
    }
    let Some(browser) = enter(&site, "ru").await else { return };
    listed(&browser, 3).await;
    site.report(1, &json!({"leg": 1, "result": "answered"})).await;
    site.report(2, &json!({"legs": [{"leg": 1, "result": "busy"}, {"leg": 2, "result": "answered"}]})).await;
    browser.until("it is told in the list", &says("#row-1", "Ответили: 101")).await;
    browser.until("and who missed it", &says("#row-2", "Ответили: queue:sales · Пропущен: Анна")).await;
    choose(&browser, "ended", "сотрудник пропустил").await;
    listed(&browser, 1).await;
    browser.until("it stands in the address", "return location.hash === '#/calls?ended=missed'").await;
    // One that is missed now comes into the list, and its row is taken along.
    site.report(3, &json!({"leg": 1, "result": "caller-gone"})).await;
    listed(&browser, 2).await;
    let table = saved_table(&browser).await;
    assert!(table.contains("\"Чем закончился\";\"Кто ответил\";\"Кто пропустил\""), "{table}");
    assert!(table.contains("\"приняла связанная операция\";\"queue:sales\";\"Анна"), "{table}");
    assert!(table.contains("\"звонящий положил трубку раньше\";\"\";\"Анна"), "{table}");
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

/// The table of the chosen calls, as it would be saved.
async fn saved_table(browser: &Browser) -> String {
    browser.run("window.saved = null; URL.createObjectURL = (blob) => { blob.text().then(text => { window.saved = text; }); return '#'; }; HTMLAnchorElement.prototype.click = () => {}").await;
    browser.run("document.querySelector('#csv').dispatchEvent(new MouseEvent('click', { bubbles: true }))").await;
    browser.until("the table is there", "return window.saved !== null").await;
    browser.run("return window.saved").await.as_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chosen_calls_are_taken_along_as_a_table() {
    let site = Site::start("", "queue:sales").await;
    site.call(CALLER, "101").await;
    site.call("anonymous", "=1+1").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    listed(&browser, 2).await;
    let table = saved_table(&browser).await;
    let lines: Vec<_> = table.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("\"№\";\"Время\";\"Кто звонит\""), "{table}");
    assert!(lines[1].contains("\"номер скрыт\";\"'=1+1\""), "no formula: {table}");
    assert!(lines[1].contains("Номер звонящего скрыт") && lines[2].contains("\"+7916•••4567\""), "{table}");
    // Signs of full width are read like the others.
    let formulas = ["=1", "+1-2", "-1", "@a", "＝1", "＋1-2", "－1", "＠a"];
    for formula in formulas {
        site.call("anonymous", formula).await;
    }
    listed(&browser, 2 + formulas.len()).await;
    let table = saved_table(&browser).await;
    for formula in formulas {
        assert!(table.contains(&format!(";\"'{formula}\";")), "{formula}: {table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_and_signs_follow_from_what_a_reason_means() {
    let site = Site::start("enabled = false", "queue:sales").await;
    site.call(CALLER, "101").await;
    let Some(browser) = enter(&site, "en").await else { return };
    listed(&browser, 1).await;
    browser.until("it is counted", "return document.querySelectorAll('#reasons rect').length === 1").await;
    let meanings = "return ['#calls .row', '#reasons rect', '#reasons .legend li'].map(one => document.querySelector(one).dataset.meaning)";
    assert_eq!(browser.run(meanings).await, json!(["off", "off", "off"]), "not the colour of success");
    let colour =
        |meaning: &str| format!("return getComputedStyle(document.documentElement).getPropertyValue('--{meaning}')");
    let mut colours = Vec::new();
    for meaning in ["forwarded", "rule", "caller", "settings", "failure", "off"] {
        colours.push(browser.run(&colour(meaning)).await.to_string());
    }
    let drawn = colours.iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(drawn.len(), 6, "each has its own: {colours:?}");
    assert!(browser.text("#live").await.contains("with warnings"));
    assert!(browser.text("#alerts").await.contains("Integration main: off, calls go to the linked operation"));
}
