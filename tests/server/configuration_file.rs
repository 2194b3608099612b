//! The configuration file of a server that runs, as people and their tools leave it: put back, copied over, taken away, and no file at all.

#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use http::{Method, Request, StatusCode};
use serde_json::json;
use test_support::client::Client;

use crate::configuration::{FILE, change, hidden, home, serve, simulator, until, written};

fn make_pipe(at: &Path) {
    let made = Command::new("mkfifo").arg(at).status().expect("mkfifo runs");
    assert!(made.success());
}

/// Waits until the file is refused with these words.
async fn refused_for(client: &Client, part: &str) {
    until(client, |configuration| configuration["refused"]["en"].as_str().is_some_and(|why| why.contains(part))).await;
}

#[tokio::test]
async fn a_file_that_is_as_before_is_refused_no_more() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    home.write(FILE, text.replace("[server]", "[serve]"));
    until(client, |configuration| !configuration["refused"].is_null()).await;
    home.write(FILE, &text);
    until(client, |configuration| configuration["refused"].is_null()).await;
    let patch = json!({"linked_operation": "queue:any"});
    assert_eq!(change(client, Method::PATCH, "/v1/operations/main", &patch).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_copy_of_the_same_time_and_length_is_noticed() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let path = home.path(FILE);
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    for (place, queue) in [("beside", "queue:money"), (FILE, "queue:night")] {
        // As `cp --preserve` and `mv` leave it, or as one that writes into the file itself.
        home.write(place, text.replace("queue:sales", queue));
        File::options().write(true).open(home.path(place)).unwrap().set_modified(modified).unwrap();
        fs::rename(home.path(place), &path).unwrap();
        until(&process.client, |configuration| configuration["text"].as_str().unwrap().contains(queue)).await;
        assert_eq!(hidden(&process.client).await.goes_to(), queue);
    }
}

#[tokio::test]
async fn what_is_no_file_is_refused_and_holds_nobody_up() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    let path = home.path(FILE);
    let makes: [fn(&Path); 3] =
        [make_pipe, |at| fs::create_dir(at).unwrap(), |at| std::os::unix::fs::symlink("/dev/zero", at).unwrap()];
    for make in makes {
        fs::remove_file(&path).unwrap();
        make(&path);
        // For a moment there is nothing at all.
        refused_for(client, "not a file").await;
        let patch = json!({"linked_operation": "queue:any"});
        let answer = change(client, Method::PATCH, "/v1/operations/main", &patch).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
        home.run(["config", "check"]).assert(2, &["not a file"]);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir(&path);
        home.write(FILE, &text);
        until(client, |configuration| configuration["refused"].is_null()).await;
    }
    // Nor is a secret waited for.
    make_pipe(&home.path("pipe"));
    home.write(FILE, text.replace("file:amo", "file:pipe"));
    refused_for(client, "not a file").await;
    home.write(FILE, text.clone() + "# " + &"x".repeat(5 * 1024 * 1024));
    refused_for(client, "MiB").await;
    assert_eq!(hidden(client).await.goes_to(), "queue:sales");
}

#[tokio::test]
async fn a_token_that_is_taken_out_by_hand_gives_way_to_the_kept_one_as_at_a_start() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let without = text.replace("token = \"file:token\"\n", "");
    home.write(FILE, &without);
    process.prints("warning: the token is in ").await;
    let token = fs::read_to_string(home.path("kept/server-token")).expect("a token");
    let get = |token: &str| {
        Request::builder().method(Method::GET).uri("/v1/state").header("authorization", format!("Bearer {token}"))
    };
    assert_eq!(process.client.send(get(&token), "").await.status, StatusCode::OK);
    assert_eq!(process.client.get("/v1/state").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(written(&home), without);
    drop(process);
    let again = serve(&home);
    assert_eq!(again.client.send(get(&token), "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_stand_in_an_address_is_no_identifier_in_a_file_or_over_http() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let process = serve(&home);
    let client = &process.client;
    for id in ["..", "a/b", " a"] {
        let operation = json!({"id": id, "linked_operation": "queue:a"});
        let answer = change(client, Method::POST, "/v1/operations", &operation).await;
        let problem = answer.json();
        assert_eq!((answer.status.as_u16(), problem["field"].as_str()), (422, Some("/id")), "{problem}");
        assert!(problem["detail_ru"].as_str().unwrap().contains("без `/`"), "{problem}");
    }
    let employee = json!({"amocrm_user": 7, "numbers": []});
    let answer = change(client, Method::PUT, "/v1/integrations/main/employees/a%2Fb", &employee).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    for (from, to) in [("id = \"anna\"", "id = \"a/b\""), ("[[operation]]\n", "[[operation]]\nid = \"..\"\n")] {
        home.write("wrong.toml", text.replace(from, to));
        home.run(["config", "check", "--config", "wrong.toml"]).assert(2, &["`id` must have 1 to 200 characters"]);
    }
    let long = json!({"linked_operation": "q".repeat(256)});
    let answer = change(client, Method::PATCH, "/v1/operations/main", &long).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["field"].as_str()),
        (422, Some("/linked_operation")),
        "{answer:?}"
    );
}
