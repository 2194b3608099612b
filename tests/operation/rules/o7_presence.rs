//! O7 with presence that the host was told of: kept beside the operation's cache, reported by the directory on every call.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use amocrm::presence::PresenceBook;
use amocrm_simulator::Endpoint;
use jiff::{SignedDuration, Timestamp};
use test_support::{ANNA, BORIS, CALLER, FaultyStore, START, Scene};

async fn checking() -> Scene {
    let mut scene = Scene::new().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    scene
}

fn book(scene: &Scene) -> PresenceBook {
    PresenceBook::new(Arc::clone(&scene.store), "main")
}

fn start() -> Timestamp {
    START.parse().expect("a time")
}

#[tokio::test]
async fn o7_a_manager_whom_the_host_was_told_of_is_rung_without_asking_for_events() {
    let scene = checking().await;
    book(&scene).seen(ANNA, start() - SignedDuration::from_mins(5)).await.expect("kept");
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.employee(), Some("anna"));
    assert_eq!(outcome.detail("status_evidence"), "presence");
    assert_eq!(outcome.detail("status_evidence_at"), "2026-11-22T08:55:00Z");
    assert!(!scene.requests().contains(&Some(Endpoint::Events)));
}

#[tokio::test]
async fn o7_where_only_others_were_seen_the_manager_is_absent_until_seen_on_every_call_anew() {
    let scene = checking().await;
    book(&scene).seen(BORIS, start()).await.expect("kept");
    assert_eq!(scene.call(CALLER).await.code(), "manager-absent");
    book(&scene).seen(ANNA, start()).await.expect("kept");
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.employee(), outcome.source()), (Some("anna"), Some("cache")));
}

#[tokio::test]
async fn o7_another_integrations_presence_is_nothing_here() {
    let scene = checking().await;
    PresenceBook::new(Arc::clone(&scene.store), "another").seen(ANNA, start()).await.expect("kept");
    scene.call(CALLER).await;
    assert!(scene.requests().contains(&Some(Endpoint::Events)), "presence is not fed here, so events are asked for");
}

#[tokio::test]
async fn o7_a_silent_feed_gives_way_to_events() {
    let scene = checking().await;
    book(&scene).seen(BORIS, start() - SignedDuration::from_hours(24)).await.expect("kept");
    scene.call(CALLER).await;
    assert!(scene.requests().contains(&Some(Endpoint::Events)));
}

#[tokio::test]
async fn d09_presence_that_cannot_be_read_gives_way_to_events_and_is_noted() {
    let mut scene = checking().await;
    let store = Arc::new(FaultyStore::default());
    store.reads_fail.store(true, Ordering::Relaxed);
    scene.store = store;
    let outcome = scene.call(CALLER).await;
    assert!(outcome.has_note("directory-fault"));
    assert!(scene.requests().contains(&Some(Endpoint::Events)));
}
