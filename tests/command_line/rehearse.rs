//! `rehearse`: a history of calls in seconds, against a simulated account or recordings.

use std::fs;

use hostile_components::TRAP;
use serde_json::{Value, json};
use test_support::{CALLER, Ended, Home};

/// Anna's contact calls at nine, within six hours, and a second after them; an unknown caller and a withheld number call too.
const CALLS: &str = "at,caller,called\n\
    2026-11-22T06:00:00Z,+7 916 123-45-67,+74951234567\n\
    2026-11-22T06:00:00Z,,+74951234567\n\
    2026-11-22T11:59:59Z,8 (916) 123-45-67,+74951234567\n\
    2026-11-22T12:00:01Z,89161234567,+74951234567\n\
    2026-11-22T12:00:02Z,+7 999 000-00-00,+74951234567\n";

fn rehearse(home: &Home, arguments: &[&str]) -> Value {
    let ended = home.run(["rehearse", "--json"].iter().chain(arguments));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[test]
fn o5_a_day_is_rehearsed_in_a_moment_and_managers_are_kept_for_six_hours_of_it() {
    let home = Home::new();
    home.write("calls.csv", CALLS);
    let result = rehearse(&home, &["calls.csv"]);
    let figures = &result["rehearsals"][0];
    for (key, expected) in [
        ("calls", json!(5)),
        ("callers", json!(2)),
        ("forwarded", json!(3)),
        ("linked", json!({"caller-hidden": 1, "contact-not-found": 1})),
        ("cache_hits", json!(1)),
        ("requests", json!(3)),
        ("most_requests_in_a_minute", json!(2)),
        ("requests_refused", json!(0)),
    ] {
        assert_eq!(figures[key], expected, "{key}: {figures}");
    }
    assert_eq!(rehearse(&home, &["calls.csv"]), result, "the same history comes to the same");
}

#[test]
fn two_settings_stand_side_by_side_in_text_and_in_a_picture() {
    let home = Home::new();
    home.write("calls.csv", CALLS);
    let slow = ["--fault", "contacts:delay-headers=700ms", "--against", "waiting_time=500ms"];
    let text = home.run(["rehearse", "calls.csv", "--picture", "day.html"].iter().chain(&slow));
    text.assert(0, &["drawn in day.html"]).assert_prints(&[
        "rehearsed               against",
        "3 (60.0 %)",
        "−3 (−100.0 %)",
        "no-answer-in-time",
        "4 calls would go elsewhere",
        "+7916•••4567     anna (101, +79035550101)  →  no-answer-in-time",
    ]);
    assert!(!text.stdout.contains("9161234567"), "{text:?}");
    let picture = fs::read_to_string(home.path("day.html")).expect("a picture");
    assert!(picture.contains("<svg") && picture.matches("<g ").count() == 2, "{picture}");
    assert!(picture.contains("against: waiting_time = 500ms") && picture.contains("A bar is 5 min"), "{picture}");
    let mut russian =
        home.command(["rehearse", "calls.csv", "--lang", "ru", "--picture", "day.svg"].iter().chain(&slow));
    let russian = Ended::of(russian.env("TZ", "Europe/Moscow").output().expect("the binary starts"));
    russian.assert(0, &["day.svg"]).assert_prints(&[
        "проверяется         для сравнения             разница",
        "переадресовано",
        "  amoCRM не ответила за время ожидания",
        "Иначе пошло бы звонков: 4",
        "2026-11-22 09:00:00  +7916•••4567",
        "+7999•••0000     В amoCRM нет контакта с номером звонящего  →  amoCRM не ответила за время ожидания",
    ]);
    let picture = fs::read_to_string(home.path("day.svg")).expect("a picture");
    for said in ["для сравнения: waiting_time = 500ms", "Время: Europe/Moscow", "22.11 09:00", "переадресовано: 3"]
    {
        assert!(picture.contains(said), "lacks {said}: {picture}");
    }
    for picture in [&picture, &fs::read_to_string(home.path("day.html")).expect("a picture")] {
        assert_legible(picture);
    }
    let few = home.run(["rehearse", "calls.csv", "--changes", "1"].iter().chain(&slow));
    few.assert_prints(&["and 3 more; --changes 4 lists them all"]);
    let result = rehearse(&home, &[&["calls.csv"][..], &slow].concat());
    assert_eq!(result["changes"]["changed"], 4);
}

/// How much two colours differ, as WCAG 2 counts it.
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |colour: &str| {
        let hex = colour.strip_prefix('#').unwrap_or_else(|| panic!("a colour: {colour}"));
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("a colour")) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

/// Asserts that every text, line and bar can be told from what is behind it: texts by 4.5 to 1, the others by 3.
fn assert_legible(picture: &str) {
    const WHITE: &str = "#ffffff";
    let value = |tag: &str, name: &str| {
        let value = tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
        Some(if value == "white" { WHITE.to_owned() } else { value.to_owned() })
    };
    let tags = |name: &str| -> Vec<String> {
        let begin = format!("<{name} ");
        picture.split(&begin).skip(1).map(|rest| format!(" {}", rest.split('>').next().unwrap_or_default())).collect()
    };
    // Its own background, so that it reads alike in the dark.
    let inherited = value(&tags("svg")[0], "fill").expect("a colour of texts");
    let rects = tags("rect");
    assert!(rects[0].contains("width=\"100%\"") && value(&rects[0], "fill").as_deref() == Some(WHITE), "{}", rects[0]);
    for text in tags("text") {
        let colour = value(&text, "fill").unwrap_or_else(|| inherited.clone());
        assert!(contrast(&colour, WHITE) >= 4.5 && !text.contains("opacity"), "{text}");
    }
    for (tags, attribute) in [(tags("line"), "stroke"), (rects[1..].to_vec(), "fill")] {
        assert!(!tags.is_empty());
        for tag in tags {
            let colour = value(&tag, attribute).unwrap_or_else(|| panic!("no colour: {tag}"));
            assert!(contrast(&colour, WHITE) >= 3.0 && !tag.contains("opacity"), "{tag}");
        }
    }
    // What the colours mean is written beside each, and the dashed line is explained where it is drawn.
    assert_eq!(picture.contains(">budget<") || picture.contains(">предел<"), picture.contains("stroke-dasharray"));
}

#[test]
fn two_components_stand_side_by_side() {
    let home = Home::new();
    home.write("calls.csv", CALLS);
    home.write("trap.wasm", TRAP);
    let result = rehearse(&home, &["calls.csv", "--against-component", "trap.wasm"]);
    let [first, then] = [&result["rehearsals"][0], &result["rehearsals"][1]];
    assert_ne!(first["component"], then["component"]);
    assert_eq!((&first["forwarded"], &then["forwarded"]), (&json!(3), &json!(0)));
    assert_eq!((&then["linked"], &then["requests"]), (&json!({"operation-failed": 5}), &json!(0)));
    assert_eq!(result["changes"]["changed"], 5);
}

#[test]
fn e2_calls_go_all_their_way_and_the_figures_tell_what_came_of_them_at_each_step() {
    let home = Home::new();
    home.write("calls.csv", CALLS.to_owned() + "2026-11-22T12:00:03Z,84955550701,+74951234567\n");
    home.write("token", "a-long-lived-token-of-nobody");
    let operations = "[[operation]]\nid = \"contacts\"\nlinked_operation = \"queue:sales\"\n\
                      exits = { contact-not-found = \"operation:companies\" }\n\
                      [[operation]]\nid = \"companies\"\nlinked_operation = \"queue:new\"\n\
                      settings = { search_companies = true }\n";
    let employees = "[[integration.employee]]\nid = \"anna\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\
                     [[integration.employee]]\nid = \"boris\"\namocrm_user = 504142\nnumbers = [\"102\"]\n";
    let integration = "[[integration]]\naccount = \"https://example.amocrm.ru\"\ntoken = \"file:token\"\n";
    home.write("pbx.toml", [integration, employees, operations].concat());
    let arguments = ["calls.csv", "--config", "pbx.toml", "--operation", "contacts"];
    let result = rehearse(&home, &arguments);
    let figures = &result["rehearsals"][0];
    assert_eq!(
        figures["steps"]["contacts"],
        json!({
            "calls": 6, "forwarded": 3, "targets": {"queue:sales": 1, "operation:companies": 2}
        })
    );
    assert_eq!(figures["steps"]["companies"], json!({"calls": 2, "forwarded": 1, "targets": {"queue:new": 1}}));
    assert_eq!((&figures["forwarded"], &figures["requests"]), (&json!(4), &json!(8)), "{figures}");

    let without = [&arguments[..], &["--step", "companies", "--against", "search_companies=false"]].concat();
    let text = home.run(["rehearse"].iter().chain(&without));
    text.assert(0, &[]).assert_prints(&[
        "at the step companies                         2 (33.3 %)            2 (33.3 %)",
        "  to queue:new                                1 (16.7 %)            2 (33.3 %)",
        "1 calls would go elsewhere",
        "boris (102)  →  contact-not-found (queue:new)",
    ]);
    home.run(["rehearse"].iter().chain(&arguments).chain(&["--step", "night"]))
        .assert(2, &["--step night", "calls to `contacts` never come to it", "`contacts`, `companies`"]);
}

#[test]
fn a_rush_never_takes_more_than_the_budget() {
    let home = Home::new();
    let mut calls = "at,caller\n".to_owned();
    for number in 0..100 {
        calls.push_str(&format!("2026-11-22T06:00:00.{number:03}Z,+7999{number:07}\n"));
    }
    home.write("calls.csv", calls);
    let figures = rehearse(&home, &["calls.csv"])["rehearsals"][0].clone();
    let sent = figures["requests"].as_u64().expect("a number");
    assert!((14..=28).contains(&sent), "7 a second for the waiting time of 3 s: {figures}");
    assert!(figures["most_requests_in_a_second"].as_u64() <= Some(7), "{figures}");
    assert_eq!(figures["linked"]["rate-limited"].as_u64(), Some(100 - sent), "{figures}");
    // So near to the budget that it is drawn.
    let calls = (0..300).map(|number| format!("2026-11-22T06:00:{:02}Z,+7999{number:07}\n", number / 6));
    home.write("many.csv", "at,caller\n".to_owned() + &calls.collect::<String>());
    home.run(["rehearse", "many.csv", "--picture", "many.svg"]).assert(0, &["many.svg"]);
    let picture = fs::read_to_string(home.path("many.svg")).expect("a picture");
    assert!(picture.contains(">budget<"), "{picture}");
    assert_legible(&picture);
}

#[test]
fn recordings_are_a_history_and_the_amocrm_of_it() {
    let home = Home::new();
    fs::create_dir(home.path("recordings")).expect("a folder");
    for (number, caller) in [CALLER, "+7 999 000-00-00"].iter().enumerate() {
        let file = format!("recordings/{number}.json");
        home.run(["call", caller, "--state", "memory", "--record", &file]);
    }
    let figures = rehearse(&home, &["recordings"])["rehearsals"][0].clone();
    assert_eq!(
        (&figures["forwarded"], &figures["requests"], &figures["requests_unknown"]),
        (&json!(1), &json!(2), &json!(0))
    );
    assert_eq!(figures["linked"], json!({"contact-not-found": 1}));
    // What was never asked then cannot be answered now, and is counted.
    let asked = rehearse(&home, &["recordings", "--set", "open_lead_first=true"])["rehearsals"][0].clone();
    assert_eq!(asked["requests_unknown"], 1, "{asked}");
}

#[test]
fn a_history_that_cannot_be_used_is_said_so() {
    let home = Home::new();
    home.run(["rehearse", "calls.csv"]).assert(2, &["calls.csv cannot be read"]);
    home.write("calls.csv", "time,number\n2026,1\n");
    home.run(["rehearse", "calls.csv"]).assert(2, &["no column `at`", "at,caller,called"]);
    home.write("calls.csv", "at,caller\nyesterday,+79161234567\n");
    home.run(["rehearse", "calls.csv"]).assert(2, &["line 2", "such as 2026-11-22T09:00:00+03:00"]);
    home.write("calls.csv", "at,caller,called\n2026-11-22T09:00:00Z,,\n2026-11-22T09:00:00Z,+79161234567\n");
    home.run(["rehearse", "calls.csv"]).assert(2, &["calls.csv, line 3: there are 2 fields", "names 3 columns"]);
    home.write("calls.csv", b"at,caller\n2026-11-22T09:00:00Z,\xff\n");
    home.run(["rehearse", "calls.csv"]).assert(2, &["calls.csv, line 2: this is not UTF-8"]);
    home.write("calls.csv", "at,caller\n");
    home.run(["rehearse", "calls.csv"]).assert(2, &["there is no call in it"]);
    home.write("calls.csv", CALLS);
    home.run(["rehearse", "calls.csv", "--picture", "day.png"]).assert(2, &[".svg or .html"]);
    home.run(["rehearse", "calls.csv", "--set", "waiting=1s"]).assert(2, &["`waiting`", "unknown; the operation has"]);
    let other = home.run(["rehearse", "calls.csv", "--against", "waiting_time=1h"]);
    other.assert(2, &["against: ", "`waiting_time` = `1h`"]);
    home.run(["rehearse"]).assert(2, &["call-details"]);
    fs::create_dir(home.path("empty")).expect("a folder");
    home.run(["rehearse", "empty"]).assert(2, &["no recording in empty", "call --record"]);
}
