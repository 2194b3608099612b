//! An activated version belongs to one operation of the configuration, and to no other that takes its identifier later; and only while the
//! configuration names the component beside which it was activated.

use host_harness::OPERATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use test_support::client::{Answer, Client, authorised};
use test_support::{ConnectedHome, Process, russian};

use crate::scene::{until, variant};

const MAIN: &str = "[[operation]]\nid = \"main\"\nlinked_operation = \"queue:sales\"\n";
const NIGHT: &str = "[[operation]]\nid = \"night\"\nlinked_operation = \"queue:night\"\n";
/// The component of the second operation, by hand.
const NAMED: &str = "component = \"own.wasm\"\n";

fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// A server with two operations, at the second of which an uploaded version was activated and another one is its shadow.
struct Site {
    home: ConnectedHome,
    process: Process,
    configured: String,
    activated: String,
    shadow: String,
}

impl Site {
    async fn new() -> Self {
        let home = ConnectedHome::new(&format!("{MAIN}{NIGHT}"), "").await;
        home.write("own.wasm", variant("of a file"));
        let process = home.serve(&[]);
        let site = Self {
            home,
            process,
            configured: digest(OPERATION),
            activated: digest(&variant("two")),
            shadow: digest(&variant("three")),
        };
        for version in ["two", "three"] {
            let upload = authorised(Method::POST, "/v1/components").header("content-type", "application/wasm");
            assert_eq!(site.client().send(upload, variant(version)).await.status, StatusCode::CREATED);
        }
        for (route, digest) in [("component", &site.activated), ("shadow", &site.shadow)] {
            let request = authorised(Method::PUT, &format!("/v1/operations/night/{route}"));
            let request = request.header("content-type", "application/json");
            let body = json!({"digest": digest, "insist": true}).to_string();
            assert!(site.client().send(request, body).await.status.is_success());
        }
        assert_eq!(site.in_force().await, site.activated);
        site
    }

    fn client(&self) -> &Client {
        &self.process.client
    }

    async fn change(&self, method: Method, path: &str, body: Value) -> Answer {
        let revision = self.client().get("/v1/configuration").await.json()["revision"].clone();
        let request = authorised(method, path).header("content-type", "application/json");
        let request = request.header("if-match", format!("\"{}\"", revision.as_str().expect("a revision")));
        self.client().send(request, body.to_string()).await
    }

    async fn delete(&self) {
        let deleted = self.change(Method::DELETE, "/v1/operations/night", json!({})).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    }

    /// Places an operation of the same identifier.
    async fn remake(&self) {
        let made = self
            .change(Method::POST, "/v1/operations", json!({"id": "night", "linked_operation": "queue:night"}))
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }

    async fn undo(&self, number: u64) -> Answer {
        self.change(Method::POST, &format!("/v1/changes/{number}/undo"), json!({})).await
    }

    /// Writes the operations by hand, and waits until they are in force.
    async fn write(&self, operations: &str) {
        self.home.configure(operations, "");
        let written = std::fs::read_to_string(self.home.path("config.toml")).unwrap();
        until("the file is in force", || async {
            self.client().get("/v1/configuration").await.json()["text"] == written.as_str()
        })
        .await;
    }

    /// Ends the server and starts it again.
    async fn restart(self) -> Self {
        self.restart_with(None).await
    }

    /// The same; where operations are given, they are written while it is stopped.
    async fn restart_with(self, operations: Option<&str>) -> Self {
        let Self { home, process, configured, activated, shadow } = self;
        process.signal("-TERM");
        process.ended().await;
        if let Some(operations) = operations {
            home.configure(operations, "");
        }
        let process = home.serve(&[]);
        Self { home, process, configured, activated, shadow }
    }

    /// What is told of the second operation's version.
    async fn told(&self) -> Value {
        self.client().get("/v1/operations/night/component").await.json()
    }

    /// The version in force, as everything that tells of it has it.
    async fn in_force(&self) -> String {
        let told = self.told().await["component"].as_str().expect("a digest").to_owned();
        let listed = self.client().get("/v1/operations").await.json();
        let listed = listed["operations"].as_array().unwrap().iter().find(|one| one["id"] == "night").unwrap().clone();
        assert_eq!(listed["component"], told.as_str());
        let components = self.client().get("/v1/components").await.json();
        let components = components["components"].as_array().unwrap().clone();
        let active: Vec<_> = components.iter().filter(|one| one["active_at"].to_string().contains("night")).collect();
        assert_eq!((active.len(), &active[0]["digest"]), (1, &json!(told)));
        let call = self.client().call(&json!({"operation": "night", "caller": ""})).await.json();
        assert_eq!(call["run"]["component"], told.as_str(), "{call}");
        told
    }

    async fn has_shadow(&self) -> bool {
        self.client().get("/v1/operations/night/shadow").await.status == StatusCode::OK
    }

    /// The operation has the component that the configuration names, as if nothing had ever been activated.
    async fn is_new(&self) {
        assert_eq!((self.in_force().await, self.has_shadow().await), (self.configured.clone(), false));
        let told = self.told().await;
        assert_eq!((&told["history"], &told["before"]), (&json!([]), &Value::Null), "{told}");
        let back = self.client().with_token(Method::POST, "/v1/operations/night/rollback", "").await;
        assert_eq!(back.status, StatusCode::CONFLICT, "{back:?}");
    }

    /// The operation is the one that it was, with its history.
    async fn is_as_it_was(&self) {
        assert_eq!((self.in_force().await, self.has_shadow().await), (self.activated.clone(), true));
        let told = self.told().await;
        assert_eq!(told["history"][0]["insisted"], true, "{told}");
        assert_eq!((&told["configured"], &told["before"]), (&json!(self.configured), &json!(self.configured)));
    }
}

#[tokio::test]
async fn an_operation_that_is_made_again_begins_with_the_component_that_the_configuration_names() {
    let site = Site::new().await;
    site.delete().await;
    site.remake().await;
    site.is_new().await;
    // Nor has it a version after a restart, or once it is deleted and made another time.
    let site = site.restart().await;
    site.is_new().await;
    site.delete().await;
    let site = site.restart().await;
    site.remake().await;
    site.is_new().await;
}

#[tokio::test]
async fn a_deletion_that_is_taken_back_brings_the_version_back_and_making_it_again_does_not() {
    let site = Site::new().await;
    site.delete().await;
    assert_eq!(site.undo(1).await.status, StatusCode::OK);
    site.is_as_it_was().await;
    // Twice is told with the change that undid it.
    let problem = site.undo(1).await.json();
    assert_eq!(problem["status"], 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("already undone by change 2"), "{problem}");
    russian::assert_russian(problem["detail_ru"].as_str().unwrap());
    let site = site.restart().await;
    site.is_as_it_was().await;
    // The undo taken back is the deletion again, and it can be taken back another time, over a restart too.
    assert_eq!(site.undo(2).await.status, StatusCode::OK);
    let site = site.restart().await;
    assert_eq!(site.undo(3).await.status, StatusCode::OK);
    site.is_as_it_was().await;
    // A deletion that another operation has followed brings that one back, not the first.
    site.delete().await;
    site.remake().await;
    site.is_new().await;
    site.delete().await;
    assert_eq!(site.undo(7).await.status, StatusCode::OK);
    site.is_new().await;
    let changes = site.client().get("/v1/changes").await.json();
    let undone: Vec<_> =
        changes["changes"].as_array().unwrap().iter().map(|change| (&change["undoes"], &change["undone_by"])).collect();
    assert_eq!(
        undone,
        [
            (&json!(7), &json!(null)),
            (&json!(null), &json!(8)),
            (&json!(null), &json!(null)),
            (&json!(null), &json!(null)),
            (&json!(3), &json!(null)),
            (&json!(2), &json!(4)),
            (&json!(1), &json!(null)),
            (&json!(null), &json!(2)),
        ],
        "{changes}"
    );
}

#[tokio::test]
async fn an_operation_that_is_deleted_by_hand_is_deleted() {
    let site = Site::new().await;
    site.write(MAIN).await;
    site.write(&format!("{MAIN}{NIGHT}")).await;
    site.is_new().await;
    assert_eq!(site.undo(2).await.status, StatusCode::OK);
    assert_eq!(site.undo(1).await.status, StatusCode::OK);
    site.is_as_it_was().await;
    // While the server is stopped too.
    let site = site.restart_with(Some(MAIN)).await;
    site.write(&format!("{MAIN}{NIGHT}")).await;
    site.is_new().await;
}

#[tokio::test]
async fn a_version_is_in_force_only_while_the_configuration_names_the_component_beside_which_it_was_activated() {
    let site = Site::new().await;
    site.write(&format!("{MAIN}{NIGHT}{NAMED}")).await;
    let own = digest(&variant("of a file"));
    assert_eq!(site.in_force().await, own);
    let told = site.told().await;
    assert_eq!((&told["configured"], &told["history"], &told["before"]), (&json!(own), &json!([]), &Value::Null));
    assert!(site.has_shadow().await, "what is tried goes on beside the other one");
    let warnings = site.client().get("/v1/configuration").await.json()["warnings"].clone();
    let said = warnings[0]["en"].as_str().expect("it is said");
    assert!(said.contains("`night`") && said.contains(&site.activated[..12]), "{said}");
    russian::assert_russian(warnings[0]["ru"].as_str().expect("Russian"));
    let site = site.restart().await;
    assert_eq!(site.in_force().await, own);
    // Named as before, it is what it was.
    site.write(&format!("{MAIN}{NIGHT}")).await;
    assert_eq!(site.in_force().await, site.activated);
    let site = site.restart().await;
    assert_eq!(site.in_force().await, site.activated);
}
