//! FastAGI, with the test in Asterisk's place: dialogues as they were captured from Asterisk 22, and what may go wrong with them.

use std::net::SocketAddr;

use amocrm_simulator::{Endpoint, Fault, FaultRule};
use test_support::client::PATIENCE;
use test_support::{ConnectedHome, Process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::pbx::PBXS;

/// Two operations with short waiting times.
const OPERATIONS: &str = "[[operation]]\nid = \"sales\"\nlinked_operation = \"queue:sales\"\nsettings = { waiting_time = \"1s\" }\n\
     [[operation]]\nid = \"support\"\nlinked_operation = \"queue:support\"\nsettings = { waiting_time = \"900ms\" }\n";
/// The block of a call, as Asterisk 22 opens a connection with it.
const BLOCK: &str = "agi_network: yes\nagi_network_script: resolve-call\nagi_request: agi://127.0.0.1:4573/resolve-call\n\
    agi_channel: PJSIP/trunk-00000001\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: 1795338000.7\nagi_version: 22.10.1\n\
    agi_callerid: +79161234567\nagi_calleridname: Иван \"x\" $si\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n\
    agi_callingtns: 0\nagi_dnid: unknown\nagi_rdnis: unknown\nagi_context: from-trunk\nagi_extension: 74951234567\nagi_priority: 1\n\
    agi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 139870012345\nagi_arg_1: sales\n\n";
const DONE: &str = "200 result=1\n";
/// The variables of a call that Anna's desk is rung for.
pub(crate) const FORWARD: [&str; 10] = [
    "SET VARIABLE \"ROUTE_COUNT\" \"1\"",
    "SET VARIABLE \"ROUTE_TOGETHER\" \"\"",
    "SET VARIABLE \"ROUTE_DIAL_1\" \"PJSIP/101\"",
    "SET VARIABLE \"ROUTE_RING_1\" \"20\"",
    "SET VARIABLE \"ROUTE_CALLEE\" \"personal-manager\"",
    "SET VARIABLE \"ROUTE_NAME\" \"\"",
    "SET VARIABLE \"ROUTE_LINKED\" \"queue-sales\"",
    "SET VARIABLE \"ROUTE_AFTER\" \"\"",
    "SET VARIABLE \"ROUTE_REASON\" \"manager-did-not-answer\"",
    "SET VARIABLE \"ROUTE_ACTION\" \"forward\"",
];

struct Scene {
    home: ConnectedHome,
    process: Process,
    fastagi: SocketAddr,
}

impl Scene {
    async fn new() -> Self {
        Self::with(PBXS).await
    }

    /// With these further settings of the server.
    async fn with(sections: &str) -> Self {
        Self::of(OPERATIONS, sections).await
    }

    /// With these operations.
    async fn of(operations: &str, sections: &str) -> Self {
        Self::serving(ConnectedHome::new(operations, sections).await).await
    }

    async fn serving(home: ConnectedHome) -> Self {
        let process = home.serve(&["--log", "warn"]);
        let deadline = std::time::Instant::now() + PATIENCE;
        let fastagi = loop {
            let said = process.stdout();
            if let Some(address) = said.lines().find_map(|line| line.strip_prefix("listening on agi://")) {
                break address.parse().expect("an address");
            }
            assert!(std::time::Instant::now() < deadline, "{said}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        };
        Self { home, process, fastagi }
    }

    /// With the server started again, over the same files.
    async fn again(self) -> Self {
        let Self { home, process, .. } = self;
        process.signal("-TERM");
        process.ended().await;
        Self::serving(home).await
    }

    /// Opens a connection with this block, answers each command with the next reply, and gives the commands until the close.
    async fn dialogue(&self, block: &str, replies: &[&str]) -> Vec<String> {
        let mut stream = BufReader::new(TcpStream::connect(self.fastagi).await.expect("it listens"));
        stream.write_all(block.as_bytes()).await.expect("it reads");
        let mut commands = Vec::new();
        let mut replies = replies.iter();
        let talked = async {
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                commands.push(line.trim_end_matches('\n').to_owned());
                if let Some(reply) = replies.next() {
                    // It may have closed by now.
                    let _ = stream.write_all(reply.as_bytes()).await;
                }
            }
        };
        timeout(PATIENCE, talked).await.expect("it closes by itself");
        commands
    }

    /// Has this dialogue until it is told of: what strangers may cause is told once a second.
    async fn logs_of(&self, block: &str, replies: &[&str], part: &str) {
        let told = async {
            while !self.process.stderr().contains(part) {
                self.dialogue(block, replies).await;
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("lacks {part}: {}", self.process.stderr()));
    }

    async fn kept(&self, call: &str) -> serde_json::Value {
        let path = format!("/v1/calls/{call}");
        let found = async {
            loop {
                let answer = self.process.client.get(&path).await;
                if answer.status.is_success() {
                    return answer.json();
                }
            }
        };
        timeout(PATIENCE, found).await.expect("the call is kept")
    }
}

#[tokio::test]
async fn the_captured_dialogue_sets_the_variables_in_order_and_closes() {
    let scene = Scene::new().await;
    assert_eq!(scene.dialogue(BLOCK, &[DONE; 9]).await, FORWARD);
    let kept = scene.kept("1795338000.7").await;
    assert_eq!((&kept["call"]["called"], &kept["operation"]), (&"74951234567".into(), &"sales".into()));
    // The caller hangs up in between: the line comes before a reply, and again.
    let hung_up =
        ["HANGUP\n200 result=1\n", DONE, "HANGUP\nHANGUP\n200 result=1\n", DONE, DONE, DONE, DONE, DONE, DONE];
    assert_eq!(scene.dialogue(&BLOCK.replace("000.7", "000.8"), &hung_up).await, FORWARD);
    // Another operation by its argument, and the number by the second one; the caller is hidden.
    let block = BLOCK
        .replace("agi_arg_1: sales\n", "agi_arg_1: support\nagi_arg_2: 101\n")
        .replace("agi_callerid: +79161234567", "agi_callerid: unknown")
        .replace("000.7", "000.9");
    let commands = scene.dialogue(&block, &[DONE; 7]).await;
    assert_eq!(commands.last().unwrap(), "SET VARIABLE \"ROUTE_ACTION\" \"linked-operation\"");
    assert!(commands.contains(&"SET VARIABLE \"ROUTE_REASON\" \"caller-hidden\"".to_owned()), "{commands:?}");
    assert_eq!(scene.kept("1795338000.9").await["call"]["called"], "101");
}

/// Two operations that follow one another, with identifiers that a dialplan could take for its own signs.
const CHAIN: &str = "[[operation]]\nid = \"first, ${X}\"\nlinked_operation = \"queue:sales\"\n\
     exits = { not-answered = \"operation:next\" }\nsettings = { waiting_time = \"1s\" }\n\
     [[operation]]\nid = \"next\"\nlinked_operation = \"queue:support\"\nsettings = { waiting_time = \"900ms\" }\n";

#[tokio::test]
async fn e2_a_dialplan_comes_back_with_what_it_was_told_and_is_given_the_next_numbers() {
    let scene = Scene::of(CHAIN, PBXS).await;
    let block = BLOCK.replace("agi_arg_1: sales\n", "agi_arg_1: first, ${X}\n");
    let commands = scene.dialogue(&block, &[DONE; 9]).await;
    let after = "first%2C%20%24%7BX%7D";
    for command in [
        format!("SET VARIABLE \"ROUTE_AFTER\" \"{after}\""),
        "SET VARIABLE \"ROUTE_LINKED\" \"\"".to_owned(),
        "SET VARIABLE \"ROUTE_ACTION\" \"forward\"".to_owned(),
    ] {
        assert!(commands.contains(&command), "{command}: {commands:?}");
    }
    let arguments = format!("agi_arg_2: 74951234567\nagi_arg_3: {after}\nagi_arg_4: busy:no-answer\n\n");
    let back = format!("{}{arguments}", block.trim_end_matches('\n').to_owned() + "\n");
    let commands = scene.dialogue(&back, &[DONE; 9]).await;
    assert!(commands.contains(&"SET VARIABLE \"ROUTE_LINKED\" \"support\"".to_owned()), "{commands:?}");
    assert_eq!(commands.last().unwrap(), "SET VARIABLE \"ROUTE_ACTION\" \"forward\"");
    let brought_up_to_date = async {
        loop {
            let kept = scene.kept("1795338000.7").await;
            if !kept["steps"].is_null() {
                return kept;
            }
        }
    };
    let kept = timeout(PATIENCE, brought_up_to_date).await.expect("it is brought up to date");
    assert_eq!(kept["steps"][0]["legs"], serde_json::json!([{"number": "101", "result": "busy"}]));
    assert_eq!((&kept["operation"], &kept["placement"]), (&"first, ${X}".into(), &"next".into()));
    // Nothing proves who asks here: a call that came over HTTP is not gone on with.
    let http =
        serde_json::json!({"id": "web-1", "caller": "+79161234567", "called": "101", "operation": "first, ${X}"});
    assert_eq!(scene.process.client.call(&http).await.goes_to(), "anna");
    scene.kept("web-1").await;
    let stranger = scene.dialogue(&back.replace("1795338000.7", "web-1"), &[DONE; 9]).await;
    assert!(stranger.contains(&"SET VARIABLE \"ROUTE_COUNT\" \"0\"".to_owned()), "{stranger:?}");
    let same = scene.process.client.get("/v1/calls/1?by=seq").await;
    assert_eq!(same.json()["call"]["id"], "1795338000.7");
    assert!(scene.process.client.get("/v1/calls/2?by=seq").await.json()["steps"].is_null());
}

#[tokio::test]
async fn a_hanging_amocrm_ends_in_time_with_a_route() {
    let scene = Scene::new().await;
    scene.home.simulator.add_fault(FaultRule::new(Fault::Hang).on(Endpoint::Contacts));
    let commands = scene.dialogue(BLOCK, &[DONE; 7]).await;
    assert_eq!(commands.last().unwrap(), "SET VARIABLE \"ROUTE_ACTION\" \"linked-operation\"");
    assert!(commands.contains(&"SET VARIABLE \"ROUTE_REASON\" \"no-answer-in-time\"".to_owned()), "{commands:?}");
    assert!(scene.kept("1795338000.7").await["details"]["waited_ms"].as_u64().unwrap() < 1_250);
}

/// Asterisk has no limit of its own: a server that waits for it would hold the caller for ever.
#[tokio::test]
async fn it_closes_by_itself_whatever_asterisk_does_not_say() {
    let scene = Scene::new().await;
    // Nothing at all, half a block, no reply to the first command, and none to the third.
    assert_eq!(scene.dialogue("", &[]).await, [""; 0]);
    assert_eq!(scene.dialogue(&BLOCK[..BLOCK.len() / 2], &[]).await, [""; 0]);
    assert_eq!(scene.dialogue(BLOCK, &[]).await, &FORWARD[..1]);
    assert_eq!(scene.dialogue(BLOCK, &[DONE, DONE]).await, &FORWARD[..3]);
    // Lines without end, and nothing of a reply in them.
    assert_eq!(scene.dialogue(BLOCK, &[&"HANGUP\n".repeat(100)]).await, &FORWARD[..1]);
    // While nobody knows whose call it is, it is given no more than the shortest waiting time.
    for (part, block, reply) in [
        ("the block did not come within 900 ms", &BLOCK[..BLOCK.len() / 2], ""),
        ("its 1000 ms are over", BLOCK, ""),
        ("64 lines came", BLOCK, &"HANGUP\n".repeat(100)),
    ] {
        scene.logs_of(block, &[reply], part).await;
    }
}

/// Whoever holds connections without a word takes no call's place.
#[tokio::test]
async fn of_too_many_connections_the_oldest_is_closed_that_says_nothing() {
    let scene = Scene::with(&format!("max_calls = 1\n{PBXS}")).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(scene.fastagi).await.expect("it listens"));
    }
    assert_eq!(scene.dialogue(BLOCK, &[DONE; 9]).await, FORWARD);
    let state = scene.process.client.get("/v1/state").await.json();
    assert!(state["fastagi_connections"]["closed_for_others"].as_u64() >= Some(48), "{state}");
    assert_eq!(state["connections"]["closed_for_others"], 0, "HTTP has its own part");
}

/// Whoever cannot be served is let go at once, not when somebody else has ended.
#[tokio::test]
async fn where_every_connection_has_its_call_the_next_is_closed() {
    let scene = Scene::with(&format!("max_calls = 1\n{PBXS}")).await;
    let mut silent = Vec::new();
    let full = async {
        while !scene.process.stderr().contains("too many connections") {
            let mut stream = TcpStream::connect(scene.fastagi).await.expect("it listens");
            // One that is closed as it comes cannot be written to.
            let _ = stream.write_all(BLOCK.as_bytes()).await;
            silent.push(stream);
        }
    };
    timeout(PATIENCE, full).await.expect("there is no room");
    drop(silent);
    let again = async { while scene.dialogue(BLOCK, &[DONE; 9]).await != FORWARD {} };
    timeout(PATIENCE, again).await.expect("it goes on");
}

#[tokio::test]
async fn a_refused_command_ends_the_dialogue() {
    let scene = Scene::new().await;
    for (reply, code) in [
        ("510 Invalid or unknown command\n", "510"),
        ("511 Command Not Permitted on a dead channel or intercept routine\n", "511"),
        ("520-Invalid command syntax.  Proper usage follows:\nUsage: SET VARIABLE\n520 End of proper usage.\n", "520"),
    ] {
        assert_eq!(scene.dialogue(BLOCK, &[DONE, reply]).await, &FORWARD[..2], "{reply}");
        scene.logs_of(BLOCK, &[DONE, reply], &format!("refused a command ({code})")).await;
    }
}

#[tokio::test]
async fn what_is_not_asterisk_gets_nothing() {
    let scene = Scene::new().await;
    let long = format!("agi_network: {}\n", "x".repeat(9_000));
    let blocks = [
        "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
        BLOCK.replace("agi_network: yes\n", &long),
        BLOCK.replace("agi_network: yes\n", &"agi_x: 1\n".repeat(300)),
        BLOCK.replace("agi_network: yes\n", &format!("agi_x: {}\n", "x".repeat(8_000)).repeat(10)),
        BLOCK.replace("\"x\"", "\nagi_arg_1: support"),
    ];
    for block in blocks {
        // Such a connection may be reset while it is still talking.
        let mut stream = TcpStream::connect(scene.fastagi).await.expect("it listens");
        let _ = stream.write_all(block.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it closes");
        assert_eq!(String::from_utf8_lossy(&answer), "");
    }
    assert!(!scene.process.stderr().contains("+79161234567"), "{}", scene.process.stderr());
    assert_eq!(scene.dialogue(BLOCK, &[DONE; 9]).await, FORWARD, "it goes on");
}

#[tokio::test]
async fn the_dialplan_reports_what_became_of_its_legs() {
    let scene = Scene::new().await;
    scene.dialogue(BLOCK, &[DONE; 9]).await;
    let report = |arguments: &str| {
        BLOCK.replace("script: resolve-call", "script: outcome").replace("agi_arg_1: sales\n", arguments)
    };
    let taken = ["SET VARIABLE \"TAKEN\" \"kept\""];
    // While people talk the answer alone, and all of it when the call has ended.
    assert_eq!(scene.dialogue(&report("agi_arg_1: 2:ANSWER:16:200:306\n"), &[DONE]).await, taken);
    let legs = "agi_arg_1: 1:CHANUNAVAIL:21:603:900/2:ANSWER:16:200:306\n";
    assert_eq!(scene.dialogue(&report(legs), &[DONE]).await, taken);
    let outcome = &scene.kept("1795338000.7").await["outcome"];
    assert_eq!((&outcome["legs"][0]["result"], &outcome["legs"][0]["number"]), (&"declined".into(), &"101".into()));
    assert_eq!(outcome["answered_by"]["linked_operation"], "queue:sales");
    // By a channel of its own, which says whose call it is, and how many reports it could not get rid of.
    let other = report(&format!("{legs}agi_arg_2: 1795338000.7\nagi_arg_3: 02\n"))
        .replace("uniqueid: 1795338000.7", "uniqueid: 9.9");
    assert_eq!(scene.dialogue(&other, &[DONE]).await, taken);
    let state = scene.process.client.get("/v1/state").await.json();
    assert_eq!(state["call_details"]["reports_lost"], 2, "{state}");
    scene.process.logs("the PBX says that reports").await;
    // Whoever writes the dialplan reads on the console of Asterisk what is wrong. It is not sent again.
    for (block, part) in [
        (report("agi_arg_1: 1:ANSWERED\n"), "`dial_status`"),
        (report("agi_arg_1: none:ANSWER\n"), "`none` is not a number"),
        (report(legs).replace("000.7", "111.1"), "no call with this identifier"),
    ] {
        let said = scene.dialogue(&block, &[DONE, DONE]).await;
        assert!(
            said.len() == 2 && said[0].starts_with("VERBOSE \"host-harness: ") && said[0].contains(part),
            "{said:?}"
        );
        assert_eq!(said[1], "SET VARIABLE \"TAKEN\" \"refused\"");
    }
    let said = scene.dialogue(&BLOCK.replace("script: resolve-call", "script: resolve"), &[DONE]).await;
    assert!(said.len() == 1 && said[0].contains("agi://…/resolve-call"), "{said:?}");
}

#[tokio::test]
async fn a_report_of_a_call_before_the_server_was_started_again_is_kept() {
    let mut scene = Scene::new().await;
    scene.dialogue(BLOCK, &[DONE; 9]).await;
    scene.kept("1795338000.7").await;
    scene = scene.again().await;
    let report = BLOCK
        .replace("script: resolve-call", "script: outcome")
        .replace("agi_arg_1: sales\n", "agi_arg_1: 1:ANSWER:16:200:306\n");
    assert_eq!(scene.dialogue(&report, &[DONE]).await, ["SET VARIABLE \"TAKEN\" \"kept\""]);
    assert_eq!(scene.kept("1795338000.7").await["outcome"]["answered_by"]["number"], "101");
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_to_be_sent_again() {
    let scene = Scene::new().await;
    scene.dialogue(BLOCK, &[DONE; 9]).await;
    scene.kept("1795338000.7").await;
    let locked = rusqlite::Connection::open(scene.home.path("kept/call-details.sqlite3")).expect("the file");
    locked.execute_batch("BEGIN EXCLUSIVE").expect("nobody else writes for long");
    let report = BLOCK
        .replace("script: resolve-call", "script: outcome")
        .replace("agi_arg_1: sales\n", "agi_arg_1: 1:ANSWER:16:200:306\nagi_arg_2: 1795338000.7\nagi_arg_3: 3\n");
    let said = scene.dialogue(&report, &[DONE, DONE]).await;
    assert_eq!(said.last().map(String::as_str), Some("SET VARIABLE \"TAKEN\" \"\""), "{said:?}");
    drop(locked);
    assert_eq!(scene.dialogue(&report, &[DONE]).await, ["SET VARIABLE \"TAKEN\" \"kept\""]);
    let state = scene.process.client.get("/v1/state").await.json();
    assert_eq!(state["call_details"]["reports_lost"], 3, "it is counted once: {state}");
    // Nobody proves who reports here, and nobody can turn the counter round.
    let much = report.replace("agi_arg_3: 3\n", &format!("agi_arg_3: {}\n", u64::MAX));
    assert_eq!(scene.dialogue(&much, &[DONE]).await, ["SET VARIABLE \"TAKEN\" \"kept\""]);
    let state = scene.process.client.get("/v1/state").await.json();
    assert_eq!(state["call_details"]["reports_lost"], 10_003, "{state}");
}

/// FastAGI has no proof of who asks: what it reports completes its own calls alone, by Asterisk's identifier.
#[tokio::test]
async fn a_report_completes_no_call_of_another_face() {
    let scene = Scene::new().await;
    let call = serde_json::json!({"id": "pbx-1", "caller": test_support::CALLER, "operation": "sales"});
    assert_eq!(scene.process.client.call(&call).await.goes_to(), "anna");
    let seq = scene.kept("pbx-1").await["seq"].to_string();
    assert_eq!(scene.dialogue(BLOCK, &[DONE; 9]).await, FORWARD);
    scene.kept("1795338000.7").await;
    let leg = "agi_arg_1: 1:BUSY\n";
    for id in ["pbx-1", &seq, "2", "0", "-1"] {
        let block = BLOCK.replace("script: resolve-call", "script: outcome").replace("agi_arg_1: sales\n", leg);
        let said = scene.dialogue(&block.replace("1795338000.7", id), &[DONE, DONE]).await;
        assert!(said.len() == 2 && said[0].contains("came over FastAGI"), "{id}: {said:?}");
    }
    for call in ["pbx-1", "1795338000.7"] {
        assert!(scene.kept(call).await["outcome"].is_null(), "{call}");
    }
    // A call of the same identifier that came over HTTP later is not the one that Asterisk means.
    let call = serde_json::json!({"id": "1795338000.7", "caller": test_support::CALLER, "operation": "sales"});
    scene.process.client.call(&call).await;
    let block = BLOCK.replace("script: resolve-call", "script: outcome").replace("agi_arg_1: sales\n", leg);
    let first = scene.kept("2?by=seq").await;
    assert_eq!(scene.dialogue(&block, &[DONE]).await, ["SET VARIABLE \"TAKEN\" \"kept\""]);
    assert_eq!((&first["outcome"], &scene.kept("2?by=seq").await["outcome"]["result"]), (&().into(), &"busy".into()));
    assert!(scene.kept("3?by=seq").await["outcome"].is_null());
}

#[tokio::test]
async fn garbage_is_told_of_once_a_second_and_on_one_line() {
    let scene = Scene::new().await;
    let began = std::time::Instant::now();
    for number in 0..200 {
        let mut stream = TcpStream::connect(scene.fastagi).await.expect("it listens");
        let _ = stream.write_all(format!("x{number}\u{1b}]0;PWNED\u{7}\n\n").as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it closes");
    }
    let report =
        BLOCK.replace("script: resolve-call", "script: outcome").replace("agi_arg_1: sales\n", "agi_arg_1: 1:BUSY\n");
    scene.dialogue(&report.replace("1795338000.7", "zz\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}"), &[DONE]).await;
    scene.process.logs("a report of Asterisk's is not kept").await;
    // Each second of the test may have its line.
    let seconds = usize::try_from(began.elapsed().as_secs()).expect("few") + 2;
    let log = scene.process.stderr();
    let lines = log.lines().filter(|line| line.contains("a dialogue of FastAGI ended early")).count();
    assert!((1..=seconds).contains(&lines), "{lines} lines in {seconds} s: {log}");
    assert!(log.contains("left_out="), "{log}");
    assert!(!log.contains(|letter: char| letter != '\n' && call::one_line::is_hidden(letter)), "{log:?}");
}

#[tokio::test]
async fn a_server_that_stops_ends_the_dialogues_that_it_has() {
    let scene = Scene::new().await;
    scene.home.simulator.add_fault(FaultRule::new(Fault::Hang).on(Endpoint::Contacts));
    let (commands, ()) = tokio::join!(scene.dialogue(BLOCK, &[DONE; 7]), async {
        let asked = async {
            while scene.home.simulator.count_of(Endpoint::Contacts) == 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, asked).await.expect("amoCRM is asked");
        scene.process.signal("-TERM");
    });
    assert_eq!(commands.last().map(String::as_str), Some("SET VARIABLE \"ROUTE_ACTION\" \"linked-operation\""));
    let (status, said) = scene.process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(TcpStream::connect(scene.fastagi).await.is_err(), "it listens no more");
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_the_setting() {
    let scene = Scene::new().await;
    let taken = PBXS.replace("127.0.0.1:0", &scene.fastagi.to_string());
    scene.home.configure(OPERATIONS, &taken);
    let arguments = ["serve", "--config", "config.toml", "--state", "other", "--listen", "127.0.0.1:0"];
    let mut command = scene.home.command(&arguments);
    let output = tokio::task::spawn_blocking(move || command.output().expect("it ends")).await.expect("a thread");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("[asterisk] fastagi"), "{output:?}");
}
