//! Who gets in, and that the token stays nowhere.

use serde_json::json;
use test_support::CALLER;

use crate::{Browser, ENTER, Site, TOKEN, go, listed, log_in, looks, programs};

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_token_sees_anything() {
    let site = Site::start("", "queue:sales").await;
    site.call(CALLER, "101").await;
    let Some(programs) = programs() else { return };
    let browser = Browser::start(programs, "en").await;
    browser.client.goto(&format!("http://{}/", site.address())).await.expect("the page");
    browser.until("it asks for the token", "return document.activeElement?.id === 'token'").await;
    browser.write("#token", &format!("another-token-0123456789{ENTER}")).await;
    browser.until("it says so", "return document.querySelector('#refused').innerText.includes('does not take')").await;
    looks::check(&browser, "login-refused").await;
    assert_eq!(browser.run("return document.querySelectorAll('#calls, nav, #reasons').length").await, json!(0));
    browser.run("document.querySelector('#token').value = ''").await;
    log_in(&browser).await;
    listed(&browser, 1).await;
    assert_eq!(browser.run("return document.querySelector('#door')").await, json!(null));
    // The token is nowhere in what the page shows, nor where a script could read it.
    let shown = browser.client.source().await.expect("the document");
    let stored = browser.run("return JSON.stringify([localStorage, sessionStorage, document.cookie])").await;
    for text in [shown.as_str(), stored.as_str().expect("text")] {
        assert!(!text.contains(TOKEN) && !text.contains("123-45-67") && !text.contains("9161234567"), "{text}");
    }
    // The cookie is not for scripts, and enough for a page that is loaded again.
    browser.client.refresh().await.expect("it reloads");
    listed(&browser, 1).await;
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_is_offered_no_change() {
    const TOKEN: &str = "the-viewers-token-0123456789";
    const HASH: &str = "dab8e59247fb022285e14af0fd2065eb0a2258a97afdc30d743d3b545867fbd0";
    let tokens = format!("[[server.tokens]]\nname = \"boris\"\nscope = \"viewer\"\nhash = \"sha256:{HASH}\"\n");
    let site = Site::with("", &format!("[[operation]]\nlinked_operation = 'queue:sales'\n{tokens}")).await;
    site.call(CALLER, "101").await;
    let Some(programs) = programs() else { return };
    let browser = Browser::start(programs, "ru").await;
    browser.client.goto(&format!("http://{}/#/calls/1", site.address())).await.expect("the page");
    browser.until("it asks for the token", "return document.querySelector('#token') !== null").await;
    browser.write("#token", &format!("{TOKEN}{ENTER}")).await;
    browser.until("the call of the address is open", "return document.querySelector('#facts') !== null").await;
    assert_eq!(browser.run("return document.querySelector('#forget')").await, json!(null));
    for (view, shown) in [("scenario/main", ".form"), ("integration", ".standing"), ("versions", "#components-title")] {
        go(&browser, &format!("#/{view}")).await;
        browser.until(view, &format!("return document.querySelector({shown:?}) !== null")).await;
        let offered =
            "return document.querySelectorAll('main :is(.primary, .danger, input:enabled, select:enabled)').length";
        assert_eq!(browser.run(offered).await, json!(0), "{view}: {}", browser.text("main").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_new_login_the_page_is_alive_again() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = crate::enter(&site, "en").await else { return };
    site.call(CALLER, "101").await;
    listed(&browser, 1).await;
    browser.click("#leave").await;
    log_in(&browser).await;
    listed(&browser, 1).await;
    site.call(CALLER, "101").await;
    listed(&browser, 2).await;
    assert_eq!(browser.run("return document.querySelector('#live').dataset.level").await, json!("good"));
}
