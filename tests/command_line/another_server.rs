//! A configuration file that points at a server in another process, as it would at a real account.

use test_support::{ACCOUNT_TOKEN, CALLER, Ended, Home};

use crate::amocrm::{Amocrm, LOOPBACK, config_for};

/// Calls with `host-harness.toml` in the home, the token in the environment, and in English in a Russian environment.
fn call(home: &Home, token: &str) -> Ended {
    let mut command = home.command(["call", CALLER, "--config", "host-harness.toml", "--lang", "en"]);
    command.env("AMOCRM_TOKEN", token).env("LANG", "ru_RU.UTF-8");
    Ended::of(command.output().expect("the binary starts"))
}

#[test]
fn a_call_is_forwarded_by_the_server_at_the_configured_address() {
    let home = Home::new();
    let amocrm = Amocrm::start(&home, &[]);
    home.write("host-harness.toml", config_for(&amocrm.base_url, LOOPBACK));
    call(&home, ACCOUNT_TOKEN).assert(0, &[]).assert_prints(&[
        "Forwarded: Anna (anna)",
        "1. 101  rings for 20 s",
        "2. +79035550101  rings for 25 s",
        "then the linked operation: queue:support",
    ]);
    let requests = amocrm.requests();
    assert_eq!(requests["count"], 1);
    assert_eq!(requests["requests"][0]["path"], "/api/v4/contacts");
    assert_eq!(requests["requests"][0]["authorised"], true);

    call(&home, ACCOUNT_TOKEN).assert(0, &[]).assert_prints(&["known from: cache", "No requests"]);
    assert_eq!(amocrm.requests()["count"], 1, "and the server agrees");
}

#[test]
fn an_address_of_this_machine_that_is_not_granted_is_refused_with_the_line_to_add() {
    let home = Home::new();
    let amocrm = Amocrm::start(&home, &[]);
    home.write("host-harness.toml", config_for(&amocrm.base_url, "plain_http = \"granted\""));
    call(&home, ACCOUNT_TOKEN).assert(1, &[]).assert_prints(&[
        "Linked operation: queue:support",
        "access-forbidden (technical-failure)",
        "private_addresses = \"granted\"",
    ]);
    assert_eq!(amocrm.requests()["count"], 0);
}

#[test]
fn a_token_that_amocrm_does_not_know_is_credentials_rejected() {
    let home = Home::new();
    let amocrm = Amocrm::start(&home, &[]);
    home.write("host-harness.toml", config_for(&amocrm.base_url, LOOPBACK));
    let wrong = "eyJ3cm9uZyI6InRva2VuIn0";
    let ended = call(&home, wrong);
    ended.assert(1, &[]).assert_prints(&["credentials-rejected (technical-failure)", "Request contacts: 401"]);
    assert!(!ended.stdout.contains(wrong), "{ended:?}");
    assert_eq!(amocrm.requests()["requests"][0]["authorised"], false);
}

#[test]
fn the_simulator_alone_shows_each_request_and_no_token() {
    let home = Home::new();
    let mut amocrm = Amocrm::start(&home, &["--fault", "contacts:unpaid-402"]);
    home.write("host-harness.toml", config_for(&amocrm.base_url, LOOPBACK));
    call(&home, ACCOUNT_TOKEN).assert(1, &[]).assert_prints(&["account-unpaid (technical-failure)"]);
    let line = amocrm.next_request();
    assert!(line.starts_with("GET /api/v4/contacts?query=9161234567"), "{line}");
    assert!(line.contains("fault unpaid-402"), "{line}");
}

#[test]
fn the_simulator_refuses_a_broken_account_and_names_file_and_key() {
    let home = Home::new();
    home.write("account.toml", "[[contacts]]\nid = -1\n");
    home.run(["amocrm", "--data", "account.toml"]).assert(2, &["account.toml", "contacts[0].id", "-1"]);
    home.write("account.toml", "[[contacts]]\nfone = \"+79161234567\"\n");
    home.run(["amocrm", "--data", "account.toml"]).assert(2, &["account.toml", "contacts[0]", "fone", "phones"]);
    home.run(["amocrm", "--data", "none.toml"]).assert(2, &["none.toml"]);
    home.run(["amocrm", "--data", "account.yaml"]).assert(2, &["account.yaml", ".toml or .json"]);
}
