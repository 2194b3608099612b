//! E3: the operation «Рабочее время» in wasmtime. Its rules one by one, and a comparison with another calendar, are beside it in
//! `guest/working-hours/tests`; here it is the component.

use std::sync::OnceLock;

use host_harness::WORKING_HOURS;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use runtime::bindings::exports::telephony::operation::operation::SettingKind;
use runtime::bindings::telephony::operation::types::{ItemValue, ReasonClass, SettingValue};
use runtime::capabilities::clocks::Clock;
use runtime::engine::Operation;
use test_support::russian::assert_named_in_both_languages;
use test_support::{CALLER, Outcome, Scene, engine};
use working_hours::{Settings, decide};

/// The component, compiled once.
fn working_hours() -> Operation {
    static LOADED: OnceLock<Operation> = OnceLock::new();
    LOADED.get_or_init(|| engine().load(WORKING_HOURS).expect("it fits the contract")).clone()
}

async fn scene() -> Scene {
    let mut scene = Scene::new().await;
    scene.operation = working_hours();
    scene.integration.time_zone = Some("Europe/Moscow".to_owned());
    scene
}

fn lines<T: AsRef<str>>(lines: &[T]) -> SettingValue {
    SettingValue::List(lines.iter().map(|line| ItemValue::Text(line.as_ref().to_owned())).collect())
}

/// A call that arrives at this time. Nothing is asked of anybody.
async fn at(scene: &mut Scene, time: &str) -> Outcome {
    scene.clock = Clock::frozen_at(time.parse().expect("a time"));
    let outcome = scene.call(CALLER).await;
    assert!(scene.requests().is_empty() && outcome.requests().is_empty(), "{}", outcome.json);
    outcome
}

async fn codes(scene: &mut Scene, times: &[(&str, &str)]) {
    for (time, code) in times {
        let outcome = at(scene, time).await;
        assert_eq!(outcome.code(), *code, "{time}: {}", outcome.json);
    }
}

#[tokio::test]
async fn e3_it_offers_two_exits_and_imports_nothing() {
    let operation = working_hours();
    assert!(operation.fit().is_fit(), "{}", operation.fit());
    assert!(WORKING_HOURS.len() < 150_000, "{} bytes", WORKING_HOURS.len());
    let description = operation.describe().await.expect("a description");
    assert_eq!((description.id.as_str(), description.title.ru.as_str()), ("working-hours", "Рабочее время"));
    let reasons: Vec<_> = description.reasons.iter().map(|reason| (reason.code.as_str(), reason.class)).collect();
    assert_eq!(
        reasons,
        [
            ("in-hours", ReasonClass::Exit),
            ("out-of-hours", ReasonClass::Exit),
            ("settings-invalid", ReasonClass::Configuration)
        ]
    );
    let settings: Vec<_> =
        description.settings.iter().map(|setting| (setting.key.as_str(), setting.required)).collect();
    assert_eq!(settings, [("week", true), ("holidays", false), ("exceptions", false), ("time_zone", false)]);
    let lists = description.settings.iter().filter(|setting| matches!(setting.kind, SettingKind::List(_)));
    assert_eq!(lists.count(), 3);
    assert!(description.configuration.is_empty());
    assert_named_in_both_languages(&description);
}

#[tokio::test]
async fn e3_the_call_details_tell_the_local_time_and_what_decided() {
    let mut scene = scene().await;
    scene.set("week", lines(&["mon-fri 09:00-18:00"]));
    scene.set("holidays", lines(&["11-04", "2026-11-24..2026-11-25"]));
    scene.set("exceptions", lines(&["2026-11-25 10:00-12:00"]));
    for (time, code, local, rule, line) in [
        ("2026-11-23T09:00:00Z", "in-hours", "2026-11-23 12:00:00", "week", Some("mon-fri 09:00-18:00")),
        ("2026-11-24T09:00:00Z", "out-of-hours", "2026-11-24 12:00:00", "holiday", Some("2026-11-24..2026-11-25")),
        ("2026-11-25T08:59:59Z", "in-hours", "2026-11-25 11:59:59", "exception", Some("2026-11-25 10:00-12:00")),
        ("2026-11-25T09:00:00Z", "out-of-hours", "2026-11-25 12:00:00", "exception", Some("2026-11-25 10:00-12:00")),
        ("2026-11-28T09:00:00Z", "out-of-hours", "2026-11-28 12:00:00", "week", None),
    ] {
        let outcome = at(&mut scene, time).await;
        assert_eq!((outcome.code(), outcome.class()), (code, "exit"), "{}", outcome.json);
        assert_eq!(outcome.json["reason"]["status"], "", "to leave is no failure");
        assert_eq!(outcome.detail("local_time"), local);
        assert_eq!(outcome.detail("decided_by"), rule);
        assert_eq!(outcome.detail("line").as_str(), line);
        assert_eq!(outcome.detail("time_zone"), "Europe/Moscow");
    }
    assert_eq!(at(&mut scene, "2026-11-28T09:00:00Z").await.detail("weekday"), "sat");
    let shown = at(&mut scene, "2026-11-24T09:00:00Z").await.resolved.text(call::Language::Ru).to_string();
    assert!(shown.contains("Нерабочее время") && shown.contains("вторник") && shown.contains("выходной"), "{shown}");
}

#[tokio::test]
async fn e3_the_clock_on_the_wall_counts_where_clocks_change() {
    let mut scene = scene().await;
    scene.set("week", lines(&["daily 02:00-06:00", "daily 09:00-18:00"]));
    scene.set("time_zone", SettingValue::Text("Europe/Berlin".to_owned()));
    // In the night of 2027-03-28 the clock goes from 02:00 to 03:00 (01:00Z), in that of 2027-10-31 from 03:00 back to 02:00.
    codes(
        &mut scene,
        &[
            ("2027-03-27T08:00:00Z", "in-hours"),
            ("2027-03-28T00:59:59Z", "out-of-hours"),
            ("2027-03-28T01:00:00Z", "in-hours"),
            ("2027-03-28T06:59:59Z", "out-of-hours"),
            ("2027-03-28T07:00:00Z", "in-hours"),
            ("2027-03-28T16:00:00Z", "out-of-hours"),
            ("2027-10-30T23:59:59Z", "out-of-hours"),
            ("2027-10-31T00:00:00Z", "in-hours"),
            ("2027-10-31T01:00:00Z", "in-hours"),
            ("2027-10-31T07:59:59Z", "out-of-hours"),
            ("2027-10-31T08:00:00Z", "in-hours"),
            ("2027-10-31T17:00:00Z", "out-of-hours"),
        ],
    )
    .await;
    // Zones of half an hour and of three quarters.
    for (zone, opens) in [("Asia/Kolkata", "2027-03-01T03:30:00Z"), ("Asia/Kathmandu", "2027-03-01T03:15:00Z")] {
        scene.set("week", lines(&["mon 09:00-18:00"]));
        scene.set("time_zone", SettingValue::Text(zone.to_owned()));
        let before = opens.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_secs(1);
        codes(&mut scene, &[(before.to_string().as_str(), "out-of-hours"), (opens, "in-hours")]).await;
    }
}

#[tokio::test]
async fn e3_hours_go_past_midnight_and_a_date_is_that_of_the_time_zone() {
    let mut scene = scene().await;
    scene.set("week", lines(&["fri 22:00-02:00"]));
    scene.set("holidays", lines(&["2026-11-28"]));
    // 2026-11-27 is a Friday; Moscow is three hours ahead.
    codes(
        &mut scene,
        &[
            ("2026-11-27T18:59:59Z", "out-of-hours"),
            ("2026-11-27T19:00:00Z", "in-hours"),
            ("2026-11-27T21:00:00Z", "in-hours"),
            ("2026-11-27T22:59:59Z", "in-hours"),
            ("2026-11-27T23:00:00Z", "out-of-hours"),
        ],
    )
    .await;
    scene.set("week", lines(&["daily 00:00-24:00"]));
    codes(
        &mut scene,
        &[
            ("2026-11-27T20:59:59Z", "in-hours"),
            ("2026-11-27T21:00:00Z", "out-of-hours"),
            ("2026-11-28T20:59:59Z", "out-of-hours"),
            ("2026-11-28T21:00:00Z", "in-hours"),
        ],
    )
    .await;
}

/// A PBX of another make may send what the configuration here would refuse: the contract has the operation judge settings itself.
#[tokio::test]
async fn e3_what_cannot_be_read_is_a_reason_that_names_it_and_never_a_guess() {
    for (key, value, part) in [
        ("week", lines::<&str>(&[]), "no hours are set"),
        ("week", lines(&["mon-fri 09:00-18:00", "sat 9-18"]), "setting `week`, line 2: write days and hours"),
        ("week", lines(&["mon 09:00-18:00"; 101]), "more than 100 lines"),
        ("week", lines(&["x".repeat(151)]), "line 1: a line has more than 150"),
        ("week", SettingValue::Text("mon-fri 09:00-18:00".to_owned()), "it is not a list"),
        ("week", SettingValue::List(vec![ItemValue::Integer(1)]), "it is not a list"),
        ("holidays", lines(&["2027-02-29"]), "setting `holidays`, line 1: write a date"),
        ("exceptions", lines(&["2027-04-30"]), "setting `exceptions`, line 1: write a date and hours"),
        ("time_zone", SettingValue::Text("Europe/Atlantis".to_owned()), "there is no such time zone"),
        ("time_zone", SettingValue::Integer(3), "it is not text"),
    ] {
        let mut scene = scene().await;
        scene.set("week", lines(&["daily 00:00-24:00"]));
        scene.set(key, value);
        let outcome = at(&mut scene, "2026-11-23T09:00:00Z").await;
        assert_eq!((outcome.code(), outcome.class()), ("settings-invalid", "configuration"), "{}", outcome.json);
        assert!(outcome.json["reason"]["text_en"].as_str().unwrap().contains(part), "{part}: {}", outcome.json);
        assert!(outcome.json["reason"]["text_ru"].as_str().unwrap().contains(key), "{}", outcome.json);
    }
    let mut scene = scene().await;
    scene.integration.time_zone = None;
    scene.set("week", lines(&["daily 00:00-24:00"]));
    let outcome = at(&mut scene, "2026-11-23T09:00:00Z").await;
    assert!(outcome.json["reason"]["text_en"].as_str().unwrap().contains("neither here nor for the integration"));
    scene.set("time_zone", SettingValue::Text("Europe/Moscow".to_owned()));
    scene.set("colour", SettingValue::Text("red".to_owned()));
    let outcome = at(&mut scene, "2026-11-23T09:00:00Z").await;
    assert_eq!((outcome.code(), outcome.has_note("unknown-setting")), ("in-hours", true), "{}", outcome.json);
}

/// Lines that are right, whatever they say.
fn week() -> impl Strategy<Value = Vec<String>> {
    let day = prop::sample::select(vec!["mon", "tue-thu", "fri,sun", "sat-mon", "daily", "пн-пт"]);
    let time = |most: u32| (0..most).prop_map(|minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60));
    let hours = (time(1_440), time(1_441)).prop_filter("hours of no length", |(begins, ends)| begins != ends);
    let line = (day, prop::collection::vec(hours, 1..4)).prop_map(|(day, hours)| {
        let hours: Vec<_> = hours.into_iter().map(|(begins, ends)| format!("{begins}-{ends}")).collect();
        format!("{day} {}", hours.join(", "))
    });
    prop::collection::vec(line, 1..5)
}

fn dates() -> impl Strategy<Value = String> {
    (1..=12_u32, 1..=28_u32, any::<bool>()).prop_map(|(month, day, is_yearly)| {
        if is_yearly { format!("{month:02}-{day:02}") } else { format!("2027-{month:02}-{day:02}") }
    })
}

/// And it is the exit that the same code takes natively, where it is compared with another calendar.
#[tokio::test]
async fn e3_every_valid_setting_and_time_takes_exactly_one_of_the_two_exits() {
    let zones = prop::sample::select(vec!["Europe/Berlin", "Asia/Tehran", "Australia/Adelaide", "America/St_Johns"]);
    let exceptions = prop::collection::vec(dates().prop_map(|date| format!("{date} 10:00-03:00")), 0..3);
    let strategy = (week(), prop::collection::vec(dates(), 0..4), exceptions, zones, 1_798_761_600..1_830_297_600_i64);
    let mut runner = TestRunner::deterministic();
    let mut scene = scene().await;
    let mut taken = [0, 0];
    for _ in 0..300 {
        let (week, holidays, exceptions, zone, seconds) = strategy.new_tree(&mut runner).expect("a value").current();
        scene.set("week", lines(&week));
        scene.set("holidays", lines(&holidays));
        scene.set("exceptions", lines(&exceptions));
        scene.set("time_zone", SettingValue::Text(zone.to_owned()));
        let time = jiff::Timestamp::from_second(seconds).expect("a time").to_string();
        let outcome = at(&mut scene, &time).await;
        let settings = Settings { week, holidays, exceptions, time_zone: Some(zone.to_owned()) };
        let natively = decide(&settings, None, u64::try_from(seconds).unwrap()).expect("settings that are right");
        assert_eq!(outcome.code(), if natively.is_open { "in-hours" } else { "out-of-hours" }, "{time} {settings:?}");
        assert_eq!(outcome.detail("local_time"), natively.local_time.as_str());
        assert_eq!(outcome.detail("decided_by"), natively.rule.code());
        taken[usize::from(natively.is_open)] += 1;
    }
    assert!(taken.iter().all(|times| *times > 50), "both are taken: {taken:?}");
}
