//! `connect`: a user allows access once, in a browser or by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use amocrm_simulator::Platform;
use test_support::{CALLER, Ended, Home};

use crate::installation::{CLIENT_SECRET, Installation};

/// What a browser does with an address: the head and the body of the answer.
fn browse(address: &str) -> (String, String) {
    let rest = address.strip_prefix("http://").expect("plain HTTP on loopback");
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut stream = TcpStream::connect(authority).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    (head.to_owned(), body.to_owned())
}

/// Runs `connect`, does with the consent page's answer what `with` says, and waits for the end.
fn consent(installation: &Installation, with: impl FnOnce(&str)) -> Ended {
    let mut process = installation.spawn(&["connect", "--log", "trace"]);
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let page = lines.by_ref().find(|line| line.starts_with("http://")).expect("the address of the consent page");
    assert!(page.starts_with(installation.simulator.base_url()), "{page}");
    lines.by_ref().find(|line| line.starts_with("Waiting")).expect("it listens");
    let (head, _) = browse(&page);
    let back = head.lines().find_map(|line| line.strip_prefix("location: ")).expect("a redirect").to_owned();
    if let Some(code) = back.split("code=").nth(1) {
        installation.learn(code.split('&').next().expect("a code"));
    }
    with(&back);
    let rest: Vec<_> = lines.collect();
    let mut output = process.wait_with_output().expect("it ends");
    output.stdout = rest.join("\n").into_bytes();
    installation.ended(output)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_consents_in_the_browser_and_calls_are_forwarded() {
    for platform in [Platform::Amocrm, Platform::Kommo] {
        let installation = Installation::new().await;
        installation.simulator.update(|account| account.behaviour.platform = platform);
        let kommo = if platform == Platform::Kommo { "platform = \"kommo\"" } else { "" };
        installation.configure(&[], kommo);
        let ended = consent(&installation, |back| {
            // What else comes to that address ends nothing.
            let (address, query) = back.split_once('?').expect("a query");
            for other in [
                address.replace("/back", "/favicon.ico"),
                address.to_owned(),
                format!("{address}?code=x&state=guessed&referer=evil.example"),
                format!("{address}?error=access_denied"),
            ] {
                let (head, _) = browse(&other);
                assert!(head.starts_with("HTTP/1.1 40"), "{head}");
            }
            let (head, page) = browse(&format!("{address}?{query}"));
            assert!(head.starts_with("HTTP/1.1 200") && head.contains("no-store"), "{head}");
            assert!(page.contains("Доступ разрешён") && page.contains("Access was allowed"), "{page}");
        });
        ended.assert_prints(&[
            "Connected: integration `main` has access to http://127.0.0.1:",
            "expires at",
            "call NUMBER",
        ]);
        assert_eq!(ended.code, Some(0));
        assert!(ended.stderr.contains("a user connected the integration"), "{ended:?}");
        installation.run(&["call", CALLER, "--lang", "en"]).assert(0, &[]).assert_prints(&["anna"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_refuses_changes_nothing() {
    let installation = Installation::new().await;
    installation.simulator.update(|account| account.behaviour.refuse_consent = true);
    let ended = consent(&installation, |back| {
        let (_, page) = browse(back);
        assert!(page.contains("Доступ не разрешён") && page.contains("Nothing has changed"), "{page}");
    });
    ended.assert(2, &["the user refused access", "administrator"]);
    assert!(installation.record().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_or_the_whole_address_may_be_brought_by_hand_and_once() {
    let installation = Installation::new().await;
    let authority = installation.simulator.address().to_string();
    let code = installation.code();
    let pasted = format!("https://pbx.example/hook?code={code}&referer={authority}&state=x&platform=1");
    installation.run(&["connect", "--code", &pasted]).assert(0, &[]).assert_prints(&["Connected"]);
    let first = installation.record().expect("a grant");
    installation
        .run(&["connect", "--code", &code])
        .assert(2, &["did not accept the code", "20 minutes", "connect again"]);
    assert_eq!(installation.record(), Some(first.clone()), "what was there stays");

    installation.run(&["connect", "--code", &installation.code()]).assert(0, &[]);
    assert_ne!(installation.record().expect("a grant")["access_token"], first["access_token"], "the pair is replaced");

    let elsewhere = format!("https://pbx.example/hook?code={}&referer=evil.example", installation.code());
    installation.run(&["connect", "--code", &elsewhere]).assert(2, &["not amoCRM's", "nothing was sent"]);
    installation.run(&["connect", "--code", "https://pbx.example/hook"]).assert(2, &["no code in it"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_address_elsewhere_is_explained_and_a_store_that_forgets_is_refused() {
    let mut installation = Installation::new().await;
    installation.app.redirect_uri = "https://pbx.example/hook".to_owned();
    installation.configure(&[], "");
    let ended = installation.run(&["connect"]);
    assert_eq!(ended.code, Some(2));
    ended.assert_prints(&["/oauth?client_id=", "https://pbx.example/hook", "--code 'ADDRESS'", "20 minutes"]);
    installation.run(&["connect", "--state", "memory"]).assert(2, &["memory keeps nothing"]);
}

#[test]
fn the_keys_of_oauth_are_checked() {
    let home = Home::new();
    home.write("secret", "s");
    let operation = "[[operation]]\nlinked_operation = \"queue:sales\"\n";
    let keys = "client_id = \"c\"\nclient_secret = \"file:secret\"\nredirect_uri = \"http://127.0.0.1:8765/\"\n";
    for (integration, parts) in [
        (String::new(), &["there is no access", "`token`", "`client_id`, `client_secret` and `redirect_uri`"][..]),
        (format!("token = \"file:secret\"\n{keys}"), &["both `token` and keys of OAuth", "remove it"]),
        ("client_id = \"c\"".to_owned(), &["also needs `client_secret` and `redirect_uri`"]),
        ("platform = \"kommo\"".to_owned(), &["also needs `client_id` and `client_secret` and `redirect_uri`"]),
        (keys.replace("\"c\"", "\" \""), &["`client_id` is empty"]),
        (keys.replace("http://127.0.0.1:8765/", "127.0.0.1"), &["`redirect_uri` is not an address", "for example"]),
        (keys.replace("file:secret", CLIENT_SECRET), &["`client_secret`", "never written inline"]),
        (keys.replace("file:secret", "file:none"), &["`client_secret`", "none", "check that it exists"]),
        (format!("{keys}platform = \"bitrix\""), &["platform`", "`amocrm` or `kommo`"]),
        (
            format!("{keys}platform = \"amocrm\"\naccount = \"https://a.kommo.com\""),
            &["`platform` = `amocrm`", "write platform = \"kommo\""],
        ),
        (
            "token = \"file:secret\"\nplatform = \"kommo\"\naccount = \"https://a.amocrm.ru\"".to_owned(),
            &["`platform` = `kommo`", "write platform = \"amocrm\""],
        ),
        (format!("{keys}account = \"http://a.example\""), &["`account` = `http://a.example", "plain_http"]),
    ] {
        home.write("host-harness.toml", format!("[[integration]]\n{integration}\n{operation}"));
        let ended = home.run(["access", "--config", "host-harness.toml"]);
        ended.assert(2, parts);
        assert!(ended.stdout.is_empty() && !ended.stderr.contains(CLIENT_SECRET), "{ended:?}");
    }
    home.write(
        "host-harness.toml",
        format!("[[integration]]\naccount = \"https://a.amocrm.ru\"\ntoken = \"file:secret\"\n{operation}"),
    );
    home.run(["connect", "--config", "host-harness.toml"]).assert(2, &["long-lived `token` needs no connecting"]);
    home.run(["access", "--config", "host-harness.toml", "--integration", "x"])
        .assert(2, &["no integration", "`main`"]);
}
