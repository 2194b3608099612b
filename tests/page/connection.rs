//! How the server and its integration stand: never green while nothing works, and honest when the connection is lost.

use amocrm_simulator::FaultRule;
use serde_json::json;
use test_support::CALLER;

use crate::{Site, enter, go, listed, looks, says};

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_the_budget_a_blocked_account_and_a_server_that_is_gone_are_shown() {
    let site = Site::start("requests_per_second = 1", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    go(&browser, "#/integration").await;
    browser
        .until("requests go out", "return document.querySelector('[data-circuit]')?.dataset.circuit === 'closed'")
        .await;
    assert!(browser.text("[data-circuit]").await.contains("At most 1 requests a second"));
    go(&browser, "#/calls").await;
    tokio::join!(site.call(CALLER, "101"), site.call("+7 903 555-03-03", "101"));
    listed(&browser, 2).await;
    crate::open_newest(&browser).await;
    assert_eq!(browser.run("return document.querySelectorAll('#timeline .turn').length").await, json!(1));

    site.amocrm.set_faults(vec!["contacts:html-403".parse::<FaultRule>().expect("a fault")]);
    let answer = site.call("+7 903 555-05-05", "101").await;
    assert!(!answer.contains("\"reason\":null"), "{answer}");
    browser.until("a person is called", "return document.querySelector('#live').dataset.level === 'bad'").await;
    browser.until("it says what is wrong", &says("#alerts", "amoCRM has blocked the access (403)")).await;
    assert!(browser.text("#alerts").await.contains("Requests stopped until"));
    looks::everywhere(&browser, "alerts", "en").await;
    browser.until("the legend has both", "return document.querySelectorAll('#reasons .legend li').length >= 2").await;

    site.stop();
    browser.until("it is not live", "return document.querySelector('#live').dataset.level === 'away'").await;
    browser.until("it says since when", &says("#live", "connection lost, trying again. As of ")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_red_while_amocrm_refuses_every_request() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    browser.until("all is well", "return document.querySelector('#live').dataset.level === 'good'").await;
    site.amocrm.set_faults(vec!["*:unauthorized-401".parse::<FaultRule>().expect("a fault")]);
    site.call(CALLER, "101").await;
    browser.until("a person is called", "return document.querySelector('#live').dataset.level === 'bad'").await;
    browser.until("in words", &says("#alerts", "amoCRM отклонила ключ доступа интеграции")).await;
    go(&browser, "#/integration").await;
    browser.until("there too", "return document.querySelector('.standing.bad') !== null").await;
    // The first answer that is accepted heals it.
    site.amocrm.set_faults(Vec::new());
    site.call(CALLER, "101").await;
    browser.until("all is well again", "return document.querySelector('#live').dataset.level === 'good'").await;
}
