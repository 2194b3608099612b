//! The first start of an installed server, whose environment names a configuration that is not there yet.

use std::fs;

use http::{Method, Request, StatusCode};
use serde_json::json;
use test_support::client::Client;
use test_support::{CALLER, Ended, Home, Process};

use crate::configuration::change;

const FILE: &str = "etc/host-harness.toml";
const ARGUMENTS: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--state", "kept"];

/// A home in which nothing was ever configured.
fn new_home() -> Home {
    let home = Home::bare();
    home.has_run("kept");
    fs::create_dir(home.path("etc")).expect("a folder");
    home
}

fn serve(home: &Home, further: &[&str]) -> Process {
    let mut command = home.command(ARGUMENTS.iter().chain(further));
    command.env("HOST_HARNESS_CONFIG", FILE);
    Process::of(command, home)
}

fn refused(home: &Home) -> Ended {
    let mut command = home.command(ARGUMENTS);
    Ended::of(command.env("HOST_HARNESS_CONFIG", FILE).output().expect("the binary starts"))
}

fn written(home: &Home) -> String {
    fs::read_to_string(home.path(FILE)).expect("a configuration")
}

async fn resolve(client: &Client, home: &Home) -> serde_json::Value {
    let token = fs::read_to_string(home.path("kept/server-token")).expect("a token");
    let request = Request::builder().method(Method::POST).uri("/v1/resolve-call");
    let request = request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    client.send(request, json!({"caller": CALLER, "called": "101"}).to_string()).await.json()
}

#[tokio::test]
async fn o6_the_first_start_writes_a_configuration_and_calls_go_to_the_linked_operation() {
    let home = new_home();
    let process = serve(&home, &[]);
    assert!(process.stderr().starts_with("first start: a configuration was written to etc/host-harness.toml;"));
    let text = written(&home);
    assert!(text.contains("enabled = false") && text.contains(&home.path("kept").display().to_string()), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(home.path(FILE)).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    let call = resolve(&process.client, &home).await;
    assert_eq!((&call["route"]["target"], &call["reason"]["code"]), (&json!("queue:sales"), &json!("integration-off")));
    process.signal("-TERM");
    assert!(process.ended().await.0.success());
    // From now on it is the administrator's.
    home.write(FILE, text.replace("queue:sales", "queue:ours"));
    let again = serve(&home, &[]);
    assert_eq!(again.stderr(), "");
    assert_eq!(resolve(&again.client, &home).await["route"]["target"], "queue:ours");
    // Commands beside the server find its state.
    let mut command = home.command(["config", "show"]);
    let shown = Ended::of(command.env("HOST_HARNESS_CONFIG", FILE).output().expect("the binary starts"));
    shown.assert(0, &[]).assert_prints(&["/kept\"", "linked_operation = \"queue:ours\""]);
}

#[tokio::test]
async fn o6_an_integration_without_an_account_is_not_switched_on() {
    let home = new_home();
    home.write_secret("etc/token", test_support::client::TOKEN);
    drop(serve(&home, &[]));
    home.write(FILE, written(&home).replace("[server]\n", "[server]\ntoken = \"file:token\"\n"));
    let process = serve(&home, &[]);
    let answer = change(&process.client, Method::PATCH, "/v1/integrations/main", &json!({"enabled": true})).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    assert!(answer.json()["detail"].as_str().expect("a detail").contains("`account` and `token`"), "{answer:?}");
}

#[test]
fn the_first_configuration_is_in_the_language_of_who_starts_the_server() {
    let home = new_home();
    let process = serve(&home, &["--lang", "ru"]);
    assert!(process.stderr().starts_with("первый запуск: настройки записаны в etc/host-harness.toml;"));
    assert!(written(&home).starts_with("# Настройки host-harness, созданные при первом запуске."));
}

#[test]
fn a_configuration_that_was_there_before_is_not_made_anew() {
    let home = new_home();
    drop(serve(&home, &[]));
    fs::remove_file(home.path(FILE)).expect("a file");
    refused(&home).assert(2, &["etc/host-harness.toml is gone", "kept/configuration-changes.jsonl"]);
    assert!(!home.path(FILE).exists());
    fs::remove_file(home.path("kept/configuration-changes.jsonl")).expect("a file");
    drop(serve(&home, &[]));
    assert!(home.path(FILE).exists());
}

#[test]
fn what_may_be_misspelt_is_not_written() {
    let home = new_home();
    home.run(ARGUMENTS.iter().chain(&["--config", FILE])).assert(2, &["etc/host-harness.toml: cannot be read"]);
    assert!(!home.path(FILE).exists());
    fs::remove_dir(home.path("etc")).expect("an empty folder");
    refused(&home).assert(2, &["a first one cannot be written", "make its folder"]);
    assert!(!home.path("etc").exists());
    // Other commands only read.
    let mut command = home.command(["call", CALLER]);
    let call = Ended::of(command.env("HOST_HARNESS_CONFIG", "elsewhere.toml").output().expect("the binary starts"));
    call.assert(2, &["elsewhere.toml: cannot be read"]);
    assert!(!home.path("elsewhere.toml").exists());
}
