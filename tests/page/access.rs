//! An administrator connects the integration to amoCRM, has the account audited, and disconnects it.

use amocrm_simulator::OAuthApp;
use http::Request;
use serde_json::json;
use test_support::CALLER;
use test_support::client::Client;

use crate::{Site, axe, enter_at, go, looks, says};

/// A script: clicks the button with this text.
fn click(text: &str) -> String {
    format!(
        "const button = [...document.querySelectorAll('button:enabled')].find((button) => button.textContent === {text:?}); \
         button?.click(); return button !== undefined"
    )
}

const CONNECTED: &str = "return document.querySelector('.standing')?.dataset.access === 'connected'";

#[tokio::test(flavor = "multi_thread")]
async fn o6_an_integration_is_connected_audited_and_disconnected_in_the_browser() {
    let site = Site::unconnected(|server| format!("http://{server}/v1/oauth/callback")).await;
    let Some(browser) = enter_at(&site, "ru", "#/integration").await else { return };
    browser.until("it is not connected", &says(".standing", "не подключена к amoCRM")).await;
    browser.until("it can be connected", "return document.querySelector('#connect-main') !== null").await;
    looks::everywhere(&browser, "access-none", "ru").await;
    browser.run("document.querySelector('#connect-main').click()").await;
    // amoCRM's page sends the browser back here.
    browser.until("it says so", &says("main", "Доступ к")).await;
    assert_eq!(browser.run("return location.pathname").await, json!("/v1/oauth/callback"));
    assert!(browser.text("h1").await.contains("amoCRM подключена"));
    browser.keep_picture("access-answer").await;
    axe::check(&browser, "access-answer").await;
    browser.run("document.querySelector('main a').click()").await;
    browser.until("the console is there, still logged in", CONNECTED).await;
    assert!(site.call(CALLER, "101").await.contains("anna"));

    browser.until("it is audited", &click("Проверить")).await;
    browser.until("the audit is done", "return document.querySelector('[data-audit=done]') !== null").await;
    let found = browser.text("[data-audit]").await;
    assert!(found.contains("Проверено: пользователей") && !found.contains('{'), "{found}");
    assert!(found.contains("но среди сотрудников его нет"), "{found}");
    looks::everywhere(&browser, "access-audit", "ru").await;

    browser.until("it is disconnected", &click("Отключить от amoCRM")).await;
    browser.until("it asks once more", "return document.querySelector('dialog[open]') !== null").await;
    looks::check(&browser, "access-question").await;
    browser.run("document.querySelector('dialog .confirm').click()").await;
    browser.until("it is off", "return document.querySelector('.standing.bad')?.dataset.access === 'off'").await;
    looks::everywhere(&browser, "access-off", "ru").await;
    assert!(site.call(CALLER, "101").await.contains("integration-off"));
    go(&browser, "#/changes").await;
    browser.until("both are remembered", &says("#changes", "интеграция «main» отключена от amoCRM")).await;
    assert!(browser.text("#changes").await.contains("интеграция «main» подключена к"));
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn o6_where_the_browser_is_sent_elsewhere_its_address_is_pasted() {
    let site = Site::unconnected(|_| OAuthApp::DEMO_REDIRECT_URI.to_owned()).await;
    let Some(browser) = enter_at(&site, "en", "#/integration").await else { return };
    browser.until("it can be connected", "return document.querySelector('#connect-main') !== null").await;
    browser.run("document.querySelector('#connect-main').click()").await;
    browser.until("it asks for the address", "return document.querySelector('#consent a') !== null").await;
    let page = browser.run("return document.querySelector('#consent a').href").await;
    let page = page.as_str().and_then(|page| page.strip_prefix(site.amocrm.base_url())).expect("amoCRM's page");
    let answer = Client::of(site.amocrm.address()).send(Request::get(page), "").await;
    let back = answer.headers["location"].to_str().expect("text");
    browser.write("#consent input", "http://127.0.0.1:8765/").await;
    browser.run("document.querySelector('#consent .primary').click()").await;
    browser.until("it says what is wrong", &says("#consent", "there is no code in it")).await;
    looks::everywhere(&browser, "access-pasted", "en").await;
    browser.write("#consent input", &back["http://127.0.0.1:8765/".len()..]).await;
    browser.run("document.querySelector('#consent .primary').click()").await;
    browser.until("it is connected", CONNECTED).await;
    assert!(site.call(CALLER, "101").await.contains("anna"));
}
