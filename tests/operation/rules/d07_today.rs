//! D7 Today: the amoCRM account's own day, not the server's.

use runtime::capabilities::directory::Presence;
use test_support::{ANNA, CALLER, Scene};

async fn scene_at(now: &str, offset: &str, seen: &str) -> Scene {
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    scene.simulator.update(|account| account.account.timezone_offset = offset.to_owned());
    scene.advance(now.parse::<jiff::Timestamp>().expect("a time").duration_since(scene.clock.now()));
    scene.set_presence(ANNA, Presence::LastSeen(seen.parse().expect("a time")));
    scene
}

#[tokio::test]
async fn d07_midnight_is_the_accounts() {
    // Half past midnight in Moscow, half past nine in the evening in Greenwich.
    let now = "2026-11-21T21:30:00Z";
    for (offset, seen, code) in [
        // The last hour counts across midnight.
        ("+03:00", "2026-11-21T20:29:59Z", "manager-absent"),
        ("+03:00", "2026-11-21T20:30:00Z", "forward"),
        ("+00:00", "2026-11-21T00:00:00Z", "forward"),
        ("+00:00", "2026-11-20T23:59:59Z", "manager-absent"),
        ("-05:00", "2026-11-21T05:00:00Z", "forward"),
        ("-05:00", "2026-11-21T04:59:59Z", "manager-absent"),
        ("+05:45", "2026-11-21T18:15:00Z", "forward"),
        ("+05:45", "2026-11-21T18:14:59Z", "manager-absent"),
    ] {
        assert_eq!(scene_at(now, offset, seen).await.call(CALLER).await.code(), code, "{offset}, seen {seen}");
    }
}

#[tokio::test]
async fn d07_events_are_asked_for_since_the_accounts_midnight() {
    let mut scene = scene_at("2026-11-22T09:00:00Z", "+03:00", "2026-11-21T00:00:00Z").await;
    scene.set_presence(ANNA, Presence::NotFed);
    scene.call(CALLER).await;
    let requests = scene.simulator.requests();
    let events = requests.iter().find(|request| request.path == "/api/v4/events").expect("events were asked for");
    let value = |key: &str| events.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    assert_eq!(value("filter[created_at][from]"), Some("1795294800"), "2026-11-21T21:00:00Z");
    assert_eq!(value("filter[created_by][]"), Some("504141"));
    let account = requests.iter().find(|request| request.path == "/api/v4/account").expect("the account was asked for");
    assert_eq!(account.query, [("with".to_owned(), "datetime_settings".to_owned())]);
}

#[tokio::test]
async fn d07_the_details_name_the_evidence() {
    let scene = scene_at("2026-11-22T09:00:00Z", "+03:00", "2026-11-22T06:15:30Z").await;
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.detail("status_evidence"), "presence");
    assert_eq!(outcome.detail("status_evidence_at"), "2026-11-22T06:15:30Z");
}
