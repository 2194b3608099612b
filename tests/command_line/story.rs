//! The README's story on the built-in demonstration, and the options of `call`.

use serde_json::{Value, json};
use test_support::{CALLER, Ended, Home};

/// Asserts that every field of the pattern is there with a value of the same kind; more fields may be.
fn assert_has_fields(actual: &Value, pattern: &Value, path: &str) {
    match (actual, pattern) {
        (Value::Object(actual), Value::Object(pattern)) => {
            for (key, pattern) in pattern {
                let path = format!("{path}.{key}");
                assert_has_fields(actual.get(key).unwrap_or_else(|| panic!("{path} is missing")), pattern, &path);
            }
        }
        (Value::Array(actual), Value::Array(pattern)) => {
            for (actual, pattern) in actual.iter().zip(pattern) {
                assert_has_fields(actual, pattern, &format!("{path}[]"));
            }
        }
        _ => assert_eq!(std::mem::discriminant(actual), std::mem::discriminant(pattern), "{path}: {actual}"),
    }
}

/// Asserts that nothing shows the caller's whole number.
fn assert_masked(json: &Value) {
    let digits: String = json.to_string().chars().filter(char::is_ascii_digit).collect();
    assert!(!digits.contains("9161234567") && !digits.contains("1612345"), "{json}");
}

#[test]
fn the_first_call_asks_amocrm_the_next_six_hours_are_answered_from_the_cache_then_it_is_asked_again() {
    let home = Home::new();
    let (ended, first) = home.call_json(&[CALLER]);
    ended.assert(0, &[]);
    // The example of the specification.
    let specified = json!({
        "version": 1,
        "call": { "id": "…", "caller": "+7916•••4567", "called": "+74951234567", "at": "2026-11-22T09:00:00Z" },
        "route": {
            "kind": "forward",
            "employee": { "id": "anna", "name": "…" },
            "numbers": [{ "number": "101", "ring_seconds": 20 }, { "number": "+79035550101", "ring_seconds": 25 }],
        },
        "reason": null,
        "details": {
            "manager_source": "crm", "manager_user_id": 504141, "contact_id": 3, "manager_age_seconds": 0,
            "waiting_time_ms": 3000, "waited_ms": 41,
            "requests": [{ "purpose": "contacts", "at_ms": 0, "ms": 40, "status": 200, "outcome": "ok" }],
            "notes": [],
        },
        "run": { "instructions": 11751, "memory_bytes": 1179648, "wall_us": 41200 },
    });
    assert_has_fields(&first, &specified, "");
    assert_eq!(first["call"]["caller"], "+7916•••4567");
    assert_eq!(first["route"]["numbers"], specified["route"]["numbers"]);
    assert_eq!(first["details"]["manager_source"], "crm");
    assert_masked(&first);

    let at = |call: &Value| call["call"]["at"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339");
    let (ended, second) = home.call_json(&["8 (916) 123-45-67"]);
    ended.assert(0, &[]);
    assert_eq!(second["route"], first["route"]);
    assert_eq!(second["details"]["manager_source"], "cache");
    assert_eq!(second["details"]["manager_age_seconds"], (at(&second) - at(&first)).as_secs());
    assert_eq!(second["details"]["requests"], json!([]));
    assert_masked(&second);

    // To the second, however long the processes take.
    let later = |hours, seconds| {
        let time = at(&first) + jiff::SignedDuration::from_hours(hours) + jiff::SignedDuration::from_secs(seconds);
        home.call_json(&[CALLER, "--at", &time.to_string()]).1
    };
    let just_before = later(6, -1);
    assert_eq!(just_before["details"]["manager_age_seconds"], 6 * 3_600 - 1);
    assert_eq!(just_before["details"]["requests"], json!([]));
    let six_hours_later = later(6, 0);
    assert_eq!(six_hours_later["details"]["manager_source"], "crm");
    assert_eq!(six_hours_later["details"]["requests"][0]["purpose"], "contacts");
}

#[test]
fn text_is_in_the_language_of_the_environment_and_names_the_called_number() {
    let home = Home::new();
    let mut command = home.command(["call", CALLER, "--to", "+78121234567"]);
    let russian = Ended::of(command.env("LANG", "ru_RU.UTF-8").output().expect("the binary starts"));
    russian.assert(0, &[]).assert_prints(&[
        "Звонок +7916•••4567 → +78121234567",
        "Переадресация: Анна Соколова (anna)",
        "1. 101  звонит 20 с",
        "2. +79035550101  звонит 25 с",
        "затем связанная операция: queue:sales",
        "Запрос «контакты»: 200 ok",
        "инструкций",
    ]);
}

#[test]
fn an_amocrm_that_hangs_ends_the_waiting_time_and_the_call_goes_to_the_linked_operation() {
    let (ended, json) = Home::new().call_json(&[CALLER, "--waiting-time", "500ms", "--fault", "contacts:hang"]);
    ended.assert(1, &[]);
    let specified = json!({
        "route": { "kind": "linked-operation", "target": "queue:sales" },
        "reason": { "code": "…", "class": "…", "status": "…", "text_ru": "…", "text_en": "…" },
    });
    assert_has_fields(&json, &specified, "");
    assert_eq!(json["route"], specified["route"]);
    assert_eq!(json["reason"]["code"], "no-answer-in-time");
    assert_eq!(json["reason"]["class"], "no-answer");
    assert_eq!(json["reason"]["status"], "Переадресация не удалась");
    assert_eq!(json["details"]["waiting_time_ms"], 500);
    assert_eq!(json["details"]["requests"][0]["outcome"], "no-answer-in-time");
}

#[test]
fn a_withheld_number_is_an_empty_argument_and_asks_nothing() {
    let ended = Home::new().run(["call", "", "--state", "memory", "--lang", "ru", "--at", "2026-11-22T12:00:00+03:00"]);
    ended.assert(1, &[]).assert_prints(&[
        "Звонок номер скрыт → +74951234567, 2026-11-22T09:00:00Z",
        "Связанная операция: queue:sales",
        "Переадресация не удалась: Номер звонящего скрыт",
        "caller-hidden (caller)",
        "Запросов не было",
    ]);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let home = Home::new();
    let mut command = home.command(["package", "operation.wasm"]);
    let mut process = command.stdout(std::process::Stdio::piped()).spawn().expect("the binary starts");
    drop(process.stdout.take());
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}
