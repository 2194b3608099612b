//! A configuration file for an operation that asks amoCRM nothing: without an account, and with configuration keys of the operation's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use hostile_components::{OWN_CONFIGURATION, STRANGER_CALLER};

use test_support::{ACCOUNT_TOKEN, CALLER, Home};

const OPERATION: &str = "[[operation]]\nlinked_operation = \"queue:sales\"\ncomponent = \"operation.wasm\"\n";
const FILE: [&str; 3] = ["--config", "host-harness.toml", "--json"];
/// The exit code of a call that went to the linked operation.
const LINKED: i32 = 1;

/// A home with the operation and the integration's configuration.
fn home(configuration: &str) -> Home {
    let home = Home::new();
    home.write("operation.wasm", OWN_CONFIGURATION);
    home.write("key", "a-secret-key\n");
    configure(&home, configuration);
    home
}

fn configure(home: &Home, configuration: &str) {
    let file = format!("[[integration]]\n[integration.configuration]\n{configuration}\n{OPERATION}");
    home.write("host-harness.toml", file);
}

#[test]
fn an_operation_that_asks_nothing_needs_no_integration() {
    let home = Home::new();
    home.write("operation.wasm", STRANGER_CALLER);
    home.write("host-harness.toml", OPERATION);
    home.run(["check", "operation.wasm"]).assert(0, &[]);
    let (ended, json) = home.call_json(&[&[CALLER][..], &FILE[..2]].concat());
    ended.assert(LINKED, &[]);
    assert_eq!(json["route"]["target"], "queue:sales");
    for command in ["access", "audit", "presence"] {
        let ended = home.run([command, "--config", "host-harness.toml"]);
        ended.assert(2, &["integration `main` has no account", "add `account` and `token`"]);
    }
    home.run(["connect", "--config", "host-harness.toml"]).assert(2, &["there is no access to connect", "`client_id`"]);
}

#[test]
fn the_built_in_operation_says_that_it_needs_an_account() {
    let home = Home::new();
    for integration in ["", "[[integration]]\ndefault_country_code = 44\n"] {
        let file = format!("{integration}[[operation]]\nlinked_operation = \"queue:sales\"\n");
        home.write("host-harness.toml", file);
        for arguments in [&["call", CALLER][..], &["serve", "--listen", "127.0.0.1:0"]] {
            let ended = home.run(arguments.iter().chain(&FILE[..2]));
            ended.assert(2, &["[[integration]] `main`", "`amocrm_base_url`", "is missing", "`account` and `token`"]);
        }
    }
}

#[test]
fn keys_of_the_operations_own_reach_it() {
    let home = home("shop = \"Example\"\nattempts = 5\npatience = \"2s\"\nloud = true\napi_key = \"file:key\"");
    let (ended, json) = home.call_json(&[&[CALLER][..], &FILE[..2]].concat());
    ended.assert(LINKED, &[]);
    let told = json["reason"]["text_en"].as_str().expect("a text");
    assert_eq!(
        told, "shop=Example attempts=5 patience=2000 loud=true tone=- cache_key_secret=- api_key of 12",
        "a duration in milliseconds, and no secret of the host's that it does not describe"
    );
    assert!(!ended.stdout.contains("a-secret-key"), "{ended:?}");
}

#[test]
fn d10_a_secret_of_the_configuration_is_in_no_recording() {
    let home = home("shop = \"Example\"\napi_key = \"file:key\"");
    home.run(["call", CALLER, "--config", "host-harness.toml", "--record", "call.json"]).assert(LINKED, &["recorded"]);
    let recording = std::fs::read_to_string(home.path("call.json")).expect("a recording");
    assert!(recording.contains("api_key") && !recording.contains("a-secret-key"), "{recording}");
}

#[test]
fn a_key_that_does_not_fit_is_refused_with_its_place_and_the_fix() {
    let home = home("");
    let inline = format!("shop = \"Example\"\napi_key = \"{ACCOUNT_TOKEN}\"");
    for (configuration, parts) in [
        ("", &["`shop` (shop) is missing", "[integration.configuration]"][..]),
        ("shop = \"Example\"\nattempt = 3", &["`attempt`: unknown", "`attempts`", "`shop`"]),
        ("shop = \"Example\"\nattempts = 6", &["`attempts` = `6`", "set a whole number from 1 to 5"]),
        ("shop = \"Example\"\nattempts = \"many\"", &["`attempts` = `many`", "set a whole number from 1 to 5"]),
        ("shop = \"Example\"\npatience = \"11s\"", &["`patience` = `11s`", "set a duration from 1s to 10s"]),
        ("shop = \"Example\"\nloud = 1", &["`loud` = `1`", "set `true` or `false`"]),
        ("shop = \"Example\"\ntone = \"shrill\"", &["`tone` = `shrill`", "set one of `low`, `high`"]),
        (inline.as_str(), &["`api_key`", "never written inline", "env:NAME"]),
        ("shop = \"Example\"\napi_key = \"file:none\"", &["`api_key`", "none", "check that it exists"]),
        ("shop = \"Example\"\nenabled = false", &["`enabled`", "this host provides it", "[[integration]]"]),
        ("shop = \"Example\"\nkv_bucket = \"b\"", &["`kv_bucket`", "this host provides it", "one bucket"]),
        ("shop = \"Example\"\namocrm_base_url = \"b\"", &["`amocrm_base_url`", "this host provides it", "`account`"]),
        ("shop = \"Example\"\ncache_key_secret = \"b\"", &["`cache_key_secret`", "this host provides it"]),
    ] {
        configure(&home, configuration);
        for arguments in [&["call", CALLER][..], &["serve", "--listen", "127.0.0.1:0"]] {
            let ended = home.run(arguments.iter().chain(&FILE[..2]));
            ended.assert(2, &["host-harness.toml", "[[integration]] `main`", "configuration key"]).assert(2, parts);
        }
    }
}

#[test]
fn a_server_resolves_calls_without_an_account() {
    let home = home("shop = \"Example\"");
    let mut command = home.command(["serve", "--config", "host-harness.toml", "--listen", "127.0.0.1:0"]);
    let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let (address, file) = line.trim().split_once("; the token is in ").expect("where it listens, and the token");
    let token = std::fs::read_to_string(file).expect("the token");
    let ask = |head: &str, body: &str| {
        let address = address.strip_prefix("listening on http://").expect("an address");
        let mut stream = TcpStream::connect(address).expect("it listens");
        write!(
            stream,
            "{head} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            token.trim(),
            body.len()
        )
        .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    };
    let resolved = ask("POST /v1/resolve-call", "{\"caller\": \"+79161234567\"}");
    let state = ask("GET /v1/state", "");
    process.kill().expect("a process of ours");
    process.wait().expect("it ends");
    assert!(resolved.contains("shop=Example") && resolved.contains("queue:sales"), "{resolved}");
    assert!(state.contains("\"account\":null") && state.contains("\"access\":null"), "{state}");
}
