//! Two PBXs behind one Kamailio, each with a server of its own: what callers see when one of them hangs or dies.

use std::process::Command;
use std::time::{Duration, Instant};

use host_harness::demo_pbx::Kamailio;

use crate::scene::{MACHINE, Scene, kamailio};

/// What ships, with the list of the PBXs in the folder of the test.
const DISPATCHER_CFG: &str = include_str!("../../host-harness/pbx/kamailio/dispatcher.cfg");
/// For how long a PBX that says nothing is waited for.
const SILENCE: Duration = Duration::from_secs(2);
/// By how much longer than usual a call may take.
const TOLERANCE: Duration = Duration::from_millis(700);

/// Sends all processes of a PBX a signal.
fn signal(scene: &Scene, signal: &str) {
    let leader = std::fs::read_to_string(scene.home.path("kamailio/pid")).expect("its process");
    let group = format!("-{}", leader.trim());
    let sent = Command::new("kill").args([signal, "--", &group]).status().expect("kill runs");
    assert!(sent.success());
}

/// Makes calls through the Kamailio in front, one every quarter of a second, each of which must be answered, and says how long each took.
async fn call(scene: &Scene, front: &Kamailio, calls: u32) -> Vec<Duration> {
    let mut made = Vec::new();
    for _ in 0..calls {
        let (mut caller, _) = scene.caller();
        caller.pbx = front.address();
        let (programs, home) = (scene.programs, scene.home.path(""));
        made.push(tokio::spawn(async move {
            let began = Instant::now();
            caller.call(programs, &home).await.map(|()| began.elapsed())
        }));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let mut took = Vec::new();
    for call in made {
        took.push(call.await.expect("no panic").unwrap_or_else(|error| panic!("{error:#}; {}", front.said())));
    }
    took
}

/// How many calls this PBX's server has.
async fn kept(scene: &Scene) -> usize {
    scene.server.client.get("/v1/calls?limit=1000").await.json()["calls"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn calls_go_on_where_one_of_two_pbxs_hangs_or_dies() {
    let _alone = MACHINE.write().await;
    let Some(first) = Scene::new("[\"101\"]").await else { return };
    let Some(second) = Scene::new("[\"101\"]").await else { return };
    let list = first.home.path("dispatcher.list");
    let pbxs = [&first, &second].map(|scene| format!("1 sip:{}\n", scene.kamailio.address()));
    std::fs::write(&list, pbxs.concat()).expect("a file");
    let mut settings = kamailio(&first.telephony, first.server.client.server, first.address);
    let own = format!("#!define PBX_LIST \"{}\"", list.display());
    let import = "import_file \"kamailio-local.cfg\"\n";
    settings.configuration = DISPATCHER_CFG.replace(import, &format!("{import}{own}\n")).into();
    let front = Kamailio::start(first.programs, &first.home.path("front"), &settings).await.expect("Kamailio");

    let usual = call(&first, &front, 4).await.into_iter().max().expect("calls");
    assert_eq!((kept(&first).await, kept(&second).await), (2, 2), "one call each in turn; {}", front.said());

    // One hangs. The calls wait that are sent to it before it has said nothing for two seconds; all are answered by the other.
    signal(&first, "-STOP");
    let hung = call(&first, &front, 12).await;
    assert!(hung.iter().all(|took| *took < usual + SILENCE + TOLERANCE), "{hung:?} instead of {usual:?}");
    assert!(hung.iter().any(|took| *took > usual + TOLERANCE), "one waits: {hung:?} instead of {usual:?}");
    assert!(hung[9..].iter().all(|took| *took < usual + TOLERANCE), "{hung:?} instead of {usual:?}");
    assert_eq!(kept(&second).await, 14, "{}", front.said());

    // It is there again, and takes calls again.
    signal(&first, "-CONT");
    let before = kept(&first).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while kept(&first).await <= before + 1 {
        assert!(Instant::now() < deadline, "it gets no calls again: {}", front.said());
        call(&first, &front, 1).await;
    }

    // The other dies.
    signal(&second, "-KILL");
    let dead = call(&first, &front, 12).await;
    assert!(dead.iter().all(|took| *took < usual + SILENCE + TOLERANCE), "{dead:?} instead of {usual:?}");
    assert!(dead[9..].iter().all(|took| *took < usual + TOLERANCE), "{dead:?} instead of {usual:?}");
    println!(
        "a call with its talk: at most {usual:.1?}; after one PBX hung: {hung:.1?}; after the other died: {dead:.1?}"
    );
}
