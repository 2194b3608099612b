//! `/api/v4/events` (amoCRM facts §4, §7.9).

use amocrm_simulator::{Account, Options};
use serde_json::json;

use super::client::{Bench, MovedClock, at};

/// 2026-11-23 00:00 in Moscow.
const MIDNIGHT: i64 = 1_795_381_200;

fn kinds(reply: &super::client::Reply) -> Vec<String> {
    let json = reply.json();
    let events = json["_embedded"]["events"].as_array().unwrap();
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_event_has_the_documented_shape() {
    let bench = Bench::demo().await;
    let reply = bench.get("/api/v4/events?filter[created_by]=504141").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/hal+json"));
    let event = &reply.json()["_embedded"]["events"][0];
    assert_eq!(event["type"], "lead_status_changed");
    assert_eq!((event["created_by"].as_i64(), event["entity_id"].as_i64()), (Some(504_141), Some(9001)));
    assert_eq!(event["created_at"].as_i64(), Some(MIDNIGHT + (9 * 60 + 5) * 60));
    assert_eq!(event["id"].as_str().unwrap().len(), 26);
    let status = json!([{"lead_status": {"id": 32_392_156, "pipeline_id": 3_177_727}}]);
    assert_eq!((&event["value_after"], &event["value_before"]), (&status, &json!([])));
}

#[tokio::test]
async fn every_spelling_of_a_filter_means_the_same() {
    let bench = Bench::demo().await;
    for filter in [
        "filter[created_by]=504141",
        "filter[created_by][]=504141",
        "filter[created_by][0]=504141",
        "filter%5Bcreated_by%5D%5B%5D=504141",
    ] {
        assert_eq!(kinds(&bench.get(&format!("/api/v4/events?{filter}")).await), ["lead_status_changed"], "{filter}");
    }
}

#[tokio::test]
async fn events_are_newest_first_and_filtered() {
    let bench = Bench::demo().await;
    let get = async |query: String| bench.get(&format!("/api/v4/events?{query}")).await;
    let since = format!("filter[created_at][from]={MIDNIGHT}");
    assert_eq!(
        kinds(&get(format!("filter[created_by][]=504145&{since}")).await),
        ["service_note_added", "robot_replied", "incoming_call"]
    );
    assert_eq!(kinds(&get(format!("filter[created_by][]=504142&{since}&limit=1")).await), ["incoming_call"]);
    assert_eq!(get(format!("filter[created_by][]=504146&{since}")).await.status, 204);
    assert_eq!(get(format!("filter[created_by][]=504146&filter[created_at]={MIDNIGHT}")).await.status, 204);
    let yesterday = format!("filter[created_by][]=504146&filter[created_at][to]={MIDNIGHT}");
    assert_eq!(kinds(&get(yesterday).await), ["lead_status_changed"]);
    assert_eq!(kinds(&get("filter[type][]=robot_replied".to_owned()).await), ["robot_replied"]);
    let of_contact = "filter[entity][]=contact&filter[entity_id][]=2".to_owned();
    assert_eq!(kinds(&get(of_contact).await), ["contact_added"]);
    assert_eq!(kinds(&get("limit=3&page=3".to_owned()).await), ["entity_tag_added", "lead_status_changed"]);
}

#[tokio::test]
async fn the_same_event_has_the_same_time_however_often_and_early_it_is_asked_for() {
    let mut times = Vec::new();
    for now in ["2026-11-22T21:00:01Z", "2026-11-23T02:00:00Z", "2026-11-23T06:04:59Z"] {
        let bench = Bench::start(at(now)).await;
        let event = bench.get("/api/v4/events?filter[created_by]=504141").await.json();
        times.push(event["_embedded"]["events"][0]["created_at"].as_i64());
    }
    assert_eq!(times, [Some(MIDNIGHT); 3]);
}

#[tokio::test]
async fn events_of_some_time_ago_stay_where_they_are_and_pages_with_them() {
    let (clock, options) = MovedClock::at_noon();
    let event = |id: u64| format!("[[events]]\ntype = \"lead_added\"\nid = \"{id}\"\ncreated_by = 1\nago = \"1h\"\n");
    let account = Account::from_toml(&(1..=3).map(event).collect::<String>()).unwrap();
    let bench = Bench::start(Options { account, ..options }).await;
    let page = async |query: &str| {
        let json = bench.get(&format!("/api/v4/events?{query}")).await.json();
        let events = json["_embedded"]["events"].as_array().unwrap();
        events.iter().map(|event| (event["id"].clone(), event["created_at"].as_i64().unwrap())).collect::<Vec<_>>()
    };
    let begun = MIDNIGHT + 11 * 3600;
    assert_eq!(page("limit=2").await, [(json!("3"), begun), (json!("2"), begun)]);
    clock.forward(jiff::SignedDuration::from_hours(5));
    assert_eq!(page("limit=2&page=2").await, [(json!("1"), begun)]);
    let filtered = format!("filter[id][]=1&filter[created_at][from]={begun}&filter[created_at][to]={begun}");
    assert_eq!(page(&filtered).await, [(json!("1"), begun)]);
    // One that is added later is reckoned from then.
    let added = Account::from_toml(&event(4)).unwrap().events;
    bench.simulator.update(|account| account.events.extend(added));
    clock.forward(jiff::SignedDuration::from_hours(5));
    assert_eq!(page("limit=1").await, [(json!("4"), begun + 5 * 3600)]);
}

#[tokio::test]
async fn the_last_page_of_events_names_a_next_one_which_is_empty() {
    let bench = Bench::demo().await;
    bench.simulator.update(|account| account.behaviour.next_on_last_page = true);
    let last = bench.get("/api/v4/events?filter[created_by]=504141").await.json();
    assert!(last["_links"]["next"]["href"].as_str().is_some_and(|next| next.ends_with("page=2")), "{last}");
    assert_eq!(bench.get("/api/v4/events?filter[created_by]=504141&page=2").await.status, 204);
    let types = bench.get("/api/v4/events/types").await.json();
    let kinds = types["_embedded"]["events_types"].as_array().unwrap();
    assert!(kinds.iter().any(|kind| kind["key"] == "lead_status_changed"), "{types}");
}

#[tokio::test]
async fn wrong_filters_are_refused() {
    let bench = Bench::demo().await;
    let many: String = (1..=11).map(|id| format!("filter[created_by][]={id}&")).collect();
    for (query, status) in [
        ("limit=101", 422),
        ("filter[created_by]=anna", 400),
        ("filter[created_at][from]=today", 400),
        ("filter[entity_id][]=2", 400),
        (many.as_str(), 400),
    ] {
        assert_eq!(bench.get(&format!("/api/v4/events?{query}")).await.status.as_u16(), status, "{query}");
    }
}

#[tokio::test]
async fn an_event_ahead_of_the_clock_has_not_happened() {
    let account = "[[events]]\ntype = \"lead_added\"\ncreated_by = 1\ncreated_at = 2026-11-23T09:30:00+03:00";
    for (time, status) in [("2026-11-23T06:29:59Z", 204), ("2026-11-23T06:30:00Z", 200)] {
        let options = Options { account: Account::from_toml(account).unwrap(), ..at(time) };
        assert_eq!(Bench::start(options).await.get("/api/v4/events").await.status.as_u16(), status, "{time}");
    }
}
