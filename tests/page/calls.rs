//! Calls: as they come, as a picture, by filters and addresses, with the keyboard.

use amocrm_simulator::FaultRule;
use serde_json::json;
use test_support::CALLER;

use crate::{ENTER, ESCAPE, SPACE, Site, enter, enter_at, go, listed, open_newest, says};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_appears_as_it_comes_and_opens_as_a_picture_in_both_languages() {
    let site = Site::start("consider_manager_status = true", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    browser.until("there are none", &says("#none", "No calls.")).await;
    let loads = "return performance.getEntriesByType('navigation').length";
    site.call(CALLER, "+74951234567").await;
    listed(&browser, 1).await;
    assert_eq!(browser.run(loads).await, json!(1), "without reloading");
    assert!(browser.text("#calls .row").await.contains("+7916•••4567"));

    open_newest(&browser).await;
    let drawn = browser.text("#timeline").await;
    for part in ["contacts", "events", "HTTP 200", "waiting time", "answer: "] {
        assert!(drawn.contains(part), "lacks {part}: {drawn}");
    }
    assert_eq!(browser.run("return document.querySelector('.timeline').dataset.requests").await, json!("3"));
    assert_eq!(browser.run("return document.querySelectorAll('#timeline .request').length").await, json!(3));
    // Nothing is drawn beyond its track, and the scale is the call's own: its last bar ends in the second half.
    let ends = "return [...document.querySelectorAll('#timeline .request')].map(bar => { \
                const track = bar.parentElement.getBoundingClientRect(); \
                return (bar.getBoundingClientRect().right - track.left) / track.width; })";
    let ends = browser.run(ends).await;
    let ends: Vec<f64> = ends.as_array().expect("a list").iter().filter_map(serde_json::Value::as_f64).collect();
    assert!(ends.iter().all(|end| *end <= 1.01), "{ends:?}");
    let scale = browser.run("return Number(document.querySelector('.timeline').dataset.scale)").await;
    assert!(scale.as_f64().expect("a number") <= 3_000.0, "{scale}");

    let has_fact = |title: &str| says("#facts", title);
    browser.until("facts are called by their titles", &has_fact("Where the manager is known from")).await;
    browser.until("and have values in words", &has_fact("authorised in amoCRM")).await;
    browser.click("#language").await;
    browser.until("it is Russian", "return document.documentElement.lang === 'ru'").await;
    browser.until("facts too", &has_fact("Источник сведений о менеджере")).await;
    browser.until("and their values", &has_fact("авторизован в amoCRM")).await;
    for code in ["manager_source", "manager_age_seconds", "at-work", "event:"] {
        assert_eq!(browser.run(&has_fact(code)).await, json!(false), "no code is shown: {code}");
    }
    assert!(browser.text("body").await.contains("Чем закончились звонки"));
    let drawn = browser.text("#timeline").await;
    assert!(drawn.contains("время ожидания") && drawn.contains("ответ: "), "{drawn}");
    let manager = browser.run("return document.querySelector('#facts a[href*=\"contacts/detail\"]').href").await;
    assert!(manager.as_str().expect("a link").starts_with(site.amocrm.base_url()), "{manager}");

    // The same caller again: from the cache, for the manager at least.
    site.call(CALLER, "+74951234567").await;
    listed(&browser, 2).await;
    assert!(browser.text("#calls .row").await.contains("из памяти"));
    browser.until("both are counted", &says("#reasons .legend", "Переадресован менеджеру: 2")).await;
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
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
    listed(&browser, 1).await;
    open_newest(&browser).await;
    assert_eq!(browser.run("return document.querySelectorAll('#timeline .step').length").await, json!(0));
    site.ask(&json!({"id": "7", "after": "manager", "legs": ["busy"]})).await;
    browser.until("both steps are there", "return document.querySelectorAll('#timeline .step').length === 2").await;
    for part in ["(manager) → step 2: ", "101: busy; nobody answered", "Step 2: "] {
        browser.until(part, &says("#timeline", part)).await;
    }
    assert_eq!(browser.run("return document.querySelectorAll('.timeline').length").await, json!(2));
    assert_eq!(browser.run("return document.querySelectorAll('#calls .row').length").await, json!(1), "it is one call");
    browser.click("#language").await;
    for part in ["(manager) → шаг 2: ", "101: занято; никто не ответил"] {
        browser.until(part, &says("#timeline", part)).await;
    }
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pbx_saw_appears_in_the_open_call_as_it_comes() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    site.call(CALLER, "+74951234567").await;
    listed(&browser, 1).await;
    open_newest(&browser).await;
    assert_eq!(browser.run("return document.querySelector('#outcome')").await, json!(null));
    site.report(1, &json!({"leg": 1, "sip_status": 408, "ring_ms": 20_000})).await;
    browser.until("a leg is drawn", "return document.querySelector('.legs')?.dataset.legs === '1'").await;
    assert!(browser.text("#outcome").await.contains("Answered by nobody: no answer"));
    site.report(1, &json!({"leg": 2, "sip_status": 200, "ring_ms": 4_000})).await;
    browser.until("both are drawn", "return document.querySelector('.legs')?.dataset.legs === '2'").await;
    let drawn = "return [...document.querySelectorAll('.legs span')].map(t => t.textContent).join('|')";
    let drawn = browser.run(drawn).await.as_str().expect("text").to_owned();
    assert_eq!(drawn, "101|20 s no answer (SIP 408)|linked operation queue:sales|4 s answered (SIP 200)");
    assert!(browser.text("#outcome").await.contains("Answered by: queue:sales"));
    browser.click("#language").await;
    browser.until("it is Russian", &says("#outcome", "Ответили: queue:sales")).await;
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_sent_again_is_told_in_both_languages() {
    let site = Site::start("", "queue:sales").await;
    let Some(browser) = enter(&site, "en").await else { return };
    site.amocrm.set_faults(vec!["contacts:close-before-headers,times=1".parse::<FaultRule>().expect("a fault")]);
    site.call(CALLER, "101").await;
    listed(&browser, 1).await;
    open_newest(&browser).await;
    browser.until("it is told", &says("#timeline", "sent again: the connection broke")).await;
    browser.click("#language").await;
    browser.until("in Russian too", &says("#timeline", "отправлен ещё раз: соединение оборвалось")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_opens_beside_the_list_by_its_address_and_closes_with_escape() {
    let site = Site::start("", "queue:sales").await;
    for _ in 0..40 {
        site.call("anonymous", "101").await;
    }
    let Some(browser) = enter_at(&site, "en", "#/calls/3").await else { return };
    browser.until("the call of the address is open", &says("#call-title", "Call 3")).await;
    listed(&browser, 40).await;
    assert_eq!(browser.client.title().await.expect("a title"), "Calls — host-harness");
    browser.press(ESCAPE).await;
    browser.until("it is closed", "return document.querySelector('#call') === null").await;

    // From the keyboard: Space opens like Enter, the focus goes in, Escape brings it back to the row.
    for key in [SPACE, ENTER] {
        browser.run("document.querySelector('#row-38').focus()").await;
        browser.press(key).await;
        browser.until("the focus is in the call", "return document.activeElement.id === 'call-title'").await;
        let seen = "const box = document.querySelector('#call-title').getBoundingClientRect(); \
                    return box.top >= 0 && box.bottom <= innerHeight";
        assert_eq!(browser.run(seen).await, json!(true), "it opens in sight");
        browser.press(ESCAPE).await;
        browser.until("the focus is back", "return document.activeElement.id === 'row-38'").await;
    }
    // Back leads to what was before.
    go(&browser, "#/calls/5").await;
    browser.until("another is open", &says("#call-title", "Call 5")).await;
    browser.client.back().await.expect("it goes back");
    browser.until("none is open", "return document.querySelector('#call') === null").await;
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_telephone_a_call_opens_over_the_list() {
    let site = Site::start("", "queue:sales").await;
    site.call(CALLER, "101").await;
    let Some(browser) = enter(&site, "ru").await else { return };
    browser.look(390, 844, "light").await;
    listed(&browser, 1).await;
    open_newest(&browser).await;
    let over = "const call = document.querySelector('#call'); const box = call.getBoundingClientRect(); \
                return call.role === 'dialog' && box.left === 0 && box.width === innerWidth && box.top === 0 && document.querySelector('.all').inert";
    browser.until("it is a dialogue over all", over).await;
    browser.press(ESCAPE).await;
    browser.until("the focus is back", "return document.activeElement.id === 'row-1'").await;
    assert_eq!(browser.run("return document.querySelector('.all').inert").await, json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn o5_the_kept_manager_of_a_caller_is_forgotten_from_an_open_call() {
    let site = Site::start("", "queue:sales").await;
    site.call(CALLER, "101").await;
    assert!(site.call(CALLER, "101").await.contains("\"manager_source\":\"cache\""));
    let Some(browser) = enter(&site, "ru").await else { return };
    listed(&browser, 2).await;
    open_newest(&browser).await;
    browser.click("#forget").await;
    browser.until("it says so", &says("#call", "Забыт: при следующем звонке amoCRM будет запрошена снова.")).await;
    assert!(site.call(CALLER, "101").await.contains("\"manager_source\":\"crm\""));
}
