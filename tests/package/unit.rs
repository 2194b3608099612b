//! The unit, as systemd would carry it out where a test has no systemd that runs.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use test_support::client::PATIENCE;
use test_support::{Home, Process};

use crate::installed::Tree;

/// Where the package puts it.
pub(crate) const UNIT: &str = "lib/systemd/system/host-harness.service";

/// What the tests need of a unit.
pub(crate) struct Unit {
    lines: Vec<(String, String)>,
}

impl Unit {
    pub(crate) fn of(tree: &Tree) -> Self {
        let text = std::fs::read_to_string(tree.path(UNIT)).expect("a unit");
        let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        Self { lines: lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect() }
    }

    /// The values of a key, in order.
    pub(crate) fn values(&self, key: &str) -> Vec<&str> {
        self.lines.iter().filter(|(known, _)| known == key).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn value(&self, key: &str) -> &str {
        let [value] = self.values(key)[..] else { panic!("one {key}") };
        value
    }
}

/// A server in a tree, started as the unit says, in its user's name and on a free port.
pub(crate) struct Service {
    pub(crate) process: Process,
    manager: UnixDatagram,
    _home: Home,
}

impl Service {
    pub(crate) fn start(tree: &Tree) -> Self {
        Self::start_by(tree, Command::new("chroot"))
    }

    /// The same by another program, whose last argument is `chroot`.
    pub(crate) fn start_by(tree: &Tree, mut command: Command) -> Self {
        let unit = Unit::of(tree);
        let socket = tree.path("run/notify");
        let _ = std::fs::remove_file(&socket);
        let manager = UnixDatagram::bind(&socket).expect("a socket");
        manager.set_read_timeout(Some(PATIENCE)).expect("a time");
        tree.give("run/notify");
        let (user, group) = tree.user();
        command.arg(format!("--userspec={user}:{group}")).arg(tree.path(""));
        command.args(["/usr/bin/env", "--ignore-environment", "--chdir", unit.value("WorkingDirectory")]);
        command.args(["LANG=C", "NOTIFY_SOCKET=/run/notify"]).args(unit.values("Environment"));
        command.args(unit.value("ExecStart").split(' ')).args(["--listen", "127.0.0.1:0"]);
        let home = Home::bare();
        let process = Process::of(command, &home);
        let service = Self { process, manager, _home: home };
        assert_eq!(service.told(), "READY=1");
        tree.write("run/host-harness.pid", service.process.id().to_string());
        service
    }

    /// The first line of what it tells the service manager next.
    pub(crate) fn told(&self) -> String {
        let mut message = [0; 1024];
        let length = self.manager.recv(&mut message).expect("a message in time");
        String::from_utf8_lossy(&message[..length]).lines().next().unwrap_or_default().to_owned()
    }

    /// As `systemctl stop`.
    pub(crate) async fn stop(self) {
        self.process.signal("-TERM");
        self.ended().await;
    }

    /// It was told to end, and ends well.
    pub(crate) async fn ended(self) {
        let (status, said) = self.process.ended().await;
        assert!(status.success(), "{status}: {said}");
    }
}

#[test]
fn systemd_accepts_the_unit_and_finds_it_hardened() {
    let Some(tree) = Tree::with_package() else { return };
    if !crate::machine::has("systemd-analyze", "systemd") {
        return;
    }
    let verified =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(root(&tree)).arg(unit_path()).output();
    let verified = verified.expect("systemd-analyze runs");
    let said = crate::machine::said(&verified);
    assert!(verified.status.success() && said.trim().is_empty(), "{said}");
    let mut security = Command::new("systemd-analyze");
    // Of 0 to 100: a unit with nothing of its own has 96.
    security
        .args(["security", "--offline=yes", "--no-pager", "--threshold=20"])
        .arg(root(&tree))
        .arg("host-harness.service");
    let judged = security.output().expect("systemd-analyze runs");
    let said = crate::machine::said(&judged);
    assert!(judged.status.success(), "{said}");
    let overall = said.lines().find(|line| line.contains("Overall exposure level")).expect("a verdict");
    println!("{overall}");
}

fn root(tree: &Tree) -> String {
    format!("--root={}", tree.path("").display())
}

fn unit_path() -> PathBuf {
    Path::new("/").join(UNIT)
}

#[test]
fn the_longest_wait_of_the_unit_is_longer_than_a_call_may_take() {
    let Some(tree) = Tree::with_package() else { return };
    let wait = Unit::of(&tree).value("TimeoutStopSec").trim_end_matches('s').parse().expect("seconds");
    assert!(
        Duration::from_secs(wait) > Duration::from_secs(30 + 2),
        "the longest waiting time and what the server adds"
    );
}
