//! The widget in amoCRM's page, from its installation to the call that follows, in a browser that takes no cookies of other sites.

use jiff::SignedDuration;
use runtime::capabilities::directory::Presence;
use serde_json::json;
use test_support::CALLER;
use test_support::client::TOKEN;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::office::{Office, reports, running, shown_again};
use crate::{Browser, ENTER, says};

const ANNA: u64 = 504_141;
const BORIS: u64 = 504_142;

/// Waits until a user was seen.
async fn seen(office: &Office, user: u64) {
    let wait = async {
        while !matches!(office.presence(user).await, Presence::LastSeen(_)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(test_support::client::PATIENCE, wait).await.expect("a report comes");
}

/// Waits until so many reports have ended.
async fn reported(browser: &Browser, times: u64) {
    let script = format!(
        "return performance.getEntriesByType('resource').filter(({{ name }}) => name.endsWith('/presence')).length === {times}"
    );
    browser.until(&format!("{times} reports"), &script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_who_opens_amocrm_is_rung_and_who_has_not_come_the_next_day_is_not() {
    let office = Office::open().await;
    let Some(browser) = office.browser().await else { return };
    office.install(&browser, ANNA, None).await;
    seen(&office, ANNA).await;
    office.amocrm.clear_requests();
    let call = office.call().await;
    assert_eq!((call.employee(), call.detail("status_evidence").as_str()), (Some("anna"), Some("presence")));
    assert_eq!(office.amocrm.count_of(amocrm_simulator::Endpoint::Events), 0, "the status costs no request");
    assert_eq!(office.presence(BORIS).await, Presence::NeverSeen);
    // Another user in another tab, and the first one goes home.
    let tab = browser.client.new_window(true).await.expect("a tab");
    browser.client.switch_to_window(tab.handle).await.expect("the tab");
    office.enter(&browser, BORIS).await;
    running(&browser).await;
    seen(&office, BORIS).await;
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
    drop(browser);
    // The next morning nobody has opened amoCRM yet: the widget was fed yesterday, and is not silent.
    office.clock.advance(SignedDuration::from_hours(21));
    let call = office.call().await;
    assert_eq!((call.code(), call.employee()), ("manager-absent", None));
    let Some(browser) = office.browser().await else { return };
    office.enter(&browser, ANNA).await;
    running(&browser).await;
    while office.call().await.employee() != Some("anna") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_a_report_is_sent_once_and_again_when_the_tab_is_shown_after_a_quarter_of_an_hour() {
    let office = Office::open().await;
    let Some(browser) = office.browser().await else { return };
    office.install(&browser, ANNA, None).await;
    reported(&browser, 1).await;
    for (minutes, reports) in [(0, 1), (14, 1), (15, 2), (16, 2), (29, 2), (31, 3)] {
        shown_again(&browser, minutes).await;
        reported(&browser, reports).await;
    }
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_a_report_whose_token_was_used_before_is_refused_and_the_page_stays_quiet() {
    let office = Office::open().await;
    let Some(browser) = office.browser().await else { return };
    office.install(&browser, ANNA, None).await;
    reported(&browser, 1).await;
    // From now on every request carries the token of the first.
    let reuse = "const set = XMLHttpRequest.prototype.setRequestHeader; let first = null; \
                 XMLHttpRequest.prototype.setRequestHeader = function (name, value) { \
                 return set.call(this, name, name === 'X-Auth-Token' ? (first ??= value) : value); }";
    browser.run(reuse).await;
    let answers = "return performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/presence')).map(({ responseStatus }) => responseStatus)";
    for (minutes, expected) in [(15, json!([204, 204])), (30, json!([204, 204, 409])), (31, json!([204, 204, 409]))] {
        shown_again(&browser, minutes).await;
        browser
            .until(
                "it is reported",
                &format!("return (() => {{ {answers} }})().length === {}", expected.as_array().expect("a list").len()),
            )
            .await;
        assert_eq!(browser.run(answers).await, expected, "{minutes}");
    }
    assert_eq!(browser.text("#notifications").await, "");
    assert!(matches!(office.presence(ANNA).await, Presence::LastSeen(_)), "the first report counts");
    assert_eq!(browser.complaints(&["409"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_a_widget_that_is_silent_since_yesterday_leaves_the_status_to_events_until_it_reports_again() {
    let office = Office::open().await;
    let Some(browser) = office.browser().await else { return };
    office.install(&browser, ANNA, None).await;
    seen(&office, ANNA).await;
    browser.client.goto("about:blank").await.expect("amoCRM is closed");
    office.a_day_passes().await;
    office.amocrm.clear_requests();
    let call = office.call().await;
    assert!(call.detail("notes").to_string().contains("has been silent since"), "{}", call.json);
    assert_eq!(office.amocrm.count_of(amocrm_simulator::Endpoint::Events), 1, "{}", call.json);
    // The console says so.
    enter_console(&office, &browser).await;
    browser.run("location.hash = '#/integration'").await;
    browser.until("since when", &says("[data-feed=silent]", "Виджет amoCRM молчит с ")).await;
    // Who opens amoCRM ends the silence.
    office.enter(&browser, ANNA).await;
    running(&browser).await;
    while office.call().await.detail("status_evidence").as_str() != Some("presence") {
        tokio::task::yield_now().await;
    }
    assert_eq!(browser.complaints(&["401"]).await, Vec::<String>::new());
}

/// Who is at work in amoCRM is rung, though no telephone of theirs is reachable: a web phone that is offline does not make them absent.
#[tokio::test(flavor = "multi_thread")]
async fn o7_a_web_phone_that_is_offline_has_no_influence() {
    let office = Office::open().await;
    let Some(browser) = office.browser().await else { return };
    office.install(&browser, ANNA, None).await;
    seen(&office, ANNA).await;
    enter_console(&office, &browser).await;
    let ask = |path: &str, body: &serde_json::Value| {
        let body = body.to_string();
        format!(
            "return fetch({path:?}, {{ method: 'POST', body: {body:?}, headers: {{ 'Content-Type': 'application/json', 'X-Requested-With': 'host-harness' }} }}).then(answer => answer.json())"
        )
    };
    for id in ["first", "second"] {
        let call = browser.run(&ask("/v1/resolve-call", &json!({"id": id, "caller": CALLER, "called": "101"}))).await;
        assert_eq!(call["route"]["employee"]["id"], "anna", "{call}");
        assert_eq!(call["details"]["status_evidence"], "presence", "{call}");
        // The PBX could not reach it (SIP 480).
        let path = format!("/v1/calls/{id}/outcome");
        let outcome = browser.run(&ask(&path, &json!({"leg": 1, "sip_status": 480}))).await;
        assert_eq!(outcome["outcome"]["legs"][0]["result"], "unavailable", "{outcome}");
    }
}

/// The console of the server, in the same browser.
async fn enter_console(office: &Office, browser: &Browser) {
    browser.client.goto(&office.address).await.expect("the console");
    browser.until("it asks for the token", "return document.querySelector('#token') !== null").await;
    browser.write("#token", &format!("{TOKEN}{ENTER}")).await;
    browser.until("it is live", "return document.querySelector('#live')?.dataset.state === 'on'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_slow_or_refuses_is_asked_once_and_disturbs_nobody() {
    let mut office = Office::open().await;
    let Some(browser) = office.browser().await else { return };
    // Somebody listens and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let slow = format!("https://{}", listener.local_addr().expect("an address"));
    let listening = tokio::spawn(async move {
        let mut connections = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            connections.push(tokio::spawn(async move {
                while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
            }));
        }
    });
    office.install(&browser, ANNA, Some(&slow)).await;
    assert_eq!(reports(&browser).await, 0, "it waits for its answer, and the page does not");
    listening.abort();
    // The account is another one's for the server: it refuses.
    office.amocrm.rename().await.expect("another address");
    office.install(&browser, ANNA, None).await;
    reported(&browser, 1).await;
    shown_again(&browser, 1).await;
    assert_eq!(reports(&browser).await, 1);
    office.close();
    office.enter(&browser, ANNA).await;
    running(&browser).await;
    reported(&browser, 1).await;
    assert_eq!(office.presence(ANNA).await, Presence::NotFed);
    // What the browser itself says of requests that failed is not the widget's to avoid.
    assert_eq!(browser.complaints(&["ERR_", "403", "401", "CORS policy"]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_breaks_a_rule_is_not_installed_and_the_page_says_which() {
    let office = Office::open().await;
    let Some(browser) = office.browser().await else { return };
    office.enter(&browser, ANNA).await;
    let file = office.archive();
    std::fs::write(&file, "no archive").expect("a file");
    let field = browser.client.find(fantoccini::Locator::Css("#archive")).await.expect("a field");
    field.send_keys(&file.display().to_string()).await.expect("it takes a file");
    browser.until("the finding", &says("#findings", "это не архив zip")).await;
    assert_eq!(browser.complaints(&["422"]).await, Vec::<String>::new());
}
