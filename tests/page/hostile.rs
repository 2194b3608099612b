//! Texts from outside, and scripts that would like to be there.

use serde_json::json;
use test_support::CALLER;

use crate::{Site, enter, go, listed, open_newest, says};

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_outside_is_shown_as_text_and_nothing_comes_from_elsewhere() {
    let hostile = r#"<img src=x onerror="document.title=1"><script>document.title=2</script>"#;
    let site = Site::start("", "queue:<i>sales</i>").await;
    let Some(browser) = enter(&site, "en").await else { return };
    site.call("", hostile).await;
    site.call(CALLER, hostile).await;
    listed(&browser, 2).await;
    for seq in 1..=2 {
        go(&browser, &format!("#/calls/{seq}")).await;
        browser.until("it is open", &says("#call-title", hostile)).await;
    }
    let body = browser.text("body").await;
    assert!(body.contains("queue:<i>sales</i>") && body.contains("Анна <b>Соколова</b>"), "{body}");
    let elements = "return [...document.querySelectorAll('#page :is(img, script, b)')].length";
    assert_eq!(browser.run(elements).await, json!(0));
    for view in ["scenario", "employees", "integration", "versions", "changes"] {
        go(&browser, &format!("#/{view}")).await;
        browser
            .until(view, &format!("return document.querySelector('nav [aria-current]')?.href.endsWith('#/{view}')"))
            .await;
        assert_eq!(browser.run(elements).await, json!(0), "{view}");
    }
    assert_eq!(browser.client.title().await.expect("a title"), "Changes — host-harness");
    let foreign = "return performance.getEntriesByType('resource').filter(r => !r.name.startsWith(location.origin) && !r.name.startsWith('data:')).map(r => r.name)";
    assert_eq!(browser.run(foreign).await, json!([]));
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
    // And the answer's headers forbid it: a script cannot fetch from elsewhere.
    let fetched = "return fetch('http://127.0.0.1:9/').then(() => 'fetched', () => 'refused')";
    assert_eq!(browser.run(fetched).await, json!("refused"));
    assert!(browser.complaints(&[]).await.iter().any(|text| text.contains("Content Security Policy")));
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_run_from_right_to_left_turn_nothing_around() {
    let queue = "queue:\u{5de}\u{5db}\u{5d9}\u{5e8}\u{5d5}\u{5ea}";
    let site = Site::start("", queue).await;
    let Some(browser) = enter(&site, "en").await else { return };
    // It came over a face that writes hidden characters out; the page itself trusts no face.
    let shown = "return import('/page/api.js').then(async ({ get }) => { \
                 window.fetch = async () => new Response(JSON.stringify(arguments[0])); return get('/'); })";
    let hostile = "301\u{202e}103\u{2066}\u{200b}\u{1b}[2J\nx";
    let answer = browser.client.execute(shown, vec![json!({ "name": hostile, "number": 1 })]).await.expect("a script");
    assert_eq!(answer, json!({ "name": "301\\u{202e}103\\u{2066}\\u{200b}\\u{1b}[2J\\u{a}x", "number": 1 }));
    browser.client.refresh().await.expect("it reloads");
    browser.until("the page is live", "return document.querySelector('#live')?.dataset.state === 'on'").await;
    site.call("", "101").await;
    listed(&browser, 1).await;
    let row = browser.run("return document.querySelector('#calls .where').textContent").await;
    let row = row.as_str().expect("text");
    assert!(row.contains(&format!("\u{2068}{queue}\u{2069}")), "{row:?}");
    open_newest(&browser).await;
    let verdict = browser.run("return document.querySelector('#verdict').textContent").await;
    assert!(verdict.as_str().expect("text").contains(&format!("\u{2068}{queue}\u{2069}")), "{verdict}");
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}
