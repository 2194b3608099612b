//! The page that a server shows, in a real headless Chromium.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, helpers of tests too"
)]

mod browser;
mod site;

use amocrm_simulator::FaultRule;
use browser::{Browser, programs};
use serde_json::json;
use site::Site;
use test_support::CALLER;
use test_support::client::TOKEN;

const ENTER: &str = "\u{e007}";

/// The page of the site, entered with its token.
async fn enter(site: &Site, language: &str) -> Option<Browser> {
    let browser = Browser::start(programs()?, language).await;
    browser.client.goto(&format!("http://{}/", site.address())).await.expect("the page");
    browser.write("#token", &format!("{TOKEN}{ENTER}")).await;
    browser.until("the page is live", "return document.querySelector('#live').dataset.state === 'on'").await;
    Some(browser)
}

/// Opens the newest call with the keyboard alone.
async fn open_newest(browser: &Browser) {
    browser.run("document.querySelector('#calls tr').focus()").await;
    browser.write("#calls tr", ENTER).await;
    browser.until("a call is open", "return !document.querySelector('#call').hidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_token_sees_anything() {
    let site = Site::start("", "queue:sales").await;
    site.call(CALLER, "101").await;
    let Some(programs) = programs() else { return };
    let browser = Browser::start(programs, "en").await;
    browser.client.goto(&format!("http://{}/", site.address())).await.expect("the page");
    browser.until("it asks for the token", "return !document.querySelector('#door').hidden").await;
    browser.write("#token", &format!("another-token-0123456789{ENTER}")).await;
    browser.until("it says so", "return document.querySelector('#refused').innerText.includes('does not take')").await;
    assert_eq!(browser.run("return document.querySelector('#desk').hidden").await, json!(true));
    assert_eq!(browser.run("return document.querySelectorAll('#calls tr').length").await, json!(0));
    browser.write("#token", &format!("{TOKEN}{ENTER}")).await;
    browser.until("the call is listed", "return document.querySelectorAll('#calls tr').length === 1").await;
    assert_eq!(browser.run("return document.querySelector('#door').hidden").await, json!(true));
    // Reloading the tab asks again for nothing; the token is nowhere in what the page shows.
    browser.client.refresh().await.expect("it reloads");
    browser.until("the call is listed again", "return document.querySelectorAll('#calls tr').length === 1").await;
    let shown = browser.client.source().await.expect("the document");
    assert!(!shown.contains(TOKEN) && !shown.contains("123-45-67") && !shown.contains("9161234567"), "{shown}");
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_appears_as_it_comes_and_opens_as_a_picture_in_both_languages() {
    let site = Site::start("consider_manager_status = true", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    assert_eq!(browser.text("#none").await, "No calls.");
    let loads = "return performance.getEntriesByType('navigation').length";
    site.call(CALLER, "+74951234567").await;
    browser.until("the call appears", "return document.querySelectorAll('#calls tr').length === 1").await;
    assert_eq!(browser.run(loads).await, json!(1), "without reloading");
    assert!(browser.text("#calls tr").await.contains("+7916•••4567"));

    open_newest(&browser).await;
    let picture = "return [...document.querySelectorAll('#timeline svg text')].map(t => t.textContent).join('|')";
    let drawn = browser.run(picture).await.as_str().expect("text").to_owned();
    for part in ["contacts 200 ok", "events 200 ok", "waiting time", "answer: "] {
        assert!(drawn.contains(part), "lacks {part}: {drawn}");
    }
    assert_eq!(browser.run("return document.querySelector('#timeline svg').dataset.requests").await, json!("3"));
    assert_eq!(browser.run("return document.querySelectorAll('#timeline .request').length").await, json!(3));
    // Nothing is drawn beyond the waiting time.
    let inside = "const limit = +document.querySelector('#timeline .limit').getAttribute('x1'); \
                  return [...document.querySelectorAll('#timeline rect')].every(r => +r.getAttribute('x') + +r.getAttribute('width') <= limit)";
    assert_eq!(browser.run(inside).await, json!(true));

    let has_fact = |title: &str| format!("return document.querySelector('#facts').textContent.includes('{title}')");
    browser.until("facts are called by their titles", &has_fact("Where the manager is known from")).await;
    browser.click("#language").await;
    browser.until("it is Russian", "return document.documentElement.lang === 'ru'").await;
    browser.until("facts too", &has_fact("Источник сведений о менеджере")).await;
    assert_eq!(browser.run(&has_fact("manager_source")).await, json!(false), "no key is shown");
    assert!(browser.text("body").await.contains("Чем закончились звонки"));
    let drawn = browser.run(picture).await.as_str().expect("text").to_owned();
    assert!(drawn.contains("время ожидания") && drawn.contains("ответ: "), "{drawn}");
    browser.client.refresh().await.expect("it reloads");
    browser.until("it stays Russian", "return document.documentElement.lang === 'ru'").await;

    // The same caller again: from the cache, for the manager at least.
    site.call(CALLER, "+74951234567").await;
    browser.until("the second call", "return document.querySelectorAll('#calls tr').length === 2").await;
    assert!(browser.text("#calls tr").await.contains("из памяти"));
    let counted = "return document.querySelector('#reasons .legend')?.innerText.endsWith(': 2') ?? false";
    browser.until("both are counted in the picture of reasons", counted).await;
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_an_open_call_that_comes_back_shows_each_step_as_it_comes() {
    let site = Site::with(
        "",
        "[[operation]]\nid = \"manager\"\nlinked_operation = \"queue:sales\"\nexits = { not-answered = \"operation:next\" }\n\
         [[operation]]\nid = \"next\"\nlinked_operation = \"queue:any\"\n",
    )
    .await;
    let Some(browser) = enter(&site, "en").await else { return };
    site.ask(&json!({"id": "7", "caller": CALLER, "called": "101", "operation": "manager"})).await;
    browser.until("the call appears", "return document.querySelectorAll('#calls tr').length === 1").await;
    open_newest(&browser).await;
    assert_eq!(browser.run("return document.querySelectorAll('#timeline .step').length").await, json!(0));
    site.ask(&json!({"id": "7", "after": "manager", "legs": ["busy"]})).await;
    browser.until("both steps are there", "return document.querySelectorAll('#timeline .step').length === 2").await;
    let says = |text: &str| format!("return document.querySelector('#timeline').innerText.includes('{text}')");
    for part in ["Step 1: manager → operation:next", "101: busy; nobody answered", "Step 2: next"] {
        browser.until(part, &says(part)).await;
    }
    assert_eq!(browser.run("return document.querySelectorAll('#timeline svg').length").await, json!(2));
    assert_eq!(browser.run("return document.querySelectorAll('#calls tr').length").await, json!(1), "it is one call");
    browser.click("#language").await;
    for part in ["Шаг 1: manager → operation:next", "101: занято; никто не ответил"] {
        browser.until(part, &says(part)).await;
    }
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pbx_saw_appears_in_the_open_call_as_it_comes() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    site.call(CALLER, "+74951234567").await;
    browser.until("the call appears", "return document.querySelectorAll('#calls tr').length === 1").await;
    open_newest(&browser).await;
    assert_eq!(browser.text("#outcome").await, "");
    site.report(1, &json!({"leg": 1, "sip_status": 408, "ring_ms": 20_000})).await;
    browser.until("a leg is drawn", "return document.querySelector('#outcome svg')?.dataset.legs === '1'").await;
    assert!(browser.text("#outcome").await.contains("Answered by nobody: no answer"));
    site.report(1, &json!({"leg": 2, "sip_status": 200, "ring_ms": 4_000})).await;
    browser.until("both are drawn", "return document.querySelector('#outcome svg')?.dataset.legs === '2'").await;
    let drawn = "return [...document.querySelectorAll('#outcome svg text')].map(t => t.textContent).join('|')";
    let drawn = browser.run(drawn).await.as_str().expect("text").to_owned();
    assert_eq!(drawn, "101|20.0 s no answer (SIP 408)|linked operation queue:sales|4.0 s answered (SIP 200)");
    assert!(browser.text("#outcome").await.contains("Answered by: queue:sales"));
    browser.click("#language").await;
    browser
        .until("it is Russian", "return document.querySelector('#outcome').innerText.includes('Ответили: queue:sales')")
        .await;
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_the_budget_a_blocked_account_and_a_server_that_is_gone_are_shown() {
    let site = Site::start("requests_per_second = 1", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    assert_eq!(browser.run("return document.querySelector('[data-circuit]').dataset.circuit").await, json!("closed"));
    assert!(browser.text("[data-circuit]").await.contains("1 requests a second"));
    tokio::join!(site.call(CALLER, "101"), site.call("+7 903 555-03-03", "101"));
    browser.until("both calls", "return document.querySelectorAll('#calls tr').length === 2").await;
    open_newest(&browser).await;
    assert_eq!(browser.run("return document.querySelectorAll('#timeline .turn').length").await, json!(1));

    site.amocrm.set_faults(vec!["contacts:html-403".parse::<FaultRule>().expect("a fault")]);
    let answer = site.call("+7 903 555-05-05", "101").await;
    assert!(!answer.contains("\"reason\":null"), "{answer}");
    browser
        .until("the circuit is open", "return document.querySelector('[data-circuit]').dataset.circuit === 'open'")
        .await;
    assert!(browser.text("[data-circuit]").await.contains("requests stopped until"));
    browser.until("the legend has both", "return document.querySelectorAll('#reasons .legend li').length >= 2").await;

    site.stop();
    browser.until("it is not live", "return document.querySelector('#live').dataset.state === 'again'").await;
    assert!(browser.text("#live").await.contains("connection lost"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_sent_again_is_told_in_both_languages() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    site.amocrm.set_faults(vec!["contacts:close-before-headers,times=1".parse::<FaultRule>().expect("a fault")]);
    site.call(CALLER, "101").await;
    browser.until("the call appears", "return document.querySelectorAll('#calls tr').length === 1").await;
    open_newest(&browser).await;
    let says = |text: &str| format!("return document.querySelector('#timeline svg').textContent.includes('{text}')");
    browser.until("it is told", &says("sent again: the connection broke")).await;
    browser.click("#language").await;
    browser.until("in Russian too", &says("отправлен ещё раз: соединение оборвалось")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_outside_is_shown_as_text_and_nothing_comes_from_elsewhere() {
    let hostile = r#"<img src=x onerror="document.title=1"><script>document.title=2</script>"#;
    let site = Site::start("", "queue:<i>sales</i>").await;
    let Some(browser) = enter(&site, "en").await else { return };
    site.call("", hostile).await;
    site.call(CALLER, hostile).await;
    browser.until("both calls", "return document.querySelectorAll('#calls tr').length === 2").await;
    for row in 0..2 {
        browser.run(&format!("document.querySelectorAll('#calls tr')[{row}].click()")).await;
        assert!(browser.text("#call-title").await.contains(hostile), "{}", browser.text("#call-title").await);
    }
    let body = browser.text("body").await;
    assert!(body.contains("queue:<i>sales</i>") && body.contains("Анна <b>Соколова</b>"), "{body}");
    assert_eq!(browser.run("return document.querySelectorAll('#desk :is(img, script, b, i)').length").await, json!(0));
    assert_eq!(browser.client.title().await.expect("a title"), "host-harness");
    let foreign = "return performance.getEntriesByType('resource').filter(r => !r.name.startsWith(location.origin) && !r.name.startsWith('data:')).map(r => r.name)";
    assert_eq!(browser.run(foreign).await, json!([]));
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
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
    let answer = browser.client.execute(shown, vec![json!({ "text": hostile, "number": 1 })]).await.expect("a script");
    assert_eq!(answer, json!({ "text": "301\\u{202e}103\\u{2066}\\u{200b}\\u{1b}[2J\\u{a}x", "number": 1 }));
    browser.client.refresh().await.expect("it reloads");
    browser.until("the page is live", "return document.querySelector('#live').dataset.state === 'on'").await;
    site.call("", "101").await;
    browser.until("the call appears", "return document.querySelectorAll('#calls tr').length === 1").await;
    let row = browser.run("return document.querySelector('#calls td.where').textContent").await;
    let row = row.as_str().expect("text");
    assert!(row.starts_with(&format!("\u{2068}{queue}\u{2069}: ")), "{row:?}");
    open_newest(&browser).await;
    let facts = browser.run("return document.querySelector('#facts').textContent").await;
    assert!(facts.as_str().expect("text").contains(&format!("\u{2068}{queue}\u{2069}: ")), "{facts}");
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
}
