//! Access to amoCRM through a proxy: that of the environment, or that of the configuration.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use test_support::{CALLER, Ended, Home};

/// A proxy that lets nothing through; gives its address and the first lines of what it is asked.
fn refusing() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (asked, seen) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut lines = BufReader::new(stream.try_clone().expect("the same")).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
            if asked.send(first).is_err() {
                return;
            }
        }
    });
    (address, seen)
}

fn configured(key: &str) -> Home {
    let home = Home::new();
    let file = format!(
        "[[integration]]\naccount = \"https://example.amocrm.ru\"\ntoken = \"file:token\"\n{key}\n[[operation]]\nlinked_operation = \"queue:sales\"\n"
    );
    home.write("host-harness.toml", file);
    home.write("token", "a-long-lived-token-of-nobody");
    home
}

#[test]
fn amocrm_is_reached_through_the_proxy_of_the_environment_or_of_the_file() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", ""] {
        let (proxy, seen) = refusing();
        let proxy = format!("http://{proxy}");
        let home = configured(&if variable.is_empty() { format!("proxy = \"{proxy}\"") } else { String::new() });
        let mut command = home.command(["access", "--config", "host-harness.toml"]);
        if !variable.is_empty() {
            command.env(variable, &proxy);
        }
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("proxy") && !said.contains("a-long-lived-token"), "{variable}: {said}");
        assert_eq!(seen.recv().expect("it was asked"), "CONNECT example.amocrm.ru:443 HTTP/1.1", "{variable}");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_told_before_anything_is_asked() {
    let home = configured("proxy = \"socks9://user:s3cret@proxy.example\"");
    let ended = home.run(["access", "--config", "host-harness.toml"]);
    ended.assert(2, &["`proxy`", "never written inline"]);
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}

#[test]
fn a_proxy_of_the_environment_that_cannot_be_used_is_told_too() {
    for (variable, address) in [
        ("HTTPS_PROXY", "https://user:s3cret@proxy.example"),
        ("https_proxy", "socks4://proxy.example:1080"),
        ("ALL_PROXY", "not a proxy"),
    ] {
        let run = |home: &Home, command: &[&str]| {
            let mut command = home.command([command, &["--config", "host-harness.toml"]].concat());
            Ended::of(command.env(variable, address).output().expect("it runs"))
        };
        for command in [&["access"][..], &["call", CALLER]] {
            let ended = run(&configured(""), command);
            ended.assert(
                2,
                &["[[integration]] `main`: `proxy`: ", variable, "write http://HOST:PORT", "`proxy = \"none\"`"],
            );
            assert!(!ended.stderr.contains("s3cret") && ended.stderr.lines().count() == 1, "{}", ended.stderr);
        }
        // Where the file says it, the environment does not count.
        let (proxy, seen) = refusing();
        run(&configured(&format!("proxy = \"http://{proxy}\"")), &["access"]);
        assert_eq!(seen.recv().expect("it was asked"), "CONNECT example.amocrm.ru:443 HTTP/1.1", "{variable}");
    }
}
