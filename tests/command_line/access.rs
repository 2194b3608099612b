//! `access`, and what `call` does about access: tokens refreshed, refused, lost; accounts renamed; integrations off. Real processes, one store.

use std::process::Child;
use std::time::Duration;

use amocrm_simulator::{Endpoint, FaultRule, Options, Renamed, Simulator};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use test_support::{ACCOUNT_TOKEN, CALLER, Ended, Home, Process, russian};

use crate::amocrm::{LOOPBACK, config_for};
use crate::installation::{CLIENT_SECRET, Installation};

const CALL: [&str; 4] = ["call", CALLER, "--lang", "en"];

fn fault(installation: &Installation, spelling: &str) {
    installation.simulator.add_fault(spelling.parse::<FaultRule>().expect("a fault"));
}

fn end(installation: &Installation, process: Child) -> Ended {
    installation.ended(process.wait_with_output().expect("it ends"))
}

fn json(installation: &Installation, arguments: &[&str]) -> Value {
    let arguments: Vec<_> = ["access", "--json"].iter().chain(arguments).copied().collect();
    serde_json::from_str(&installation.run(&arguments).stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_that_is_not_connected_is_off_and_says_what_to_run() {
    let installation = Installation::new().await;
    let ended = installation.run(&["access"]);
    assert_eq!(ended.code, Some(2));
    ended.assert_prints(&["not connected", "host-harness connect --config host-harness.toml"]);
    installation
        .run(&CALL)
        .assert(1, &["not connected to amoCRM", "host-harness connect --config host-harness.toml"])
        .assert_prints(&["Linked operation: queue:support", "integration-off"]);
    assert_eq!(installation.simulator.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_at_its_start_that_an_integration_is_not_connected_in_the_language_of_its_environment() {
    let installation = Installation::new().await;
    for (lang, parts) in [
        (
            "C",
            [
                "warning: integration `main`: the integration is not connected",
                "run `host-harness connect --config host-harness.toml",
            ],
        ),
        (
            "ru_RU.UTF-8",
            [
                "предупреждение: интеграция `main`: интеграция ещё не подключена",
                "выполните `host-harness connect --config host-harness.toml",
            ],
        ),
    ] {
        let mut command = installation.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("LANG", lang);
        let process = Process::of(command, &installation.home);
        let said = process.stderr();
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        if lang.starts_with("ru") {
            russian::assert_russian(&process.stdout());
            said.lines().for_each(russian::assert_russian);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_shown_to_people_and_programs() {
    let installation = Installation::connected().await;
    installation.run(&["access"]).assert(0, &[]).assert_prints(&[
        "main: OAuth, http://127.0.0.1:",
        ": connected",
        "Account: Демонстрация (subdomain demo)",
        "Access token expires:",
        "Next refresh:",
    ]);
    let asked: Vec<_> = installation.simulator.requests().into_iter().map(|request| request.endpoint).collect();
    assert_eq!(asked, [Some(Endpoint::Account)], "one request");
    let shown = json(&installation, &[]);
    let standing = &shown["integrations"][0];
    assert_eq!((&shown["version"], standing["state"].as_str()), (&1.into(), Some("connected")));
    assert_eq!((&standing["account_name"], &standing["account_subdomain"]), (&"Демонстрация".into(), &"demo".into()));
    let time = |key: &str| standing[key].as_str().expect("a time").parse::<Timestamp>().expect("RFC 3339");
    let life = time("expires_at") - time("connected_at");
    assert_eq!(life.as_secs(), 24 * 3_600);
    assert!(time("refresh_at") < time("expires_at"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_not_asked_access_says_so() {
    let installation = Installation::connected().await;
    let ended = installation.run(&["access", "--offline"]);
    ended.assert(0, &[]).assert_prints(&["main: OAuth, http://127.0.0.1:", ": not asked", "Next refresh:"]);
    ended.assert_prints(&["note: this is only what is stored"]);
    assert!(!ended.stdout.contains(": connected"), "{ended:?}");
    assert_eq!(json(&installation, &["--offline"])["integrations"][0]["state"], "not-asked");
    let (home, simulator) = long_lived("").await;
    access_with(&home, ACCOUNT_TOKEN, &["--offline"])
        .assert(0, &[])
        .assert_prints(&["long-lived token", ": not asked"]);
    assert_eq!((installation.simulator.count(), simulator.count()), (0, 0));
    installation.run(&["access", "--offline", "--refresh"]).assert(2, &["--offline", "cannot be used with"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_oauth_amocrm_is_asked_and_what_it_says_is_told() {
    for (spelling, code, parts) in [
        ("account:status=402", 2, &[": refused by amoCRM", "To do: ", "unpaid (402): pay for it"][..]),
        ("account:html-403", 2, &[": refused by amoCRM", "To do: ", "(403)", "administrator"]),
        ("account:status=404", 2, &[": refused by amoCRM", "To do: ", "404", "check `account`"]),
        ("account:status=503", 0, &[": not known", "Warning: ", "503", "try again later"]),
        ("account:too-many-requests-429", 0, &[": not known", "Warning: ", "429"]),
    ] {
        let installation = Installation::connected().await;
        fault(&installation, spelling);
        let ended = installation.run(&["access"]);
        assert_eq!(ended.code, Some(code), "{spelling}: {ended:?}");
        ended.assert_prints(parts);
        assert!(!ended.stdout.contains(": connected"), "{ended:?}");
        let state = json(&installation, &[])["integrations"][0]["state"].clone();
        assert_eq!(state, if code == 2 { "refused" } else { "unclear" }, "{spelling}");
    }
    // Another account at the address, and then nobody.
    let installation = Installation::connected().await;
    installation.change_record(|record| record["account_id"] = 7.into()).await;
    installation.run(&["access"]).assert(2, &[]).assert_prints(&[": refused", "by the account 7", "check `account`"]);
    installation.simulator.stop();
    installation.simulator.stopped().await;
    let ended = installation.run(&["access"]);
    ended.assert(0, &[]).assert_prints(&[": not known", "cannot be reached"]);
    assert!(!ended.stdout.contains(": connected"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_refreshes_a_token_that_is_due_or_refused_before_it_says_how_it_stands() {
    let installation = Installation::connected().await;
    let ago = |hours| (Timestamp::now() - SignedDuration::from_hours(hours)).to_string().into();
    installation.change_record(|record| (record["received_at"], record["expires_at"]) = (ago(25), ago(1))).await;
    let asked = || {
        let asked = installation.simulator.requests();
        installation.simulator.clear_requests();
        asked.into_iter().filter_map(|request| request.endpoint).collect::<Vec<_>>()
    };
    installation.run(&["access"]).assert(0, &["`main`: refreshed"]).assert_prints(&[": connected"]);
    assert_eq!(asked(), [Endpoint::Token, Endpoint::Account]);

    // Refused before its time, as if it had been revoked.
    installation.change_record(|record| record["access_token"] = "another-token".into()).await;
    installation.run(&["access"]).assert(0, &["`main`: refreshed"]).assert_prints(&[": connected"]);
    assert_eq!(asked(), [Endpoint::Account, Endpoint::Token, Endpoint::Account]);

    // Refused however fresh it is.
    fault(&installation, "account:unauthorized-401");
    let ended = installation.run(&["access"]);
    assert_eq!(ended.code, Some(2));
    ended.assert_prints(&[": off", "To do: ", "refuses even a fresh access token", "host-harness connect"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_refresh_at_once_spend_one_refresh_token() {
    let installation = Installation::connected().await;
    fault(&installation, "token:delay-headers=1s");
    let processes: Vec<_> = (0..2).map(|_| installation.spawn(&["access", "--refresh", "--log", "trace"])).collect();
    let ended: Vec<_> = processes.into_iter().map(|process| end(&installation, process)).collect();
    for ended in &ended {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.assert_prints(&["connected"]);
    }
    let said = |what: &str| ended.iter().filter(|ended| ended.stderr.contains(what)).count();
    assert_eq!((said("`main`: refreshed\n"), said("`main`: refreshed by another process")), (1, 1), "{ended:?}");
    let refreshes = installation.simulator.refreshes();
    assert_eq!((refreshes.succeeded, refreshes.refused), (1, 0));
    installation.simulator.set_faults(Vec::new());
    installation.run(&CALL).assert(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_is_one_refresh_after_it_and_the_next_call_is_fine() {
    let installation = Installation::connected().await;
    fault(&installation, "contacts:unauthorized-401");
    let before = installation.record().expect("a grant")["access_token"].clone();
    let ended = installation.run(&CALL);
    ended.assert(1, &["amoCRM refused the access token", "`main`: refreshed"]).assert_prints(&["credentials-rejected"]);
    assert_eq!(installation.simulator.refreshes().succeeded, 1);
    let asked: Vec<_> = installation.simulator.requests().into_iter().map(|request| request.endpoint).collect();
    assert_eq!(asked, [Some(Endpoint::Contacts), Some(Endpoint::Token)], "after the call, not in it");
    assert_ne!(installation.record().expect("a grant")["access_token"], before);
    installation.simulator.set_faults(Vec::new());
    installation.run(&CALL).assert(0, &[]).assert_prints(&["anna"]);
    assert_eq!(installation.simulator.refreshes().succeeded, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refreshed_before_the_call() {
    let installation = Installation::connected().await;
    let ago = |hours| (Timestamp::now() - SignedDuration::from_hours(hours)).to_string().into();
    installation.change_record(|record| (record["received_at"], record["expires_at"]) = (ago(25), ago(1))).await;
    assert_eq!(json(&installation, &["--offline"])["integrations"][0]["state"], "expired");
    installation.run(&CALL).assert(0, &["the access token has expired", "before the call"]).assert_prints(&["anna"]);
    let asked: Vec<_> = installation.simulator.requests().into_iter().map(|request| request.endpoint).collect();
    assert_eq!(asked, [Some(Endpoint::Token), Some(Endpoint::Contacts)]);

    // amoCRM's token endpoint fails: the call is made all the same.
    installation.change_record(|record| (record["received_at"], record["expires_at"]) = (ago(25), ago(1))).await;
    fault(&installation, "token:status=503");
    let ended = installation.run(&["call", "8 (903) 555-02-02", "--lang", "en"]);
    assert!(ended.stderr.contains("amoCRM answered 503") && ended.code != Some(2), "{ended:?}");
    assert!(json(&installation, &[])["integrations"][0]["failure"]["what"].as_str().expect("a text").contains("503"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_lost_with_amocrms_answer_need_a_new_consent_which_is_said() {
    let installation = Installation::connected().await;
    fault(&installation, "token:close-after-processing");
    installation.run(&["access", "--refresh"]).assert(2, &["answer was lost"]);
    assert_eq!(installation.simulator.refreshes().succeeded, 1, "the token was spent");
    installation.run(&["access"]).assert_prints(&["connected", "Warning: an answer of amoCRM to a refresh was lost"]);

    installation.simulator.set_faults(Vec::new());
    let command = "host-harness connect --config host-harness.toml";
    let ended = installation.run(&["access", "--refresh"]);
    assert_eq!(ended.code, Some(2));
    ended.assert_prints(&[": off", "its answer was lost", command]);
    installation.run(&CALL).assert(1, &["its answer was lost", command]).assert_prints(&["integration-off"]);

    installation.run(&["connect", "--code", &installation.code()]).assert(0, &[]);
    installation.run(&CALL).assert(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_made_up_for_where_the_old_token_still_works() {
    let installation = Installation::connected().await;
    installation.simulator.update(|account| account.behaviour.refresh_grace = true);
    fault(&installation, "token:close-after-processing");
    installation.run(&["access", "--refresh"]).assert(2, &["answer was lost"]);
    installation.simulator.set_faults(Vec::new());
    installation.run(&["access", "--refresh"]).assert(0, &["refreshed"]);
    installation.run(&CALL).assert(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_refreshes_holds_nobody_up_for_ever() {
    let installation = Installation::connected().await;
    fault(&installation, "token:hang");
    let mut process = installation.spawn(&["access", "--refresh"]);
    while installation.record().expect("a grant")["lease"].is_null() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    process.kill().expect("a process of ours");
    end(&installation, process);
    let record = installation.record().expect("a grant");
    assert!(
        record["lease"]["until"].is_string() && record["unanswered_since"].is_string(),
        "it was marked before it was sent"
    );
    installation.simulator.set_faults(Vec::new());
    // The token in force lives on meanwhile.
    installation.run(&CALL).assert(0, &[]);
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    installation.change_record(|record| record["lease"]["until"] = past.to_string().into()).await;
    installation.run(&["access", "--refresh"]).assert(0, &["`main`: refreshed"]);
    assert_eq!(installation.simulator.refreshes().succeeded, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_account_is_followed_and_what_was_kept_stays_known() {
    for (former, refreshes) in [(Renamed::Unauthorized, 1), (Renamed::NotFound, 0), (Renamed::Redirect, 0)] {
        let installation = Installation::connected().await;
        installation.simulator.update(|account| account.behaviour.renamed = former);
        installation.run(&CALL).assert(0, &[]).assert_prints(&["known from: amoCRM"]);
        let renamed = installation.simulator.rename().await.expect("a port");
        installation.configure(&[&renamed], "");
        installation.run(&["call", "8 (903) 555-02-02"]).assert(1, &["the account's new address was found"]);
        assert_eq!(installation.simulator.refreshes().succeeded, refreshes);
        assert_eq!(json(&installation, &[])["integrations"][0]["account"], renamed.as_str());
        installation.run(&CALL).assert(0, &[]).assert_prints(&["known from: cache"]);
        let ended = installation.run(&["call", "8 (903) 555-02-02", "--lang", "en"]);
        assert!(ended.stderr.is_empty() && !ended.stdout.contains("technical-failure"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_amocrms_gets_nothing() {
    let installation = Installation::connected().await;
    let renamed = installation.simulator.rename().await.expect("a port");
    installation.run(&["access", "--refresh"]).assert(2, &["not amoCRM's", "nothing was sent", "`granted`"]);
    installation.run(&CALL);
    let there = renamed.trim_start_matches("http://");
    assert!(installation.simulator.requests().iter().all(|request| request.host != there));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_that_was_ended_in_amocrm_is_off_after_the_first_refusal() {
    let installation = Installation::connected().await;
    installation.simulator.uninstall().expect("with OAuth");
    installation
        .run(&CALL)
        .assert(1, &["amoCRM refused to renew the access", "host-harness connect"])
        .assert_prints(&["credentials-rejected"]);
    installation.simulator.clear_requests();
    installation.run(&CALL).assert(1, &["host-harness connect"]).assert_prints(&["integration-off", "No requests"]);
    assert!(installation.simulator.requests().is_empty());
    let standing = json(&installation, &[]);
    assert_eq!(standing["integrations"][0]["off"]["reason"], "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_grant_that_cannot_be_read_is_named_and_replaced_by_connecting() {
    let installation = Installation::connected().await;
    installation.change_record(|record| record["expires_at"] = "soon".into()).await;
    let ended = installation.run(&["access"]);
    assert_eq!(ended.code, Some(2));
    ended.assert_prints(&["cannot be read", "connect"]);
    installation.run(&CALL).assert(1, &["cannot be read", "host-harness connect"]);
    installation.run(&["connect", "--code", &installation.code()]).assert(0, &[]);
    installation.run(&CALL).assert(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_secret_keeps_the_access_and_heals_once_it_is_right() {
    let installation = Installation::connected().await;
    let with_wrong = |arguments: &[&str]| {
        let mut command = installation.command(arguments);
        let wrong = CLIENT_SECRET.replace("shows-once", "showed-before");
        installation.ended(command.env("AMOCRM_CLIENT_SECRET", wrong).output().expect("the binary starts"))
    };
    with_wrong(&["access", "--refresh"]).assert(2, &["(401)", "check `client_secret`"]).assert_prints(&[
        ": connected",
        "To do: ",
        "check `client_secret`",
        "environment variable",
        "restart the program",
        "tried again by itself",
    ]);
    let ended = with_wrong(&CALL);
    ended.assert(0, &["check `client_secret`"]).assert_prints(&["anna"]);
    assert!(!ended.stderr.contains("revoked"), "{ended:?}");
    assert_eq!(json(&installation, &[])["integrations"][0]["failure"]["needs_user"], true);

    // Nothing was spent.
    installation.run(&["access", "--refresh"]).assert(0, &["`main`: refreshed"]).assert_prints(&[": connected"]);
    installation.run(&CALL).assert(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_account_is_told_to_pay_at_the_token_endpoint_too() {
    let installation = Installation::connected().await;
    fault(&installation, "token:status=402");
    let ended = installation.run(&["access", "--refresh"]);
    ended.assert(2, &["unpaid (402): pay for it"]).assert_prints(&[": connected", "To do: ", "pay for it"]);
    installation.simulator.set_faults(Vec::new());
    installation.run(&["access", "--refresh"]).assert(0, &["refreshed"]);
}

/// A simulated account that demands this token, and how `access` finds it with another or the same.
async fn long_lived(fault: &str) -> (Home, Simulator) {
    let options = Options { token: Some(ACCOUNT_TOKEN.to_owned()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("the simulator starts on loopback");
    simulator.set_faults(fault.parse().ok().into_iter().collect());
    let home = Home::new();
    home.write("host-harness.toml", config_for(simulator.base_url(), LOOPBACK));
    (home, simulator)
}

fn access_with(home: &Home, token: &str, more: &[&str]) -> Ended {
    let mut command = home.command(["access", "--config", "host-harness.toml"].iter().chain(more));
    Ended::of(command.env("AMOCRM_TOKEN", token).output().expect("the binary starts"))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_long_lived_token_amocrm_is_asked_and_what_it_says_is_told() {
    for (fault, token, code, parts) in [
        ("", ACCOUNT_TOKEN, 0, &[": connected"][..]),
        ("", "another-token", 2, &[": refused by amoCRM", "To do: ", "(401)", "Долгосрочный токен"]),
        ("account:status=402", ACCOUNT_TOKEN, 2, &[": refused by amoCRM", "To do: ", "unpaid (402): pay for it"]),
        ("account:html-403", ACCOUNT_TOKEN, 2, &[": refused by amoCRM", "To do: ", "(403)", "administrator"]),
        ("account:status=404", ACCOUNT_TOKEN, 2, &[": refused by amoCRM", "To do: ", "404", "check `account`"]),
        ("account:status=503", ACCOUNT_TOKEN, 0, &[": not known", "Warning: ", "503", "try again later"]),
    ] {
        let (home, simulator) = long_lived(fault).await;
        let ended = access_with(&home, token, &[]);
        assert_eq!(ended.code, Some(code), "{fault}: {ended:?}");
        ended.assert_prints(&["main: long-lived token, http://127.0.0.1:"]).assert_prints(parts);
        assert_eq!(ended.stdout.contains("connected"), code == 0 && fault.is_empty(), "{ended:?}");
        assert_eq!(simulator.count(), 1, "one request");
        assert_eq!(simulator.requests()[0].endpoint, Some(Endpoint::Account));
    }
    let (home, simulator) = long_lived("").await;
    let file = std::fs::read_to_string(home.path("host-harness.toml")).expect("the file");
    home.write("host-harness.toml", file.replacen("token =", "enabled = false\ntoken =", 1));
    let off = access_with(&home, ACCOUNT_TOKEN, &["--lang", "ru"]);
    home.write("host-harness.toml", file);
    off.assert(0, &[]).assert_prints(&[": подключена", "выключена в настройках (`enabled = false`)"]);
    let shown: Value = serde_json::from_str(&access_with(&home, ACCOUNT_TOKEN, &["--json"]).stdout).expect("JSON");
    assert_eq!(shown["integrations"][0]["state"], "connected");
    simulator.stop();
    simulator.stopped().await;
    let ended = access_with(&home, ACCOUNT_TOKEN, &[]);
    ended.assert(0, &[]).assert_prints(&[": not known", "cannot be reached"]);
    assert!(!ended.stdout.contains("connected"), "{ended:?}");
    let russian = access_with(&home, ACCOUNT_TOKEN, &["--lang", "ru"]);
    russian.assert(0, &[]).assert_prints(&["нет связи: там никто не слушает"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_read_without_what_was_pasted_with_it_and_refused_where_it_is_none() {
    let (home, _simulator) = long_lived("").await;
    for token in [
        format!("Bearer {ACCOUNT_TOKEN}"),
        format!(" \u{feff}\"{ACCOUNT_TOKEN}\"\u{200b}\r\n"),
        format!("bearer  '{ACCOUNT_TOKEN}'"),
    ] {
        access_with(&home, &token, &[]).assert(0, &[]).assert_prints(&[": connected"]);
    }
    for (token, said) in [("two words", "a blank"), ("two\nlines", "a line break"), ("Bearer ", "is empty")] {
        access_with(&home, token, &[]).assert(2, &["host-harness.toml", "`token`", "AMOCRM_TOKEN", said]);
    }
}

#[test]
fn addresses_that_are_no_accounts_are_refused_with_the_line_to_write() {
    let home = Home::new();
    for (account, said) in [
        ("https://www.amocrm.ru", "the browser shows"),
        ("https://kommo.com/", "the browser shows"),
        ("https://example.amocrm.ru/leads/list/", "write account = \"https://example.amocrm.ru\""),
    ] {
        home.write("host-harness.toml", config_for(account, ""));
        let ended = access_with(&home, ACCOUNT_TOKEN, &[]);
        ended.assert(2, &["host-harness.toml", "`account`", said]);
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_lived_token_is_warned_of_before_it_expires() {
    let access = async |days: i64| {
        let payload = format!("{{\"exp\":{}}}", Timestamp::now().as_second() + days * 24 * 3_600 + 60);
        let token =
            format!("e30.{}.c2ln", base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload));
        let options = Options { token: Some(token.clone()), ..Options::default() };
        let simulator = Simulator::start(options).await.expect("the simulator starts on loopback");
        let home = Home::new();
        home.write("host-harness.toml", config_for(simulator.base_url(), LOOPBACK));
        access_with(&home, &token, &[])
    };
    access(15).await.assert(0, &[]).assert_prints(&["main: long-lived token, http://127.0.0.1:", ": connected"]);
    access(13).await.assert(0, &[]).assert_prints(&["Warning: the long-lived token expires on", "Долгосрочный токен"]);
    let expired = access(-1).await;
    assert_eq!(expired.code, Some(2));
    expired.assert_prints(&["To do: the long-lived token expired on"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_does_not_end_the_command_that_keeps_tokens_fresh() {
    use std::io::{BufRead, BufReader};
    let installation = Installation::connected().await;
    let mut process = installation.spawn(&["access", "--keep", "--lang", "en"]);
    let mut lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
    let mut says = |part: &str| lines.any(|line| line.expect("text").contains(part));
    let id = process.id().to_string();
    let signal = |signal: &str| {
        let sent = std::process::Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(sent.success());
    };
    assert!(says("keeping the access tokens fresh until interrupted"));
    signal("-HUP");
    assert!(says("the command goes on"));
    signal("-INT");
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}
