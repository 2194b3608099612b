//! An office of a test's own, and what is said of a call afterwards by the telephones and by the call details.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use host_harness::demo_pbx::{Caller, Patience, Programs, Telephones, free_address};
use serde_json::Value;
use test_support::client::PATIENCE;
use test_support::{ConnectedHome, Process, skip};
use tokio::sync::Mutex;

use crate::asterisk::{Asterisk, Settings, shipped, tree};

/// The caller of most tests: a contact whose manager is Anna.
pub(crate) const CALLER: &str = "+79161234567";
/// The number that is called.
pub(crate) const CALLED: &str = "74951234567";
/// The caller of sipp, as it ships.
const CALLER_XML: &str = include_str!("../../host-harness/pbx/sipp/caller.xml");
/// Tests that look at times have the machine for themselves.
pub(crate) static MACHINE: Mutex<()> = Mutex::const_new(());

/// How the dialplan asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Agi,
    Http,
}

/// Both ways.
pub(crate) const WAYS: [Way; 2] = [Way::Agi, Way::Http];

/// Asterisk, its telephones, and a server.
pub(crate) struct Scene {
    pub(crate) asterisk: Asterisk,
    /// Where a command `asterisk` is that speaks to it. The files that ship, for this server, are in the home.
    pub(crate) commands: PathBuf,
    _telephones: [Telephones; 2],
    pub(crate) server: Process,
    pub(crate) home: ConnectedHome,
    programs: Programs,
    pub(crate) listen: SocketAddr,
    callers: [IpAddr; 2],
    /// Where a colleague calls from, whom pjsip.conf has as `{colleague}`.
    pub(crate) colleague: IpAddr,
    calls: AtomicU32,
    /// Telephones with scenarios of their own.
    others: Vec<Child>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        for other in &mut self.others {
            let _ = other.kill();
            let _ = other.wait();
        }
    }
}

/// What a test changes.
#[derive(Default)]
pub(crate) struct Office<'a> {
    /// Anna's numbers, as in the configuration.
    pub(crate) numbers: &'a str,
    /// Further lines of the dialplan, of pjsip.conf and of the server's configuration. `{desks}` is the address of the telephones, `{colleague}` that of
    /// a colleague who calls.
    pub(crate) dialplan: &'a str,
    pub(crate) pjsip: &'a str,
    pub(crate) server: &'a str,
    /// The operation that the dialplan asks, where there are several.
    pub(crate) asked: &'a str,
    /// Where calls come in that are asked for over FastAGI and with `CURL()`, where that is not usual.
    pub(crate) contexts: Option<[&'a str; 2]>,
    /// The whole dialplan, where it is not the usual one.
    pub(crate) whole: Option<&'a str>,
    /// Further settings of the operation, each after a comma.
    pub(crate) settings: &'a str,
    /// Further keys of the operation.
    pub(crate) operation: &'a str,
    /// Further files of Asterisk's configuration, by name, with the same places in them.
    pub(crate) files: &'a [(&'a str, &'a str)],
    /// The dial string of numbers outside, for a telephone with this scenario of sipp.
    pub(crate) outside: Option<&'a str>,
    /// The telephone of numbers outside, where it is a test's own.
    pub(crate) phone: Option<SocketAddr>,
    /// That of numbers inside, instead of the desks.
    pub(crate) internal: Option<&'a str>,
}

impl Scene {
    /// With Anna's numbers. None where the machine lacks a program; the test is then [skipped](skip).
    pub(crate) async fn new(numbers: &str) -> Option<Self> {
        Self::with(Office { numbers, ..Office::default() }).await
    }

    pub(crate) async fn with(office: Office<'_>) -> Option<Self> {
        let Some(tree) = tree() else {
            skip("calls through Asterisk are", "Run tests/asterisk/get, which unpacks it");
            return None;
        };
        let programs = match Programs::find() {
            Ok(programs) => programs,
            Err(missing) => {
                skip("calls through Asterisk are", &missing.to_string());
                return None;
            }
        };
        let address = own_address();
        let callers = [own_address(), own_address()];
        let colleague = own_address();
        let home = ConnectedHome::new("[[operation]]\nlinked_operation = \"queue:sales\"\n", "").await;
        let start = |name| {
            Telephones::start(&programs, &home.path(""), name, free_address(address).expect("a port"))
                .expect("telephones")
        };
        let (desks, queue) = (start("desks"), start("queue"));
        let mut others = Vec::new();
        let outside = office.outside.map_or(desks.address(), |scenario| {
            let (child, address) = telephone(&home.path("outside.xml"), scenario, address);
            others.push(child);
            address
        });
        let outside = office.phone.unwrap_or(outside);
        let internal = office.internal.unwrap_or("PJSIP/phones/sip:{number}@{desks}");
        let internal = internal.replace("{desks}", &desks.address().to_string());
        let configuration = format!(
            "[[integration]]\naccount = \"{account}\"\ntoken = \"file:account-token\"\nplain_http = \"granted\"\n\
             private_addresses = \"granted\"\nrequests_per_second = 50\n\
             [[integration.employee]]\nid = \"anna\"\nname = \"Анна Соколова\"\namocrm_user = 504141\nnumbers = {numbers}\n\
             [[operation]]\nid = \"main\"\nlinked_operation = \"queue:sales\"\nsettings = {{ waiting_time = \"2s\"{settings} }}\n\
             {operation}\n[server]\ntoken = \"file:server-token\"\n[call_details]\nnumbers = \"whole\"\n\
             [asterisk]\nfastagi = \"127.0.0.1:0\"\ninternal = \"{internal}\"\n\
             external = \"PJSIP/phones/sip:{{number}}@{outside}\"\n{server}",
            account = home.simulator.base_url(),
            numbers = office.numbers,
            server = office.server,
            settings = office.settings,
            operation = office.operation,
        );
        home.write("config.toml", configuration);
        let server = home.serve(&["--log", "warn"]);
        let fastagi = fastagi(&server).await;
        let listen = free_address(address).expect("a port");
        let placed = |text: &str| {
            text.replace("{desks}", &desks.address().to_string()).replace("{colleague}", &colleague.to_string())
        };
        let whole = office.whole.map(placed);
        let settings = Settings {
            listen,
            agi_callers: callers[0],
            http_callers: callers[1],
            server: (fastagi, server.client.server),
            queue: queue.address(),
            desks: desks.address(),
            operation: office.asked,
            contexts: office.contexts.unwrap_or(["personal-manager", "personal-manager-http"]),
            whole: whole.as_deref(),
            dialplan: &placed(office.dialplan),
            pjsip: &placed(office.pjsip),
            files: office.files.iter().map(|(name, text)| (*name, placed(text))).collect(),
        };
        let asterisk = Asterisk::start(&tree, &home.path("asterisk"), &settings);
        for (name, text) in shipped(&settings) {
            home.write(name, text);
        }
        let commands = asterisk.commands(&tree);
        let calls = AtomicU32::new(0);
        let _telephones = [desks, queue];
        Some(Self {
            commands,
            asterisk,
            _telephones,
            server,
            home,
            programs,
            listen,
            callers,
            colleague,
            calls,
            others,
        })
    }

    /// A caller who talks for half a second.
    pub(crate) fn caller(&self, way: Way) -> Caller {
        Caller {
            from: self.callers[usize::from(way == Way::Http)],
            pbx: self.listen,
            number: CALLER.to_owned(),
            called: CALLED.to_owned(),
            call: format!("call-{}", self.calls.fetch_add(1, Ordering::Relaxed) + 1),
            patience: Patience::Talks,
            calls: 1,
            rate: 1,
        }
    }

    /// A caller whose INVITE has these lines for its From and further headers, and calls this user.
    pub(crate) async fn spelled(&self, way: Way, from: &str, called: &str) {
        let name = format!("spelled-{}", self.calls.fetch_add(1, Ordering::Relaxed));
        let usual = "From: \"A caller\" <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]c[call_number]";
        let (from, others) = from.split_once('\n').unwrap_or((from, ""));
        let from = format!("From: {from};tag=[pid]c[call_number]");
        let others = if others.is_empty() { String::new() } else { format!("\n{others}") };
        // Requests inside the call have the same From, and none of the other headers.
        let invites = CALLER_XML.replacen(usual, &format!("{from}{others}"), 1);
        let scenario = invites.replace(usual, &from).replace("[service]", called).replace("[caller]", "line");
        self.play(way, &name, &scenario).await;
    }

    /// A caller who talks for this time, unless others end the call before.
    pub(crate) async fn talk(&self, way: Way, time: Duration) {
        let name = format!("talks-{}", self.calls.fetch_add(1, Ordering::Relaxed));
        let pause = format!("milliseconds=\"{}\"", time.as_millis());
        let scenario = CALLER_XML.replace("milliseconds=\"500\"", &pause).replace("[service]", CALLED);
        self.play(way, &name, &scenario.replace("[caller]", CALLER)).await;
    }

    async fn play(&self, way: Way, name: &str, scenario: &str) {
        let file = self.home.path(&format!("{name}.xml"));
        std::fs::write(&file, scenario).expect("a file");
        let from = free_address(self.callers[usize::from(way == Way::Http)]).expect("a port");
        let mut command = tokio::process::Command::new("sipp");
        command.arg("-sf").arg(&file).args(["-i", &from.ip().to_string(), "-p", &from.port().to_string()]);
        command.args(["-m", "1", "-nostdin", "-recv_timeout", "20000", "-cid_str", name, &self.listen.to_string()]);
        let made = command.current_dir(self.home.path("")).stdin(Stdio::null()).output().await.expect("sipp starts");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{scenario}: {said}; Asterisk said: {}", self.asterisk.said());
    }

    /// Makes a call, which must go as its caller expects, and says for how long it took.
    pub(crate) async fn make(&self, caller: &Caller) -> Duration {
        let began = Instant::now();
        let made = caller.call(&self.programs, &self.home.path("")).await;
        made.unwrap_or_else(|error| panic!("{error:#}; Asterisk said: {}", self.asterisk.said()));
        began.elapsed()
    }

    /// Makes a call, however it goes.
    pub(crate) async fn make_whatever(&self, caller: &Caller) {
        let _ = caller.call(&self.programs, &self.home.path("")).await;
    }

    /// Calls, and waits until the newest call's details are so.
    pub(crate) async fn call(&self, way: Way, is_so: impl Fn(&Value) -> bool) -> Value {
        self.make(&self.caller(way)).await;
        self.until(is_so).await
    }

    /// The newest call's details, once they are so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let kept = self.newest().await;
            if is_so(&kept) {
                return kept;
            }
            assert!(Instant::now() < deadline, "{kept}; Asterisk said: {}", self.asterisk.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The newest call's details; null where there is none.
    pub(crate) async fn newest(&self) -> Value {
        let listed = self.server.client.get("/v1/calls?limit=1").await.json();
        let Some(seq) = listed["calls"][0]["seq"].as_u64() else { return Value::Null };
        self.by_seq(seq).await
    }

    /// The details of a call by its number among the kept ones.
    pub(crate) async fn by_seq(&self, seq: u64) -> Value {
        self.server.client.get(&format!("/v1/calls/{seq}?by=seq&numbers=whole")).await.json()
    }

    /// How many calls are kept.
    pub(crate) async fn kept(&self) -> usize {
        let listed = self.server.client.get("/v1/calls?limit=1000").await.json();
        listed["calls"].as_array().map_or(0, Vec::len)
    }
}

/// The legs of a call's outcome as `NAME RESULT`.
pub(crate) fn legs(kept: &Value) -> Vec<String> {
    let leg = |leg: &Value| {
        let name = leg["number"].as_str().or(leg["linked_operation"].as_str()).unwrap_or_default();
        format!("{name} {}", leg["result"].as_str().unwrap_or_default())
    };
    kept["outcome"]["legs"].as_array().into_iter().flatten().map(leg).collect()
}

/// Whether a call has so many legs.
pub(crate) fn has_legs(legs: usize) -> impl Fn(&Value) -> bool {
    move |kept| kept["outcome"]["legs"].as_array().map_or(0, Vec::len) == legs
}

/// A loopback address that no other test uses.
pub(crate) fn own_address() -> IpAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(1);
    let [high, low] = u16::try_from(std::process::id() % 65_536).expect("two bytes").to_be_bytes();
    let own = u8::try_from(TAKEN.fetch_add(1, Ordering::Relaxed)).expect("few tests");
    Ipv4Addr::new(127, high, low, own).into()
}

/// Where FastAGI is listened for, as the server says.
async fn fastagi(server: &Process) -> SocketAddr {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = server.stdout();
        if let Some(address) = said.lines().find_map(|line| line.strip_prefix("listening on agi://")) {
            return address.parse().expect("an address");
        }
        assert!(Instant::now() < deadline, "{said}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A telephone of sipp that does what this scenario says, and where it is.
fn telephone(file: &PathBuf, scenario: &str, on: IpAddr) -> (Child, SocketAddr) {
    std::fs::write(file, scenario).expect("a file");
    let address = free_address(on).expect("a port");
    let mut command = Command::new("sipp");
    command.arg("-sf").arg(file).args(["-i", &address.ip().to_string(), "-p", &address.port().to_string(), "-nostdin"]);
    command.current_dir(file.parent().expect("a folder")).stdin(Stdio::null()).stdout(Stdio::null());
    (command.spawn().expect("sipp starts"), address)
}
