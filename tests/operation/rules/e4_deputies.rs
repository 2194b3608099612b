//! E4: a deputy is rung where the manager cannot be, and is checked like the manager. E7: the call details tell who, in whose place, and why.

use std::time::Duration;

use amocrm_simulator::Endpoint;
use call::Language;
use jiff::{SignedDuration, Timestamp};
use runtime::bindings::telephony::operation::types::SettingValue;
use runtime::capabilities::directory::Presence;
use serde_json::{Value, json};
use test_support::{ANNA, BORIS, CALLER, Outcome, START, Scene, employee};

const VERA: u64 = 504_143;
const GLEB: u64 = 504_144;
const DARIA: u64 = 504_145;

fn seen_today() -> Presence {
    let start: Timestamp = START.parse().expect("a time");
    Presence::LastSeen(start - SignedDuration::from_mins(5))
}

/// Anna's deputy is Boris, his is Vera, and so on; nobody stands in for Daria.
async fn with_deputies() -> Scene {
    let mut scene = Scene::new().await;
    let others = [(VERA, "vera", "103"), (GLEB, "gleb", "104"), (DARIA, "daria", "105")];
    scene.integration.employees.extend(others.map(|(user, id, number)| (user, employee(id, &[(number, 20)]))));
    for (user, deputy) in [(ANNA, BORIS), (BORIS, VERA), (VERA, GLEB), (GLEB, DARIA)] {
        scene.set_deputy(user, deputy);
    }
    scene.set("forward_to_deputy", SettingValue::Flag(true));
    scene
}

async fn checking(presence: Presence) -> Scene {
    let mut scene = with_deputies().await;
    scene.integration.configuration.set("consider_manager_status", "true");
    [ANNA, BORIS, VERA, GLEB, DARIA].iter().for_each(|user| scene.set_presence(*user, presence));
    scene
}

/// Who is rung, in place of whom, and why.
fn told(outcome: &Outcome) -> Value {
    let detail = |key| outcome.detail(key).clone();
    json!([outcome.employee(), detail("deputy_for"), detail("deputy_reason")])
}

fn notes(outcome: &Outcome) -> Vec<&str> {
    outcome.resolved.details.notes.iter().map(|note| note.code.as_str()).collect()
}

#[tokio::test]
async fn e4_is_off_by_default() {
    let mut scene = with_deputies().await;
    scene.settings.clear();
    scene.change_employee(ANNA, |anna| anna.enabled = false);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), told(&outcome)), ("employee-off", json!([null, null, null])));
}

#[tokio::test]
async fn e4_the_deputy_is_rung_where_the_manager_is_absent_off_or_without_number() {
    type Cause = fn(&mut Scene);
    let causes: [(&str, Cause); 3] = [
        ("manager-absent", |scene| scene.set_presence(ANNA, Presence::NeverSeen)),
        ("employee-off", |scene| scene.change_employee(ANNA, |anna| anna.enabled = false)),
        ("employee-has-no-number", |scene| scene.change_employee(ANNA, |anna| anna.destinations.clear())),
    ];
    for (code, cause) in causes {
        let mut scene = checking(seen_today()).await;
        cause(&mut scene);
        let outcome = scene.call(CALLER).await;
        assert_eq!(told(&outcome), json!(["boris", "anna", code]));
        assert_eq!(outcome.json["route"]["numbers"], json!([{"number": "102", "ring_seconds": 20}]), "{code}");
        assert_eq!(outcome.detail("manager_user_id"), ANNA, "the manager is who it was");
        // Again, with the manager from the cache.
        let outcome = scene.call(CALLER).await;
        assert_eq!((outcome.source(), told(&outcome)), (Some("cache"), json!(["boris", "anna", code])));
        assert_eq!(notes(&outcome), ["employee-passed-over", "deputy-status"], "{code}");
    }
}

#[tokio::test]
async fn e4_the_third_deputy_is_the_last() {
    let mut scene = checking(seen_today()).await;
    scene.set_presence(ANNA, Presence::NeverSeen);
    scene.change_employee(BORIS, |boris| boris.enabled = false);
    scene.change_employee(VERA, |vera| vera.destinations.clear());
    assert_eq!(told(&scene.call(CALLER).await), json!(["gleb", "anna", "manager-absent"]));
    scene.set_presence(GLEB, Presence::NeverSeen);
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.class()), ("manager-absent", "absent"), "Daria would be the fourth");
    let passed_over = notes(&outcome).into_iter().filter(|code| *code == "employee-passed-over").count();
    assert_eq!((passed_over, outcome.has_note("no-deputy")), (4, true));
}

#[tokio::test]
async fn e4_a_circle_that_a_directory_gives_comes_to_an_end() {
    let mut scene = with_deputies().await;
    scene.set_deputy(BORIS, ANNA);
    [ANNA, BORIS].iter().for_each(|user| scene.change_employee(*user, |employee| employee.enabled = false));
    let outcome = scene.call(CALLER).await;
    assert_eq!((outcome.code(), outcome.has_note("no-deputy")), ("employee-off", true));
}

#[tokio::test]
async fn e4_a_deputys_status_is_learned_from_events_and_counts_as_d6_says_where_it_is_not_known() {
    let mut scene = checking(Presence::NotFed).await;
    // In the demonstration account Boris has added a contact today.
    scene.change_employee(ANNA, |anna| anna.enabled = false);
    let outcome = scene.call(CALLER).await;
    assert_eq!(told(&outcome), json!(["boris", "anna", "employee-off"]));
    let events = scene.requests().into_iter().filter(|asked| *asked == Some(Endpoint::Events)).count();
    assert_eq!(events, 1, "Boris's alone");
    let shown = outcome.everything_shown();
    let status = "status of the deputy `Employee boris`: at work (event in amoCRM)";
    assert!(shown.contains(status), "{shown}");

    let mut scene = checking(Presence::NotFed).await;
    scene.change_employee(ANNA, |anna| anna.enabled = false);
    scene.fault("events:status=503");
    let unknown = scene.call(CALLER).await;
    assert_eq!((unknown.code(), unknown.class()), ("status-unknown", "technical-failure"));
    assert!(unknown.has_note("status-check-failed") && unknown.has_note("deputy-status"), "{:?}", notes(&unknown));
    scene.choose("status_unknown", "forward");
    assert_eq!(told(&scene.call(CALLER).await), json!(["boris", "anna", "employee-off"]));
}

#[tokio::test]
async fn e4_the_waiting_time_is_not_exceeded_while_a_deputys_status_is_asked_for() {
    let mut scene = checking(Presence::NotFed).await;
    scene.change_employee(ANNA, |anna| anna.enabled = false);
    let waiting_time = Duration::from_millis(500);
    scene.set_waiting_time(waiting_time);
    scene.fault("events:hang");
    let outcome = scene.call(CALLER).await;
    assert_eq!(outcome.code(), "status-unknown");
    assert_eq!(outcome.requests(), ["contacts:ok", "account:ok", "events:no-answer-in-time"]);
    assert!(outcome.resolved.details.waited <= waiting_time, "{:?}", outcome.resolved.details.waited);
}

#[tokio::test]
async fn e7_the_details_name_the_deputy_the_manager_and_everybody_passed_over() {
    let mut scene = checking(seen_today()).await;
    scene.set_presence(ANNA, Presence::NeverSeen);
    scene.change_employee(BORIS, |boris| boris.enabled = false);
    let outcome = scene.call(CALLER).await;
    let russian = outcome.resolved.text(Language::Ru).to_string();
    for part in [
        "Заместитель сотрудника: anna",
        "Почему звонят заместителю: Персональный менеджер сегодня не авторизован в amoCRM",
        "Пропущен сотрудник «Employee anna»: сегодня не авторизован в amoCRM",
        "Пропущен сотрудник «Employee boris»: отключён в АТС",
        "Статус заместителя «Employee vera»: на работе (присутствие по данным АТС)",
    ] {
        assert!(russian.contains(part), "lacks {part}: {russian}");
    }
    let english = outcome.resolved.text(Language::En).to_string();
    for part in ["Deputy of: anna", "employee `Employee boris` is passed over: switched off in the PBX"] {
        assert!(english.contains(part), "lacks {part}: {english}");
    }
    assert_eq!(outcome.detail("manager_status"), "absent", "the manager's own");
}
