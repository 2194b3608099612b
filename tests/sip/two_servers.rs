//! Two servers behind one Kamailio, SIP over TCP, and what Kamailio says of a mistake in the local file.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use host_harness::demo_pbx::{KAMAILIO_CFG, Kamailio};
use serde_json::Value;
use test_support::client::{PATIENCE, TOKEN};
use test_support::{Home, Process};

use crate::scene::{CALLED, CALLER, MACHINE, Scene, free_tcp, kamailio, with_lines};

/// By how much longer a call may take than one of an undisturbed server.
const TOLERANCE: Duration = Duration::from_millis(500);

/// The legs of a call on this server, once it has one; none where it does not know the call.
async fn legs(server: &Process, call: &str) -> Option<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = server.client.get(&format!("/v1/calls/{call}")).await;
        if !answer.status.is_success() {
            return None;
        }
        let kept = answer.json();
        if kept["outcome"]["legs"].is_array() {
            return Some(kept["outcome"]["legs"].clone());
        }
        assert!(Instant::now() < deadline, "{kept}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_spare_server_is_asked_where_the_first_one_fails() {
    let _alone = MACHINE.write().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    let spare = scene.home.serve(&["--state", "spare"]);
    let mut settings = kamailio(&scene.telephony, scene.server.client.server, scene.address);
    let define = format!("#!define SPARE_HARNESS \"spare=>http://pbx:{TOKEN}@{};timeout=3\"", spare.client.server);
    settings.configuration = with_lines(&define).into();
    let kamailio = Kamailio::start(scene.programs, &scene.home.path("two"), &settings).await.expect("Kamailio");
    let make = async || {
        let (mut caller, call) = scene.caller();
        caller.pbx = kamailio.address();
        let began = Instant::now();
        scene.make(&caller).await;
        (call, began.elapsed())
    };

    let (call, usual) = make().await;
    assert!(legs(&scene.server, &call).await.is_some(), "the first server has the call");
    assert!(legs(&spare, &call).await.is_none());

    // It hangs: one caller waits until it is given up, and those after him do not.
    scene.server.signal("-STOP");
    let (call, waited) = make().await;
    assert!((usual + Duration::from_secs(2)..usual + Duration::from_secs(4)).contains(&waited), "{waited:?}");
    assert_eq!(legs(&spare, &call).await.expect("the spare has the call")[0]["result"], "answered");
    for _ in 0..3 {
        let (call, took) = make().await;
        assert!(took < usual + TOLERANCE, "{took:?} instead of {usual:?}");
        assert!(legs(&spare, &call).await.is_some());
    }

    // It is gone, and then the spare one too: the static linked operation is left.
    scene.server.signal("-KILL");
    let (call, took) = make().await;
    assert!(took < usual + TOLERANCE, "{took:?} instead of {usual:?}");
    assert!(legs(&spare, &call).await.is_some());
    spare.signal("-KILL");
    let (call, took) = make().await;
    assert!(took < usual + TOLERANCE, "{took:?} instead of {usual:?}");
    assert_eq!(scene.telephony.rang(&call), [("static".to_owned(), "no-decision".to_owned())]);
    println!(
        "an undisturbed call: {usual:?}; the first one after the server hung: {waited:?}; after both were gone: {took:?}"
    );
}

#[tokio::test]
async fn callers_may_come_over_tcp() {
    let _quiet = MACHINE.read().await;
    let Some(scene) = Scene::new("[\"101\"]").await else { return };
    let tcp = free_tcp(scene.address);
    let mut settings = kamailio(&scene.telephony, scene.server.client.server, scene.address);
    settings.configuration = with_lines(&format!("#!define TCP\nlisten=tcp:{tcp}")).into();
    let _kamailio = Kamailio::start(scene.programs, &scene.home.path("tcp"), &settings).await.expect("Kamailio");
    scene.home.write("caller.xml", include_str!("../../host-harness/pbx/sipp/caller.xml"));
    let mut sipp = tokio::process::Command::new("sipp");
    sipp.arg("-sf").arg(scene.home.path("caller.xml")).args(["-t", "t1", "-m", "1", "-nostdin", "-s", CALLED]);
    sipp.args(["-i", &scene.address.to_string(), "-key", "caller", CALLER, "-cid_str", "tcp-%u", &tcp.to_string()]);
    let made = sipp.current_dir(scene.home.path("")).stdin(Stdio::null()).output().await.expect("sipp starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (legs, _) = scene.story("tcp-1", 1).await;
    assert_eq!(legs, ["101 answered"]);
}

/// A mistake of the local file is told with its own line; a wrong value with the line that uses it, where its name stands.
#[test]
fn a_mistake_in_the_local_file_is_told_where_it_is() {
    let Some(programs) = crate::scene::programs() else { return };
    let home = Home::new();
    let main = home.path("kamailio.cfg");
    home.write("kamailio.cfg", KAMAILIO_CFG);
    let checked = |local: &str| {
        home.write("kamailio-local.cfg", local);
        let output = Command::new(&programs.kamailio).arg("-c").arg("-f").arg(&main).output().expect("it runs");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let syntax = checked("#!define ASYNC_WORKERS 8\nmodparam(\"tm\" \"fr_timer\", 2000)\n");
    assert!(syntax.contains("kamailio-local.cfg, line 2"), "{syntax}");
    let value = checked("#!define ASYNC_WORKERS eight\n");
    let line = value.split("kamailio.cfg, line ").nth(1).and_then(|rest| rest.split(',').next());
    let line: usize = line.and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("no line: {value}"));
    assert!(KAMAILIO_CFG.lines().nth(line - 1).expect("the line").contains("ASYNC_WORKERS"), "{value}");
    // A token as host-harness makes them is taken as it is.
    let token = "#!define HARNESS \"harness=>http://pbx:rpEDFOb1PuXIEbXrQ4vudn_9-x@127.0.0.1:8066;timeout=4\"\n";
    let fine = checked(token);
    assert!(!fine.contains("ERROR") && !fine.contains("CRITICAL"), "{fine}");
}
