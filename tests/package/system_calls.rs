//! What the server asks of the kernel is what the unit lets it ask: a call too many would be refused on a machine with systemd, and no other test
//! would tell.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use amocrm_simulator::{Options, Simulator};
use serde_json::json;
use test_support::CALLER;

use crate::installed::Tree;
use crate::machine::{self, output};
use crate::unit::{Service, Unit};

/// An empty section of that name behind the built-in operation: another component, which is compiled anew.
const SECTION: &[u8] = b"\x00\x05\x04test";

#[tokio::test(flavor = "multi_thread")]
async fn the_server_makes_no_system_call_that_the_unit_refuses() {
    if !machine::has("strace", "strace") || !machine::has("systemd-analyze", "systemd") {
        return;
    }
    let Some(tree) = Tree::with_package() else { return };
    let account = Simulator::start(Options::default()).await.expect("the simulator starts");
    let trace = tree.path("run/trace");
    let mut strace = Command::new("strace");
    // Beside the server, not in its place.
    strace.args(["--daemonize", "--follow-forks", "--output"]).arg(&trace).arg("chroot");
    // The first start, and one that is connected, compiles a component, reads its configuration again, and is stopped.
    Service::start(&tree).stop().await;
    tree.configure(&account);
    let service = Service::start_by(&tree, strace);
    let client = &service.process.client;
    assert_eq!(client.call(&json!({"caller": CALLER})).await.goes_to(), "anna");
    let operation = tree.path("run/operation.wasm");
    output(Command::new(tree.path("usr/bin/host-harness")).arg("package").arg(&operation));
    let component = [&std::fs::read(operation).expect("a component"), SECTION].concat();
    let uploaded = client.with_token("POST".parse().expect("a method"), "/v1/components", component).await;
    assert!(uploaded.status.is_success(), "{uploaded:?}");
    service.process.signal("-HUP");
    assert_eq!([service.told(), service.told()], ["RELOADING=1", "READY=1"]);
    service.stop().await;

    let allowed = allowed(&Unit::of(&tree), &sets());
    let made = made(&std::fs::read_to_string(trace).expect("a trace"));
    // Of the process that compiles too, which the server starts from its own file.
    assert!(made.len() > 50 && made.contains("execve") && made.contains("prlimit64"), "{made:?}");
    let refused: Vec<_> = made.difference(&allowed).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

/// The names of the system calls in a trace, from where the program begins.
fn made(trace: &str) -> BTreeSet<String> {
    let (_, of_program) = trace.split_once("execve(\"/usr/bin/host-harness\"").expect("it is executed");
    let calls = of_program.lines().filter_map(|line| {
        let (_, call) = line.split_once(' ')?;
        let (name, _) = call.trim_start().split_once('(')?;
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then(|| name.to_owned())
    });
    calls.collect()
}

/// The sets of system calls that systemd knows by name, as it lists them.
fn sets() -> BTreeMap<String, Vec<String>> {
    let listed = output(Command::new("systemd-analyze").args(["syscall-filter", "--no-pager"]));
    let mut sets = BTreeMap::<String, Vec<String>>::new();
    let mut set = None;
    for line in listed.lines() {
        match line.trim() {
            name if line.starts_with('@') => set = Some(name.to_owned()),
            item if line.starts_with(' ') && !item.starts_with('#') => {
                sets.entry(set.clone().expect("a set")).or_default().push(item.to_owned());
            }
            _ => {}
        }
    }
    sets
}

/// What the unit's filter lets through, with what systemd always does.
fn allowed(unit: &Unit, sets: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    for filter in ["@default"].into_iter().chain(unit.values("SystemCallFilter")) {
        match filter.strip_prefix('~') {
            Some(refused) => allowed = &allowed - &expanded(refused, sets),
            None => allowed.extend(expanded(filter, sets)),
        }
    }
    allowed
}

/// The system calls of a set, with those of the sets in it.
fn expanded(name: &str, sets: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let Some(items) = sets.get(name) else { return BTreeSet::from([name.to_owned()]) };
    items.iter().flat_map(|item| expanded(item, sets)).collect()
}
