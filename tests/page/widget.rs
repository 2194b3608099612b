//! The widget in amoCRM's page, from its installation to the call that follows, in a browser that takes no cookies of other sites.

use jiff::SignedDuration;
use runtime::capabilities::directory::Presence;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::office::{Office, reports, running, shown_again};
use crate::{Browser, says};

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
    let Some(browser) = office.certificate.browser().await else { return };
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
    let Some(browser) = office.certificate.browser().await else { return };
    office.enter(&browser, ANNA).await;
    running(&browser).await;
    while office.call().await.employee() != Some("anna") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o7_a_report_is_sent_once_and_again_when_the_tab_is_shown_after_a_quarter_of_an_hour() {
    let office = Office::open().await;
    let Some(browser) = office.certificate.browser().await else { return };
    office.install(&browser, ANNA, None).await;
    reported(&browser, 1).await;
    for (minutes, reports) in [(0, 1), (14, 1), (15, 2), (16, 2), (29, 2), (31, 3)] {
        shown_again(&browser, minutes).await;
        reported(&browser, reports).await;
    }
    assert_eq!(browser.complaints(&[]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_slow_or_refuses_is_asked_once_and_disturbs_nobody() {
    let mut office = Office::open().await;
    let Some(browser) = office.certificate.browser().await else { return };
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
    let Some(browser) = office.certificate.browser().await else { return };
    office.enter(&browser, ANNA).await;
    let file = office.certificate.path("widget.zip");
    std::fs::write(&file, "no archive").expect("a file");
    let field = browser.client.find(fantoccini::Locator::Css("#archive")).await.expect("a field");
    field.send_keys(&file.display().to_string()).await.expect("it takes a file");
    browser.until("the finding", &says("#findings", "no zip archive")).await;
    assert_eq!(browser.complaints(&["422"]).await, Vec::<String>::new());
}
