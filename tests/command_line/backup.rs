//! `backup` beside a server, what a server that is started from one knows, and that a state directory has one server.

use std::path::Path;
use std::process::Command;

use amocrm_simulator::Endpoint;
use serde_json::json;
use test_support::client::Client;
use test_support::{ACCOUNT_TOKEN, ConnectedHome, OPERATIONS};

const CALLER: &str = "+79161234567";

/// The names of the files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().into_string().expect("text");
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|file| format!("{name}/{file}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Makes calls until it is stopped, and says how many.
async fn keep_calling(client: Client, stop: tokio::sync::watch::Receiver<bool>) -> usize {
    let mut calls = 0;
    while !*stop.borrow() {
        calls += 1;
        let call = json!({"id": format!("call-{calls}"), "caller": CALLER, "called": "100", "operation": "sales"});
        assert_eq!(client.call(&call).await.goes_to(), "anna");
    }
    calls
}

#[tokio::test]
async fn a_server_that_is_started_from_a_backup_knows_what_the_other_one_knew() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let server = home.serve(&[]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let calling = tokio::spawn(keep_calling(server.client.clone(), stopped));
    // Calls are under way before it begins, and while it is made.
    while server.client.get("/v1/calls?limit=1").await.json()["calls"][0]["seq"].as_u64() < Some(50) {}
    let made = home.run(&["backup", "copy", "--config", "config.toml", "--state", "kept"]);
    made.assert(0, &[]).assert_prints(&["copy: ", "It holds secrets", "account-token", "server-token"]);
    stop.send(true).expect("it calls");
    let calls = calling.await.expect("no call failed");
    assert!(calls > 50, "{calls}");
    let kept = files(&home.path("copy"));
    for name in ["host-harness.toml", "state/call-details.sqlite3", "state/key-value.sqlite3", "state/records.sqlite3"]
    {
        assert!(kept.iter().any(|file| file == name), "{name}: {kept:?}");
    }
    for left_out in ["compiled", ".lock", "-wal", "-shm", "answered", "records.copy"] {
        assert!(!kept.iter().any(|file| file.contains(left_out)), "{left_out}: {kept:?}");
    }
    assert!(!std::fs::read_to_string(home.path("copy/host-harness.toml")).expect("a file").contains(ACCOUNT_TOKEN));
    #[cfg(unix)]
    for name in kept.iter().map(String::as_str).chain(["", "state"]) {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(home.path("copy").join(name)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is open to others");
    }

    // The other machine: the same configuration, and the state from the backup.
    server.signal("-KILL");
    let copied = Command::new("cp").arg("-a").arg(home.path("copy/state")).arg(home.path("restored")).status();
    assert!(copied.expect("cp runs").success());
    let asked = home.simulator.count_of(Endpoint::Contacts);
    let restored = home.serve(&["--state", "restored"]);
    let listed = restored.client.get("/v1/calls?limit=1000").await.json();
    let listed = listed["calls"].as_array().expect("calls");
    assert!(listed.len() >= 50, "{} calls are kept", listed.len());
    // As they were in one moment: none is missing between the first and the last.
    let newest = listed[0]["seq"].as_u64().expect("a number");
    assert_eq!(newest, u64::try_from(listed.len()).expect("few"));
    let call = json!({"id": "after", "caller": CALLER, "called": "100", "operation": "sales"});
    assert_eq!(restored.client.call(&call).await.goes_to(), "anna");
    assert_eq!(home.simulator.count_of(Endpoint::Contacts), asked, "the manager is known");
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_where_it_fails() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let server = home.serve(&[]);
    home.write("there", "a file");
    let backup = |to: &str| home.run(&["backup", to, "--config", "config.toml", "--state", "kept"]);
    backup("there").assert(2, &["there exists, and a backup overwrites nothing: name a new folder"]);
    backup("kept/copy").assert(2, &["kept/copy is in the state directory itself"]);
    backup("no/such/copy").assert(2, &["no/such/copy cannot be written", "make the folder that it is in"]);
    let elsewhere = home.run(&["backup", "copy", "--config", "config.toml", "--state", "nowhere"]);
    elsewhere.assert(2, &["there is no state directory nowhere: name it with --state"]);
    drop(server);
    home.write("kept/call-details.sqlite3", "this was a database once, and is none any more");
    // Else SQLite would mend it from what the server had not moved into it yet.
    let _ = std::fs::remove_file(home.path("kept/call-details.sqlite3-wal"));
    backup("copy").assert(2, &["kept/call-details.sqlite3 cannot be copied", "no backup was made"]);
    let names = std::fs::read_dir(home.path("")).expect("a folder").flatten();
    let names: Vec<_> = names.map(|entry| entry.file_name().into_string().expect("text")).collect();
    assert!(!names.iter().any(|name| name.contains("unfinished") || name == "copy"), "{names:?}");
    assert_eq!(std::fs::read(home.path("there")).expect("a file"), b"a file");
}

#[tokio::test]
async fn a_state_directory_has_one_server_and_the_second_is_told_of_the_first() {
    let home = ConnectedHome::new(OPERATIONS, "").await;
    let first = home.serve(&[]);
    let second = || {
        home.run(&["serve", "--config", "config.toml", "--state", "kept", "--listen", "127.0.0.1:0", "--lang", "en"])
    };
    let refused = format!(
        "another server ({}) runs with the state directory kept: stop it, or name another directory",
        first.id()
    );
    second().assert(2, &[&refused]);
    let russian = ["serve", "--config", "config.toml", "--state", "kept", "--listen", "127.0.0.1:0", "--lang", "ru"];
    home.run(&russian).assert(2, &["с каталогом состояния kept уже работает другой сервер", "--state"]);
    // Commands beside it go on.
    home.run(&["calls", "--state", "kept"]).assert(0, &["no call is kept yet"]);
    // However the first one ends, another may begin.
    first.signal("-KILL");
    first.ended().await;
    let again = home.serve(&[]);
    assert_eq!(again.client.get("/v1/state").await.status, 200);
}
