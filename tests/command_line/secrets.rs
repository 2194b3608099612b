//! D10: whatever a process prints, in text, JSON or logs at the lowest level, well or badly ended, holds no secret, and neither does what it
//! stores beside the grant. Every process of an [`Installation`] is searched; these tests see to it that there is much to search.

use amocrm_simulator::FaultRule;
use test_support::{ACCOUNT_TOKEN, CALLER, Ended, Home};

use crate::amocrm::{Amocrm, LOOPBACK, cache_in, config_for};
use crate::installation::{CLIENT_SECRET, Installation};

const TRACE: [&str; 2] = ["--log", "trace"];

#[tokio::test(flavor = "multi_thread")]
async fn d10_no_output_of_an_oauth_installation_holds_a_secret() {
    let installation = Installation::connected().await;
    let commands: [&[&str]; 4] =
        [&["call", CALLER], &["call", CALLER, "--json"], &["access", "--json"], &["access", "--refresh"]];
    let run = |arguments: &[&str]| {
        let arguments: Vec<_> = arguments.iter().chain(&TRACE).copied().collect();
        installation.run(&arguments)
    };
    for faults in [
        &[][..],
        &["contacts:unauthorized-401"],
        &["*:bad-json"],
        &["*:status=500"],
        &["token:html-403"],
        &["contacts:redirect", "token:redirect"],
        &["token:close-mid-body", "contacts:close-mid-body"],
    ] {
        installation.simulator.set_faults(faults.iter().map(|fault| fault.parse::<FaultRule>().unwrap()).collect());
        let some = if faults.is_empty() { &commands[..] } else { &commands[2..] };
        for command in some.iter().chain(&[&["call", "8 (903) 555-02-02", "--json"][..]]) {
            run(command);
        }
        run(&["connect", "--code", &installation.code()]);
        // What is off is on again for the next round.
        installation.simulator.set_faults(Vec::new());
        run(&["connect", "--code", &installation.code()]).assert(0, &["a user connected"]);
    }
    for command in [&["audit"][..], &["audit", "--json"], &["presence"], &["presence", "anna", "--json"]] {
        let ended = run(command);
        assert!(ended.code.is_some_and(|code| code != 2 && code != 101), "{ended:?}");
    }
    // A code that was used, one that never was, and an address with one behind it.
    let code = installation.code();
    for _ in 0..2 {
        run(&["connect", "--code", &code]);
    }
    installation.learn("never-was-a-code-but-looks-like-one");
    run(&["connect", "--code", "never-was-a-code-but-looks-like-one"]).assert(2, &["did not accept"]);
    run(&["connect", "--code", "https://x/?code=never-was-a-code-but-looks-like-one&referer=evil.example"])
        .assert(2, &["not amoCRM's"]);

    // A damaged record with the tokens in it.
    installation.change_record(|record| record["received_at"] = record["access_token"].clone()).await;
    for command in commands {
        run(command);
    }
    run(&["connect", "--code", &installation.code()]).assert(0, &["a user connected"]);

    // amoCRM is gone.
    installation.simulator.stop();
    installation.simulator.stopped().await;
    for command in commands {
        let ended = run(command);
        assert!(ended.code.is_some_and(|code| code != 101), "{ended:?}");
    }
    run(&["connect", "--code", "never-was-a-code-but-looks-like-one"]).assert(2, &["cannot be reached"]);

    // The wrong places for a secret.
    for (key, value) in [("client_id", ""), ("redirect_uri", CLIENT_SECRET), ("platform", CLIENT_SECRET)] {
        installation.configure(&[], &format!("{key} = \"{value}\""));
        run(&["call", CALLER]).assert(2, &["host-harness.toml"]);
    }
}

#[test]
fn d10_no_output_about_a_long_lived_token_holds_it() {
    let home = Home::new();
    let amocrm = Amocrm::start(&home, &[]);
    home.write("host-harness.toml", config_for(&amocrm.base_url, LOOPBACK));
    for token in [ACCOUNT_TOKEN, "another-token-that-amocrm-does-not-know", "a-token\u{7}that-no-header-carries"] {
        for arguments in [
            &["call", CALLER][..],
            &["call", CALLER, "--json"],
            &["access"],
            &["access", "--json"],
            &["audit", "--json"],
            &["presence", "anna"],
        ] {
            let mut command =
                home.command(arguments.iter().chain(&["--config", "host-harness.toml", "--log", "trace"]));
            let ended = Ended::of(command.env("AMOCRM_TOKEN", token).output().expect("the binary starts"));
            assert!(!format!("{ended:?}").contains(token), "{arguments:?}");
            assert_ne!(ended.code, Some(101), "{ended:?}");
        }
    }
}

#[test]
fn a_log_is_written_on_request_and_a_wrong_filter_is_refused() {
    let home = Home::new();
    let quiet = home.run(["call", CALLER]);
    quiet.assert(0, &[]);
    home.run(["call", CALLER, "--log", "shout=loud=x"]).assert(2, &["--log", "error, warn, info, debug or trace"]);
}

/// Runs a command against a simulated account, in a home that has a secret of its own for stored keys.
fn with_cache_key(home: &Home, config: &str, arguments: &[&str]) -> Ended {
    home.write("host-harness.toml", config);
    let mut command = home.command(arguments.iter().chain(&["--config", "host-harness.toml", "--log", "trace"]));
    Ended::of(command.env("AMOCRM_TOKEN", ACCOUNT_TOKEN).output().expect("the binary starts"))
}

#[test]
fn d12_the_secret_of_stored_keys_is_in_its_file_alone() {
    let home = Home::new();
    let amocrm = Amocrm::start(&home, &[]);
    let made = home.path("state/host-harness/cache-key-secret");
    home.write("cache-key", "a-secret-of-every-node-of-this-site\n");
    for (more, file) in [("", made), ("cache_key_secret = \"file:cache-key\"", home.path("cache-key"))] {
        let config = config_for(&amocrm.base_url, &format!("{LOOPBACK}\n{more}"));
        let call = |more: &[&str]| {
            let arguments: Vec<_> = ["call", CALLER].iter().chain(more).copied().collect();
            let ended = with_cache_key(&home, &config, &arguments);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            format!("{ended:?}")
        };
        let mut told = call(&["--record", "masked.json"]);
        told += &call(&["--record", "whole.json", "--whole-numbers", "--json"]);
        let secret = std::fs::read_to_string(&file).expect("a secret");
        assert!(secret.trim().len() >= 32, "{}", secret.len());
        for recording in ["masked.json", "whole.json"] {
            told += &std::fs::read_to_string(home.path(recording)).expect("a recording");
            home.run(["replay", recording]).assert(0, &[]).assert_prints(&["the same resolution"]);
        }
        let store = std::fs::read(cache_in(&home.path("state/host-harness"))).expect("the store");
        told += &String::from_utf8_lossy(&store);
        assert!(!told.contains(secret.trim()), "the secret was let out");
    }
}

#[test]
fn d12_a_shared_store_needs_a_configured_secret_and_each_command_says_so() {
    let home = Home::new();
    let config = |more: &str| {
        let store = "[store]\nlocation = \"redis://127.0.0.1:1\"\n";
        format!("{}{store}", config_for("https://example.amocrm.ru", more))
    };
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["call", CALLER], &["presence"]] {
        let ended = with_cache_key(&home, &config(""), arguments);
        ended.assert(2, &["`main`: `cache_key_secret` is missing", "openssl rand -hex 32", "file:/path"]);
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
    for (written, said) in [("too-short", "at least 32 characters"), ("", "is empty"), ("in two\nlines", "a blank")] {
        home.write("cache-key", written);
        let ended = with_cache_key(&home, &config("cache_key_secret = \"file:cache-key\""), &["call", CALLER]);
        ended.assert(2, &["`cache_key_secret`", said]);
    }
    let inline = config(&format!("cache_key_secret = \"{ACCOUNT_TOKEN}\""));
    with_cache_key(&home, &inline, &["call", CALLER]).assert(2, &["`cache_key_secret`", "never written inline"]);
}
