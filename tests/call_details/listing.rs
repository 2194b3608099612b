//! `host-harness calls` and `calls show`: what a person finds, and what nobody is shown.

use std::path::Path;

use serde_json::{Value, json};
use test_support::{CALLER, Ended};

use crate::scene::{Serving, calls_in_zone};

/// What no output and no file may hold.
const WHOLE: [&str; 3] = [CALLER, "9161234567", "9035550112"];

fn assert_masked(ended: &Ended) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    for whole in WHOLE {
        assert!(!said.contains(whole), "a whole number is shown: {said}");
    }
}

#[tokio::test]
async fn calls_are_listed_with_their_outcome_and_found_by_each_filter() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let listed = serving.calls(&[]);
    assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""));
    let lines: Vec<_> = listed.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "a line of titles and four calls: {}", listed.stdout);
    assert!(lines[0].contains("caller") && lines[0].contains("waited"), "{}", lines[0]);
    for (line, parts) in lines[1..].iter().zip([
        ["+7916•••4567", "Анна Соколова (101)"],
        ["+7903•••0112", "Борис Ковалёв (102)"],
        ["withheld", "queue:sales: caller-hidden"],
        ["+7499•••0000", "queue:support: contact-not-found"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{parts:?}: {line}");
    }
    assert_masked(&listed);
    let russian = serving.calls(&["--lang", "ru"]).stdout;
    assert!(russian.contains("кто звонит") && russian.contains("скрыт") && russian.contains(" мс"), "{russian}");

    for (filter, found) in [
        (&["--reason", "forwarded"][..], &["pbx-1", "pbx-2"][..]),
        (&["--reason", "caller-hidden"], &["pbx-3"]),
        (&["--employee", "boris"], &["pbx-2"]),
        (&["--number", "4567"], &["pbx-1"]),
        (&["--number", "0"], &["pbx-4"]),
        (&["--operation", "support"], &["pbx-2", "pbx-4"]),
        (&["--operation", "support", "--reason", "forwarded"], &["pbx-2"]),
        (&["--integration", "main"], &["pbx-1", "pbx-2", "pbx-3", "pbx-4"]),
        (&["--integration", "another"], &[]),
        (&["--limit", "2"], &["pbx-3", "pbx-4"]),
    ] {
        assert_eq!(serving.ids(filter), found, "{filter:?}");
    }
    // The first two calls are three hours old, as the file has it.
    serving.other_program().execute("UPDATE calls SET at = at - 3 * 3600 * 1000 WHERE seq <= 2", []).expect("a file");
    for (filter, found) in [
        (&["--since", "2h"][..], &["pbx-3", "pbx-4"][..]),
        (&["--until", "2h ago"], &["pbx-1", "pbx-2"]),
        (&["--since", "4h", "--until", "2h", "--employee", "anna"], &["pbx-1"]),
        (&["--since", "2000-01-01T00:00:00Z", "--until", "2000-01-02T00:00:00Z"], &[]),
    ] {
        assert_eq!(serving.ids(filter), found, "{filter:?}");
    }
}

#[tokio::test]
async fn a_search_in_vain_says_why_and_a_wrong_filter_what_to_write() {
    let serving = Serving::new("").await;
    let nothing = serving.calls(&[]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(0), ""), "{nothing:?}");
    assert!(nothing.stderr.contains("no call is kept yet"), "{nothing:?}");
    serving.four_calls().await;
    let unknown = serving.calls(&["--reason", "caller-hiden"]);
    assert!(unknown.stderr.contains("caller-hidden, contact-not-found, forwarded"), "{unknown:?}");
    for (arguments, part) in [
        (&["--number", "12345"][..], "one to four digits"),
        (&["--number", "x"], "one to four digits"),
        (&["--since", "yesterday"], "2026-11-22T09:00, or 2h ago"),
        (&["show", "nobody"], "`host-harness calls` lists"),
    ] {
        let ended = serving.calls(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part) && ended.stdout.is_empty(), "{part}: {ended:?}");
    }
    let elsewhere = serving.home.run(&["calls", "--state", "nowhere"]);
    assert_eq!(elsewhere.code, Some(2), "{elsewhere:?}");
    assert!(elsewhere.stderr.contains("check --state"), "{elsewhere:?}");
}

#[tokio::test]
async fn one_call_is_shown_as_a_timeline_in_both_languages_and_as_json() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    for (id, lang, parts) in [
        (
            "pbx-1",
            "en",
            &[
                "Call 1 (pbx-1)",
                "+7916•••4567 → +74951234567",
                "operation: sales",
                "3000 ms",
                "contacts 200 ok",
                "answer",
                "Forwarded: Анна Соколова (anna)",
                "1. 101  rings for 20 s",
                "then the linked operation: queue:sales",
                "Call details",
                "Where the manager is known from: amoCRM",
                "amoCRM user: 504141",
            ][..],
        ),
        (
            "1",
            "ru",
            &[
                "Звонок 1 (pbx-1)",
                "операция: sales",
                "3000 мс",
                "ответ",
                "Переадресация: Анна Соколова (anna)",
                "1. 101  звонит 20 с",
                "затем связанная операция: queue:sales",
                "Детализация звонка",
                "Источник сведений о менеджере: amoCRM",
                "Пользователь amoCRM: 504141",
            ],
        ),
        (
            "pbx-3",
            "en",
            &[
                "withheld",
                "no requests",
                "Linked operation: queue:sales",
                "Forwarding failed: ",
                "reason code: caller-hidden (caller)",
            ],
        ),
        (
            "pbx-3",
            "ru",
            &[
                "скрыт",
                "запросов не было",
                "Связанная операция: queue:sales",
                "Переадресация не удалась: ",
                "код причины: caller-hidden (caller)",
            ],
        ),
    ] {
        let shown = serving.calls(&["show", id, "--lang", lang]);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{shown:?}");
        for part in parts {
            assert!(shown.stdout.contains(part), "{id} {lang} lacks `{part}`: {}", shown.stdout);
        }
        assert!(!shown.stdout.contains("manager_source"), "a key stands where its title should: {}", shown.stdout);
        assert_masked(&shown);
    }
    let request = serving.calls(&["show", "pbx-1"]).stdout;
    let bar = request.lines().find(|line| line.contains("contacts 200 ok")).expect("the request's line");
    assert!(bar.contains('█') && bar.trim_end().ends_with(" ms"), "{bar}");

    let json = serving.calls(&["show", "pbx-1", "--json"]);
    let call: Value = serde_json::from_str(&json.stdout).expect("one document");
    let resolved = serving.get("/v1/calls/pbx-1").await;
    assert_eq!(call, resolved, "the command and the server say the same");
    assert_eq!((&call["version"], &call["seq"], &call["operation"]), (&1.into(), &1.into(), &"sales".into()));
    assert_eq!(call["call"]["caller"], "+7916•••4567");
    assert_masked(&json);
}

#[tokio::test]
async fn a_request_that_was_sent_again_is_told_in_both_languages() {
    let serving = Serving::new("").await;
    serving.home.simulator.set_faults(vec!["contacts:close-before-headers,times=1".parse().expect("a fault")]);
    assert_eq!(serving.call("pbx-1", Some(CALLER), "sales").await.goes_to(), "anna");
    serving.kept(1).await;
    for (lang, request, told) in [
        ("en", "contacts 200 ok", "sent again: the connection broke before any answer"),
        ("ru", "контакты 200 ok", "отправлен ещё раз: соединение оборвалось до ответа"),
    ] {
        let shown = serving.calls(&["show", "pbx-1", "--lang", lang]).stdout;
        let line = shown.lines().find(|line| line.contains(request)).expect("the request's line");
        assert!(line.ends_with(told), "{line}");
    }
    assert_eq!(serving.get("/v1/calls/pbx-1").await["details"]["exchanges"][0]["repeated"], true);
}

#[tokio::test]
async fn d10_no_whole_number_is_shown_or_kept_unless_the_configuration_says_so() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    // A dialplan may write the caller beside the line; the line itself is shown.
    let beside =
        json!({"id": "pbx-5", "caller": CALLER, "called": format!("+74951234567;from={CALLER}"), "operation": "sales"});
    let answer = serving.process.client.call(&beside).await.json();
    assert_eq!(answer["call"]["called"], "+74951234567;from=+7916•••4567");
    serving.kept(5).await;
    for arguments in [&["--whole-numbers"][..], &["--whole-numbers", "--json"], &["show", "pbx-1", "--whole-numbers"]] {
        let shown = serving.calls(arguments);
        assert!(shown.stdout.contains("+7916•••4567"), "{shown:?}");
        assert_masked(&shown);
    }
    assert_eq!(serving.get("/v1/calls/pbx-1?numbers=whole").await["call"]["caller"], "+7916•••4567");
    let home = serving.stop().await;
    let files = files_below(&home.path("kept"));
    assert!(files.iter().any(|(name, _)| name.starts_with("call-details.sqlite3")), "what was looked at");
    for (name, bytes) in files {
        for whole in WHOLE {
            let found = bytes.windows(whole.len()).any(|part| part == whole.as_bytes());
            assert!(!found, "{name} holds {whole}");
        }
    }
}

#[tokio::test]
async fn d10_where_whole_numbers_are_kept_they_are_shown_to_those_who_ask() {
    let serving = Serving::new("[call_details]\nnumbers = \"whole\"\n").await;
    serving.four_calls().await;
    for arguments in [&[][..], &["--json"], &["show", "pbx-1"], &["show", "pbx-1", "--json"], &["--number", "4567"]] {
        let masked = serving.calls(arguments);
        assert!(masked.stdout.contains("+7916•••4567"), "{masked:?}");
        assert_masked(&masked);
        let whole = serving.calls(&[arguments, &["--whole-numbers"]].concat());
        assert!(whole.stdout.contains(CALLER), "{whole:?}");
    }
    assert_eq!(serving.get("/v1/calls/pbx-1").await["call"]["caller"], "+7916•••4567");
    assert_eq!(serving.get("/v1/calls/pbx-1?numbers=whole").await["call"]["caller"], CALLER);
}

/// Every file in a directory and below, with its name.
fn files_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            files.push((name, std::fs::read(&path).expect("a file")));
        }
    }
    files
}

#[tokio::test]
async fn kept_calls_are_rehearsed_against_what_they_found() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    let home = serving.stop().await;
    let ended = home.run(&["rehearse", "--state", "kept", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let rehearsed: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let figures = &rehearsed["rehearsals"][0];
    assert_eq!((&figures["calls"], &figures["forwarded"]), (&json!(4), &json!(2)), "{figures}");
    assert_eq!(figures["linked"], json!({"caller-hidden": 1, "contact-not-found": 1}));
}

#[tokio::test]
async fn times_are_those_of_the_zone_in_the_environment() {
    let serving = Serving::new("").await;
    serving.four_calls().await;
    serving
        .other_program()
        .execute("UPDATE calls SET document = json_set(document, '$.call.at', '2026-11-22T06:00:00Z')", [])
        .expect("a file");
    let shown = calls_in_zone(&serving.home, "Asia/Vladivostok", &["show", "pbx-1"]);
    assert!(shown.stdout.contains("2026-11-22 16:00:00 +10:00"), "{shown:?}");
    let listed = calls_in_zone(&serving.home, "Europe/Moscow", &[]);
    assert!(listed.stdout.contains("22.11 09:00:00") && listed.stderr.is_empty(), "{listed:?}");
    let unknown = calls_in_zone(&serving.home, "Europe/Moskow", &[]);
    assert!(unknown.stdout.contains("22.11 06:00:00"), "{unknown:?}");
    assert!(unknown.stderr.contains("TZ is not a time zone") && unknown.stderr.contains("UTC"), "{unknown:?}");
}
