//! The binary: how a newcomer and an init system meet it.

use std::path::Path;

use amocrm_simulator::{Options, Simulator};
use http::{Method, Request, StatusCode};
use serde_json::json;
use test_support::{CALLER, ConnectedHome, Home, OPERATIONS};

fn token_in(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("server-token")).expect("a token")
}

#[tokio::test]
async fn a_newcomer_serves_the_demonstration_and_calls_with_the_token_of_the_state_directory() {
    let home = Home::new();
    home.has_run("kept");
    let process = home.serve(&["--state", "kept"]);
    let token = token_in(&home.path("kept"));
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
    assert_eq!(status.code(), Some(0));
    let [refused] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("{stderr}") };
    assert!(refused.contains("WARN") && refused.contains("this is not a token of this server"), "{stderr}");
    let again = home.serve(&["--state", "kept"]);
    assert_eq!(token_in(&home.path("kept")), token, "made once");
    drop(again);
}

#[tokio::test]
async fn sigterm_lets_calls_in_flight_end_and_a_second_one_does_not() {
    let simulator = Simulator::start(Options::default()).await.expect("the simulator starts");
    simulator.add_fault("contacts:hang".parse::<amocrm_simulator::FaultRule>().expect("a fault"));
    let home = Home::new();
    home.has_run("kept");
    let config = format!(
        "[[integration]]\naccount = \"{}\"\ntoken = \"file:amo\"\nplain_http = \"granted\"\nprivate_addresses = \"granted\"\n\
         requests_per_second = 50\n[[operation]]\nlinked_operation = \"queue:support\"\n[server]\ntoken = \"file:token\"\n",
        simulator.base_url()
    );
    for (name, text) in [("amo", "an-amocrm-token"), ("token", test_support::client::TOKEN), ("config.toml", &config)] {
        home.write(name, text);
    }
    for second in [false, true] {
        simulator.clear_requests();
        let process = home.serve(&["--config", "config.toml", "--state", "kept"]);
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
        tokio::time::timeout(test_support::client::PATIENCE, refused).await.expect("nothing new is accepted");
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
    let home = Home::new();
    home.has_run("kept");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = home.run(["serve", "--state", "kept", "--listen", &address]);
    let said = ended.stderr;
    assert_eq!(ended.code, Some(2), "{said}");
    assert!(said.contains(&format!("cannot listen on {address}")) && said.contains("--listen"), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_state_directory_that_is_moved_away_or_replaced_is_told_of_until_it_is_back() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let process = home.serve(&["--log", "warn"]);
    let told = async || {
        let ready = process.client.get("/readyz").await;
        let state = process.client.get("/v1/state").await.json();
        assert_eq!(ready.status, StatusCode::OK, "calls are still taken");
        (ready.json()["store"].clone(), state["state_directory"]["failing"]["en"].clone())
    };
    assert_eq!(told().await, (json!("reachable"), json!(null)));
    let (kept, elsewhere) = (home.path("kept"), home.path("elsewhere"));
    std::fs::rename(&kept, &elsewhere).expect("the same file system");
    let moved = json!("the state directory was moved away or deleted; put it back, or restart the server");
    assert_eq!(told().await, (moved.clone(), moved.clone()));
    std::fs::create_dir(&kept).expect("a directory");
    let other = json!("another directory is in the place of the state directory; restart the server");
    assert_eq!(told().await, (other.clone(), other));
    std::fs::remove_dir_all(&kept).expect("the other one");
    std::fs::rename(&elsewhere, &kept).expect("the same file system");
    assert_eq!(told().await, (json!("reachable"), json!(null)));
    process.logs(moved.as_str().expect("text")).await;
}
