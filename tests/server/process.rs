//! The binary: how a newcomer and an init system meet it.

use std::path::Path;
use std::process::Command;

use amocrm_simulator::{Options, Simulator};
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::scene::CALLER;
use crate::serving::Process;

fn token_in(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("server-token")).expect("a token")
}

#[tokio::test]
async fn a_newcomer_serves_the_demonstration_and_calls_with_the_token_of_the_state_directory() {
    let home = tempfile::tempdir().expect("a folder");
    let process = Process::start(home.path(), &["--state", "kept"]);
    let token = token_in(&home.path().join("kept"));
    let said = process.stdout();
    assert!(said.contains("server-token") && !said.contains(&token), "{said}");
    let call = |token: &str| {
        let request = Request::builder().method(Method::POST).uri("/v1/resolve-call");
        request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json")
    };
    let body = json!({"caller": CALLER, "called": "+74951234567"}).to_string();
    assert_eq!(process.client.send(call(&token), body.clone()).await.goes_to(), "anna");
    assert_eq!(process.client.send(call("another-token-0123456789"), body).await.status, StatusCode::UNAUTHORIZED);
    process.signal("-TERM");
    let (status, stderr) = process.ended().await;
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    let again = Process::start(home.path(), &["--state", "kept"]);
    assert_eq!(token_in(&home.path().join("kept")), token, "made once");
    drop(again);
}

#[tokio::test]
async fn sigterm_lets_calls_in_flight_end_and_a_second_one_does_not() {
    let simulator = Simulator::start(Options::default()).await.expect("the simulator starts");
    simulator.add_fault("contacts:hang".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    let home = tempfile::tempdir().expect("a folder");
    let config = format!(
        "[[integration]]\naccount = \"{}\"\ntoken = \"file:amo\"\nplain_http = \"granted\"\nprivate_addresses = \"granted\"\n\
         requests_per_second = 50\n[[operation]]\nlinked_operation = \"queue:support\"\n[server]\ntoken = \"file:token\"\n",
        simulator.base_url()
    );
    for (name, text) in [("amo", "an-amocrm-token"), ("token", crate::client::TOKEN), ("config.toml", &config)] {
        std::fs::write(home.path().join(name), text).expect("a file");
    }
    for second in [false, true] {
        simulator.clear_requests();
        let process = Process::start(home.path(), &["--config", "config.toml", "--state", "kept"]);
        let calls: Vec<_> = (0..10)
            .map(|number| {
                let client = process.client.clone();
                let call = json!({"caller": format!("+791600000{number:02}")});
                tokio::spawn(async move { client.call(&call).await })
            })
            .collect();
        crate::scene::until(|| simulator.requests().len() >= 10).await;
        process.signal("-TERM");
        let server = process.client.server;
        // Refused as soon as the signal was seen.
        let refused = async { while tokio::net::TcpStream::connect(server).await.is_ok() {} };
        tokio::time::timeout(crate::client::PATIENCE, refused).await.expect("nothing new is accepted");
        if second {
            process.signal("-TERM");
            let (_, stderr) = process.ended().await;
            assert!(stderr.contains("stopped at once"), "{stderr}");
            calls.iter().for_each(tokio::task::JoinHandle::abort);
        } else {
            for call in calls {
                let answer = call.await.expect("no panic");
                assert_eq!((answer.status, answer.goes_to().as_str()), (StatusCode::OK, "queue:support"));
            }
            let (status, stderr) = process.ended().await;
            assert_eq!(status.code(), Some(0), "{stderr}");
        }
    }
}

#[test]
fn what_keeps_a_server_from_beginning_is_said() {
    let home = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command.args(["serve", "--state", "kept", "--listen", &address]).current_dir(home.path()).env("HOME", home.path());
    let ended = command.output().expect("the binary starts");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("cannot listen on {address}")) && said.contains("--listen"), "{said}");
}
