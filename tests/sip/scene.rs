//! A PBX of a test's own, and what is said of a call afterwards by the telephones and by the call details.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use host_harness::demo_pbx::{
    Caller, KAMAILIO_CFG, Kamailio, KamailioSettings, Message, Patience, Programs, Telephones, free_address,
};
use jiff::{SignedDuration, Unit};
use runtime::secret::Secret;
use serde_json::Value;
use test_support::client::{PATIENCE, TOKEN};
use test_support::skip;
use test_support::{ConnectedHome, Process};
use tokio::sync::RwLock;

/// The caller of most tests: a contact whose manager is Anna.
pub(crate) const CALLER: &str = "+79161234567";
/// The number that is called.
pub(crate) const CALLED: &str = "74951234567";
/// How long Kamailio waits for an answer, in seconds: one more than the waiting time.
const PATIENCE_SECONDS: u32 = 3;

/// Calls that ring for a certain time are not made while a load is.
pub(crate) static MACHINE: RwLock<()> = RwLock::const_new(());

/// The programs, or none where this machine does not have them: the test is then [skipped](skip).
pub(crate) fn programs() -> Option<&'static Programs> {
    static FOUND: OnceLock<Option<Programs>> = OnceLock::new();
    let found = FOUND.get_or_init(|| match Programs::find() {
        Ok(programs) => Some(programs),
        Err(missing) => {
            skip("calls over SIP are", &missing.to_string());
            None
        }
    });
    found.as_ref()
}

/// A loopback address that no other test uses.
pub(crate) fn own_address() -> IpAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(1);
    let [high, low] = u16::try_from(std::process::id() % 65_536).expect("two bytes").to_be_bytes();
    let own = u8::try_from(TAKEN.fetch_add(1, Ordering::Relaxed)).expect("few tests");
    Ipv4Addr::new(127, high, low, own).into()
}

/// Telephones: desks for short numbers, mobiles for long ones, queues for linked operations.
pub(crate) struct Telephony {
    pub(crate) desks: Telephones,
    pub(crate) mobiles: Telephones,
    pub(crate) queues: Telephones,
}

impl Telephony {
    pub(crate) fn start(programs: &Programs, home: &ConnectedHome, on: IpAddr) -> Self {
        let start = |name| {
            let address = free_address(on).expect("a port");
            Telephones::start(programs, &home.path(""), name, address).expect("telephones")
        };
        Self { desks: start("desks"), mobiles: start("mobiles"), queues: start("queues") }
    }

    /// What rang for a call, in order: the user of the address and the reason that was given.
    pub(crate) fn rang(&self, call: &str) -> Vec<(String, String)> {
        let all = [&self.desks, &self.mobiles, &self.queues];
        let mut invites: Vec<_> =
            all.iter().flat_map(|telephones| telephones.messages(call)).filter(is_invite).collect();
        invites.sort_by_key(|invite| invite.at);
        let mut rang: Vec<_> = invites
            .iter()
            .map(|invite| {
                let user = invite.text.strip_prefix("INVITE sip:").and_then(|rest| rest.split('@').next());
                let reason = invite.header("X-Route-Reason").unwrap_or_default();
                (user.expect("a user").to_owned(), reason.to_owned())
            })
            .collect();
        // A telephone that says nothing is asked again and again.
        rang.dedup();
        rang
    }
}

fn is_invite(message: &Message) -> bool {
    message.received && message.text.starts_with("INVITE ")
}

/// For how long a telephone rang before it was let off, in milliseconds.
pub(crate) fn ring_ms(telephones: &Telephones, call: &str) -> f64 {
    let messages = telephones.messages(call);
    let first = |is: &dyn Fn(&Message) -> bool| messages.iter().find(|message| is(message)).expect("a message").at;
    let rang = first(&|message| !message.received && message.text.starts_with("SIP/2.0 180"));
    let ended = first(&|message| message.received && message.text.starts_with("CANCEL "));
    SignedDuration::try_from(ended.since((Unit::Second, rang)).expect("a span")).expect("a time").as_secs_f64()
        * 1_000.0
}

/// The guide for Kamailio.
const GUIDE: &str = include_str!("../../host-harness/pbx/kamailio/README.md");

/// The first block of this language behind a heading of the guide.
pub(crate) fn guide_block(heading: &str, language: &str) -> &'static str {
    let section = GUIDE.split_once(&format!("\n{heading}\n")).expect("the heading").1;
    let block = section.split_once(&format!("```{language}\n")).expect("a block").1;
    block.split_once("```").expect("its end").0
}

/// The shipped configuration, with further lines where the local file is taken in.
pub(crate) fn with_lines(lines: &str) -> String {
    let import = "import_file \"kamailio-local.cfg\"\n";
    assert_eq!(KAMAILIO_CFG.matches(import).count(), 1);
    KAMAILIO_CFG.replace(import, &format!("{import}{lines}\n"))
}

/// An address where nothing takes TCP at the moment.
pub(crate) fn free_tcp(on: IpAddr) -> SocketAddr {
    TcpListener::bind((on, 0)).and_then(|listener| listener.local_addr()).expect("a port")
}

/// A whole PBX.
pub(crate) struct Scene {
    pub(crate) kamailio: Kamailio,
    pub(crate) telephony: Telephony,
    pub(crate) server: Process,
    pub(crate) home: ConnectedHome,
    pub(crate) programs: &'static Programs,
    pub(crate) address: IpAddr,
    calls: AtomicU32,
}

impl Scene {
    /// With Anna's numbers, written as in the configuration. None where the machine has no PBX.
    pub(crate) async fn new(numbers: &str) -> Option<Self> {
        Self::with(numbers, |configuration| configuration).await
    }

    /// With another configuration of the server, made of the usual one.
    pub(crate) async fn with(numbers: &str, change: impl FnOnce(String) -> String) -> Option<Self> {
        Self::asking("", numbers, change).await
    }

    /// With another configuration, whose operation of this name Kamailio asks.
    pub(crate) async fn asking(operation: &str, numbers: &str, change: impl FnOnce(String) -> String) -> Option<Self> {
        Self::on(own_address(), operation, numbers, change).await
    }

    /// The same on an address that is known already.
    pub(crate) async fn on(
        address: IpAddr,
        operation: &str,
        numbers: &str,
        change: impl FnOnce(String) -> String,
    ) -> Option<Self> {
        let programs = programs()?;
        let home = ConnectedHome::new("[[operation]]\nlinked_operation = \"queue:sales\"\n", "").await;
        let telephony = Telephony::start(programs, &home, address);
        home.write("config.toml", change(configuration(&home, &telephony, numbers)));
        let server = home.serve(&[]);
        let mut settings = kamailio(&telephony, server.client.server, address);
        if !operation.is_empty() {
            let named = format!("#!define OPERATION \"?operation={operation}\"");
            settings.configuration = KAMAILIO_CFG.replace("#!define OPERATION \"\"", &named).into();
        }
        let kamailio = Kamailio::start(programs, &home.path("kamailio"), &settings).await;
        let kamailio = kamailio.unwrap_or_else(|error| panic!("{error:#}"));
        Some(Self { kamailio, telephony, server, home, programs, address, calls: AtomicU32::new(0) })
    }

    /// A caller who talks, and what the Call-ID will be.
    pub(crate) fn caller(&self) -> (Caller, String) {
        let call = format!("call-{}", self.calls.fetch_add(1, Ordering::Relaxed) + 1);
        let caller = Caller {
            from: self.address,
            pbx: self.kamailio.address(),
            number: CALLER.to_owned(),
            called: CALLED.to_owned(),
            call: call.clone(),
            patience: Patience::Talks,
            calls: 1,
            rate: 1,
        };
        (caller, format!("{call}-1"))
    }

    /// Makes a call, which must go as its caller expects.
    pub(crate) async fn make(&self, caller: &Caller) {
        let made = caller.call(self.programs, &self.home.path("")).await;
        made.unwrap_or_else(|error| panic!("{error:#}; Kamailio said: {}", self.kamailio.said()));
    }

    /// Calls, talks, and gives the Call-ID.
    pub(crate) async fn call(&self) -> String {
        let (caller, call) = self.caller();
        self.make(&caller).await;
        call
    }

    /// The legs of the call's outcome as `NAME RESULT`, once there are so many of them; and its only decision.
    pub(crate) async fn story(&self, call: &str, legs: usize) -> (Vec<String>, Value) {
        let deadline = Instant::now() + PATIENCE;
        let kept = loop {
            let answer = self.server.client.get(&format!("/v1/calls/{call}?numbers=whole")).await;
            let kept = if answer.status.is_success() { answer.json() } else { Value::Null };
            if kept["outcome"]["legs"].as_array().map_or(0, Vec::len) >= legs {
                break kept;
            }
            assert!(Instant::now() < deadline, "{legs} legs: {kept}; {}", self.kamailio.said());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        assert_eq!(self.decisions(call).await, 1, "decisions of {call}");
        let leg = |leg: &Value| {
            let name = leg["number"].as_str().or(leg["linked_operation"].as_str()).unwrap_or_default();
            format!("{name} {}", leg["result"].as_str().unwrap_or_default())
        };
        let legs = kept["outcome"]["legs"].as_array().into_iter().flatten().map(leg).collect();
        (legs, kept)
    }

    /// How many calls with this identifier were resolved.
    pub(crate) async fn decisions(&self, call: &str) -> usize {
        let kept = self.server.client.get("/v1/calls?limit=1000").await.json();
        kept["calls"].as_array().into_iter().flatten().filter(|kept| kept["call"]["id"] == call).count()
    }
}

fn configuration(home: &ConnectedHome, telephony: &Telephony, numbers: &str) -> String {
    let Telephony { desks, mobiles, queues } = telephony;
    format!(
        "[[integration]]\naccount = \"{account}\"\ntoken = \"file:account-token\"\nplain_http = \"granted\"\n\
         private_addresses = \"granted\"\nrequests_per_second = 50\n\
         [[integration.employee]]\nid = \"anna\"\nname = \"Анна Соколова\"\namocrm_user = 504141\nnumbers = {numbers}\n\
         [[operation]]\nlinked_operation = \"queue:sales\"\nsettings = {{ waiting_time = \"2s\" }}\n\
         [server]\ntoken = \"file:server-token\"\n[call_details]\nnumbers = \"whole\"\n\
         [kamailio]\ninternal = \"sip:{{number}}@{}\"\nexternal = \"sip:{{number}}@{}\"\n\
         linked_operations = {{ \"queue:sales\" = \"sip:sales@{}\" }}\n",
        desks.address(),
        mobiles.address(),
        queues.address(),
        account = home.simulator.base_url(),
    )
}

/// Kamailio between these telephones and a server.
pub(crate) fn kamailio(telephony: &Telephony, server: SocketAddr, on: IpAddr) -> KamailioSettings {
    KamailioSettings {
        configuration: KAMAILIO_CFG.into(),
        listen: free_address(on).expect("a port"),
        server,
        token: Secret::new(TOKEN.to_owned()),
        patience_seconds: PATIENCE_SECONDS,
        linked_operation: format!("sip:static@{}", telephony.queues.address()),
        async_workers: 8,
    }
}
