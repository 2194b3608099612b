//! A package's life: installed, started, upgraded, removed, purged.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use amocrm_simulator::{FaultRule, Options, Simulator};
use serde_json::json;
use test_support::CALLER;
use test_support::client::PATIENCE;

use crate::built::next_version;
use crate::installed::{CONFIGURATION, Tree};
use crate::unit::Service;

const STATE: &str = "var/lib/host-harness";

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_installed_started_upgraded_under_a_call_removed_and_purged() {
    let Some(tree) = Tree::with_package() else { return };
    let asked = tree.asked_of_systemd();
    assert!(asked.contains("daemon-reload") && asked.contains("start host-harness.service"), "{asked}");
    assert!(tree.path("etc/systemd/system/multi-user.target.wants/host-harness.service").is_symlink());

    // The first start writes the configuration, and the server's token is made.
    assert!(!tree.path(CONFIGURATION).exists());
    let service = Service::start(&tree);
    assert!(
        service
            .process
            .stderr()
            .contains("first start: a configuration was written to /etc/host-harness/host-harness.toml")
    );
    assert!(service.process.stdout().contains("the token is in /var/lib/host-harness/server-token"));
    for (file, mode) in [
        (CONFIGURATION, 0o600),
        ("var/lib/host-harness/server-token", 0o600),
        (STATE, 0o700),
        ("etc/host-harness", 0o750),
    ] {
        let found = fs::metadata(tree.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!((found.uid(), found.gid()), tree.user(), "{file}");
        assert_eq!(found.mode() & 0o777, mode, "{file}");
    }
    service.stop().await;

    // A call, and a reload as `systemctl reload` asks for one.
    let account = Simulator::start(Options::default()).await.expect("the simulator starts");
    tree.configure(&account);
    let service = Service::start(&tree);
    assert_eq!(service.process.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    service.process.signal("-HUP");
    assert_eq!([service.told(), service.told()], ["RELOADING=1", "READY=1"]);

    // Upgraded while amoCRM lets a call wait, which is answered before the old program ends.
    let kept = tree.read(CONFIGURATION);
    let next = next_version();
    account.add_fault("contacts:delay-headers=8s".parse::<FaultRule>().expect("a fault"));
    account.clear_requests();
    let client = service.process.client.clone();
    let call = tokio::spawn(async move { client.call(&json!({"caller": "+79035550303"})).await });
    let asked_for = async {
        while account.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked_for).await.expect("the account is asked");
    tree.dpkg("--install", next);
    assert!(!call.is_finished(), "the call is under way");
    let asked = tree.asked_of_systemd();
    assert!(asked.contains("restart host-harness.service") && !asked.contains("stop host-harness.service"), "{asked}");
    let answer = call.await.expect("no panic").json();
    assert_eq!(answer["reason"]["code"], "manager-has-no-employee", "the account's answer was waited for: {answer}");
    assert_eq!(service.told(), "STOPPING=1");
    service.ended().await;
    assert_eq!(tree.read(CONFIGURATION), kept, "an upgrade leaves the configuration as it is");
    let service = Service::start(&tree);
    account.set_faults(Vec::new());
    account.clear_requests();
    assert_eq!(service.process.client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    assert_eq!(account.requests().len(), 0, "the manager is still kept");

    // Removed: the configuration and the state stay, also for the next installation. Purged: nothing does.
    tree.dpkg("--remove", Path::new("host-harness"));
    assert!(tree.asked_of_systemd().contains("stop host-harness.service"));
    service.ended().await;
    assert!(!tree.path("usr/bin/host-harness").exists());
    assert!(tree.path(CONFIGURATION).exists() && tree.path(STATE).join("call-details.sqlite3").exists());
    tree.dpkg("--purge", Path::new("host-harness"));
    for file in ["etc/host-harness", STATE, "etc/systemd/system/multi-user.target.wants/host-harness.service"] {
        assert!(!tree.path(file).exists() && !tree.path(file).is_symlink(), "{file} is left");
    }
}
