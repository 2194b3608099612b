//! Two Asterisk behind one Kamailio, each with a server of its own: what callers see when one of them hangs or dies.

use std::time::{Duration, Instant};

use host_harness::demo_pbx::{Kamailio, KamailioSettings, Programs, free_address};
use runtime::secret::Secret;
use test_support::client::TOKEN;

use crate::scene::{MACHINE, Office, Scene, Way, own_address};

/// What ships.
const DISPATCHER_CFG: &str = include_str!("../../host-harness/pbx/kamailio/dispatcher.cfg");
/// For how long a PBX that says nothing is waited for, and how much longer than usual a call may take.
const SILENCE: Duration = Duration::from_secs(2);
const TOLERANCE: Duration = Duration::from_millis(700);

/// Makes calls through the Kamailio in front, one every quarter of a second, each of which must be answered, and says how long each took.
async fn call(scene: &Scene, front: &Kamailio, calls: u32) -> Vec<Duration> {
    let mut made = Vec::new();
    for _ in 0..calls {
        let mut caller = scene.caller(Way::Agi);
        caller.pbx = front.address();
        let home = scene.home.path("");
        made.push(tokio::spawn(async move {
            let programs = Programs::find().expect("the programs");
            let began = Instant::now();
            caller.call(&programs, &home).await.map(|()| began.elapsed())
        }));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let mut took = Vec::new();
    for call in made {
        took.push(call.await.expect("no panic").unwrap_or_else(|error| panic!("{error:#}; {}", front.said())));
    }
    took
}

#[tokio::test]
async fn calls_go_on_where_one_of_two_asterisks_hangs_or_dies() {
    let _alone = MACHINE.lock().await;
    let address = own_address();
    let pjsip = format!("[from-front]\ntype = identify\nendpoint = trunk-agi\nmatch = {address}\n");
    let office = || Office { numbers: "[\"101\"]", pjsip: &pjsip, ..Office::default() };
    let Some(first) = Scene::with(office()).await else { return };
    let Some(second) = Scene::with(office()).await else { return };
    let list = first.home.path("dispatcher.list");
    std::fs::write(&list, format!("1 sip:{}\n1 sip:{}\n", first.listen, second.listen)).expect("a file");
    let import = "import_file \"kamailio-local.cfg\"\n";
    let own = format!("{import}#!define PBX_LIST \"{}\"\n", list.display());
    let settings = KamailioSettings {
        configuration: DISPATCHER_CFG.replace(import, &own).into(),
        listen: free_address(address).expect("a port"),
        // These are for the Kamailio that asks; the one in front asks nobody.
        server: first.server.client.server,
        token: Secret::new(TOKEN.to_owned()),
        patience_seconds: 3,
        linked_operation: "sip:nobody@127.0.0.1".to_owned(),
        async_workers: 1,
    };
    let programs = Programs::find().expect("the programs");
    let front = Kamailio::start(&programs, &first.home.path("front"), &settings).await.expect("Kamailio");

    let usual = call(&first, &front, 4).await.into_iter().max().expect("calls");
    assert_eq!((first.kept().await, second.kept().await), (2, 2), "one call each in turn; {}", front.said());
    first.asterisk.signal("-STOP");
    let hung = call(&first, &front, 12).await;
    assert_eq!(second.kept().await, 14, "{}", front.said());
    first.asterisk.signal("-CONT");
    let before = first.kept().await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while first.kept().await <= before + 1 {
        assert!(Instant::now() < deadline, "it gets no calls again: {}", front.said());
        call(&first, &front, 1).await;
    }
    second.asterisk.signal("-KILL");
    let dead = call(&first, &front, 12).await;
    for took in [&hung, &dead] {
        assert!(took.iter().all(|took| *took < usual + SILENCE + TOLERANCE), "{took:?} instead of {usual:?}");
        assert!(took[9..].iter().all(|took| *took < usual + TOLERANCE), "{took:?} instead of {usual:?}");
    }
    println!("a call with its talk: at most {usual:.1?}; after one hung: {hung:.1?}; after the other died: {dead:.1?}");
}
