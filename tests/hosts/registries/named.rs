//! A component of a registry in a configuration: by its digest, fetched once, kept in the state directory.

use std::time::Duration;

use host_harness::WORKING_HOURS;
use runtime::engine::digest;
use serde_json::{Value, json};
use test_support::{Ended, Home, client};

use super::pinned;
use super::server::Registry;

fn configuration(component: &str) -> String {
    format!(
        "[[operation]]\ncomponent = \"{component}\"\nlinked_operation = \"queue:any\"\n\
         exits = {{ in-hours = \"queue:sales\", out-of-hours = \"voicemail:night\" }}\n\
         settings = {{ week = [\"mon-sun 00:00-24:00\"], time_zone = \"Europe/Moscow\" }}\n\
         [server]\ntoken = \"file:token\"\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_fetched_once_and_then_is_there_without_the_registry() {
    let Some(registry) = Registry::start("") else { return };
    let home = Home::new();
    let pushed = home.run(["push", &registry.reference("telephony/hours:1"), "working-hours"]);
    let named = format!("oci://{}", pinned(&pushed.stdout));
    home.write_secret("token", client::TOKEN);
    home.write("host-harness.toml", configuration(&named));
    home.run(["config", "check"]).assert(0, &[]).assert_prints(&["no errors"]);
    let kept = home.path("state/host-harness/pulled").join(format!("{}.wasm", digest(WORKING_HOURS)));
    assert!(std::fs::read(&kept).expect("the component is kept") == WORKING_HOURS);
    drop(registry);
    // It is not asked again: not by a command, and not by a server.
    let (ended, call) = home.call_json(&["+79161234567"]);
    assert_eq!((ended.code, &call["route"]["target"]), (Some(1), &json!("queue:sales")), "{ended:?}");
    let server = home.serve(&[]);
    let answer = server.client.call(&json!({"caller": "+79161234567"})).await.json();
    assert_eq!(answer["route"]["target"], "queue:sales", "{answer}");
    assert_eq!(answer["run"]["component"], digest(WORKING_HOURS), "{answer}");
    drop(server);
    // What is kept is looked at each time: where it is not what the digest says, the registry would be asked.
    std::fs::write(&kept, b"something else").expect("a file");
    home.run(["config", "check"]).assert(2, &["[[operation]] `main`: `component`: ", "nobody listens there"]);
    let mut russian = home.command(["config", "check", "--lang", "ru"]);
    let russian = Ended::of(russian.output().expect("the binary starts"));
    russian.assert(2, &["нет связи", "там никто не слушает"]);
    home.run(["serve", "--listen", "127.0.0.1:0"]).assert(2, &["nobody listens there"]);
}

#[test]
fn a_component_of_a_registry_is_named_by_its_digest_and_is_judged_like_any_other() {
    let Some(registry) = Registry::start("") else { return };
    let home = Home::new();
    home.write_secret("token", client::TOKEN);
    let tagged = registry.reference("hours:1");
    home.run(["push", &tagged, "working-hours"]).assert(0, &[]);
    home.write("host-harness.toml", configuration(&format!("oci://{tagged}")));
    home.run(["config", "check"]).assert(2, &["`component`: `oci://", "there is no digest", "add @sha256:"]);
    // The contract is in a registry too, and is no operation.
    let contract = home.run(["push", &registry.reference("contract:1"), "--wit"]);
    home.write("host-harness.toml", configuration(&format!("oci://{}", pinned(&contract.stdout))));
    home.run(["config", "check"]).assert(2, &["component rejected"]);
    // A command takes a file.
    home.run(["describe", "--component", &format!("oci://{tagged}")]).assert(2, &["host-harness pull"]);
}

#[test]
fn what_a_registry_gives_is_checked_by_its_digest() {
    let Some(registry) = Registry::start("") else { return };
    let home = Home::new();
    let pushed = home.run(["push", &registry.reference("hours:1"), "working-hours"]);
    let reference = pinned(&pushed.stdout);
    // Somebody alters the component where the registry keeps it.
    let component = digest(WORKING_HOURS);
    let blob =
        registry.data().join("docker/registry/v2/blobs/sha256").join(&component[..2]).join(&component).join("data");
    let mut altered = std::fs::read(&blob).expect("the blob");
    *altered.last_mut().expect("a byte") ^= 1;
    std::fs::write(&blob, altered).expect("a file");
    home.run(["pull", &reference, "pulled.wasm"]).assert(2, &["something else than the digest says"]);
    assert!(!home.path("pulled.wasm").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_file_may_name_one_while_the_server_runs() {
    let Some(registry) = Registry::start("") else { return };
    let home = Home::new();
    home.write_secret("token", client::TOKEN);
    home.write("host-harness.toml", configuration("working-hours"));
    let server = home.serve(&["--config", "host-harness.toml"]);
    // The same operation with something written into it that changes its digest and nothing else.
    let another = [WORKING_HOURS, b"\0\x03\x01xy"].concat();
    home.write("another.wasm", &another);
    let pushed = home.run(["push", &registry.reference("hours:2"), "another.wasm"]);
    let named = format!("oci://{}", pinned(&pushed.stdout));
    // One that is not there is refused, and what is in force goes on.
    let reference = named.split('@').next().expect("a reference").to_owned();
    let reference = reference.as_str();
    let missing = format!("{reference}@sha256:{}", digest(b"nothing"));
    for (component, refused) in [(missing, true), (named, false)] {
        home.write("host-harness.toml", configuration(&component));
        // The digest is not shown there: it might be a secret.
        let is_seen = |told: &Value| {
            told["refused"].is_null() != refused && (refused || told["text"].to_string().contains(reference))
        };
        let seen = async {
            while !is_seen(&server.client.get("/v1/configuration").await.json()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(client::PATIENCE, seen).await.expect("the file is seen in time");
        let answer = server.client.call(&json!({"caller": "+79161234567"})).await.json();
        let expected = if refused { digest(WORKING_HOURS) } else { digest(&another) };
        assert_eq!(answer["run"]["component"], expected, "{answer}");
    }
}
