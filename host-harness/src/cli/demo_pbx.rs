//! `host-harness demo-pbx`: a whole PBX on loopback for a person to watch: Kamailio, telephones, callers, a server of this program and a
//! simulated amoCRM.
//!
//! The server and Kamailio are configured by files, as they would be anywhere; the files stay in the state directory to be read.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use amocrm_simulator::{Options, Simulator};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::{Outcome, Stop, print};
use crate::demo_pbx::{Caller, KAMAILIO_CFG, Kamailio, KamailioSettings, Patience, Programs, Telephones, free_address};
use node::call_details::{self, CallKey, Place, Reader};
use replay::demo;
use runtime::atomic_file;
use server::tokens::generated;
use stores;

/// The folder in the user's state directory.
const FOLDER: &str = "demo-pbx";
/// What the simulated account takes for an access token.
const ACCOUNT_TOKEN: &str = "demonstration-token";
/// How long the server may take to start.
const START: Duration = Duration::from_secs(60);
/// How long the report of a call that has ended may take.
const REPORT: Duration = Duration::from_secs(5);
/// Seconds that Kamailio waits for an answer: one more than the waiting time.
const PATIENCE_SECONDS: u32 = 4;
/// The callers, and what happens to each.
const CALLERS: [(&str, &str); 4] = [
    ("+79161234567", "Anna's desk rings for 5 s, then her mobile is answered"),
    ("+79035550112", "Boris is busy at his desk and declines on his mobile, so the queue answers"),
    ("+79035550199", "amoCRM knows nobody with this number: straight to the queue"),
    ("anonymous", "a withheld number: straight to the queue"),
];

/// Start Kamailio, telephones, a server and a simulated amoCRM on loopback, call, and show what happened
///
/// Needs the Debian packages kamailio, kamailio-utils-modules, kamailio-extra-modules and sip-tester. After the calls it stays, for softphones
/// and the page, until interrupted.
#[derive(Args)]
pub(super) struct DemoPbx {
    /// Where Kamailio takes calls, over UDP; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5060")]
    listen: SocketAddr,
    /// Where the server listens; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8066")]
    server: SocketAddr,
    /// Where everything is kept [default: a folder in the user's state directory]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// End after the calls
    #[arg(long)]
    once: bool,
}

impl DemoPbx {
    pub(super) async fn run(self) -> Result<Outcome, Stop> {
        let programs = Programs::find()?;
        let home = self.state.clone().or_else(|| Some(stores::user_state_directory()?.join(FOLDER)));
        let home = home.ok_or_else(|| anyhow!("this user has no state directory; name one with --state"))?;
        std::fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let home = home.canonicalize()?;

        let options = Options { token: Some(ACCOUNT_TOKEN.to_owned()), ..Options::default() };
        let simulator = Simulator::start(options).await.context("the simulated amoCRM cannot be started")?;
        let telephones = ["desks", "mobiles", "queues"]
            .map(|name| Telephones::start(&programs, &home, name, free_address(Ipv4Addr::LOCALHOST.into())?));
        let [desks, mobiles, queues] = telephones;
        let (desks, mobiles, queues) = (desks?, mobiles?, queues?);
        atomic_file::write(&home.join("account-token"), ACCOUNT_TOKEN.as_bytes())?;
        let written = configuration(&simulator, [&desks, &mobiles, &queues])?;
        atomic_file::write(&home.join("host-harness.toml"), written.as_bytes())?;
        let (token, token_file) = generated::kept_in(&home)?;
        let (_server, address) = serve(&home, self.server).await?;

        let listen = if self.listen.port() == 0 { free_address(self.listen.ip())? } else { self.listen };
        let settings = KamailioSettings {
            configuration: KAMAILIO_CFG.into(),
            listen,
            server: address,
            token,
            patience_seconds: PATIENCE_SECONDS,
            linked_operation: format!("sip:queue@{}", queues.address()),
            async_workers: 4,
        };
        let kamailio = Kamailio::start(&programs, &home.join("kamailio"), &settings).await?;
        print(format_args!("Kamailio takes calls on sip:{}", kamailio.address()));
        print(format_args!("the page: http://{address}/, with the token in {}", token_file.display()));
        print(format_args!("every file is in {}", home.display()));

        let reader = Reader::new(Place::File(call_details::file_in(&home)));
        let run = std::process::id();
        for (position, (number, what)) in (1..).zip(CALLERS) {
            print("");
            print(format_args!("{number} calls: {what}"));
            let call = format!("demo-{run}-{position}");
            let caller = Caller {
                from: listen.ip(),
                pbx: listen,
                number: number.to_owned(),
                called: demo::CALLED.to_owned(),
                call: call.clone(),
                patience: Patience::Talks,
                calls: 1,
                rate: 1,
            };
            caller.call(&programs, &home).await?;
            show(&reader, &home, &format!("{call}-1")).await?;
        }
        if !self.once {
            print("");
            print(format_args!(
                "Call sip:{}@{listen} with a softphone, or again with `sipp`; `host-harness calls --state {} --follow` lists calls. An interrupt ends all.",
                demo::CALLED,
                home.display()
            ));
            tokio::signal::ctrl_c().await?;
        }
        Ok(Outcome::Done)
    }
}

/// The server's configuration: the demonstration's account, employees whose telephones do different things, and where those are.
fn configuration(simulator: &Simulator, [desks, mobiles, queues]: [&Telephones; 3]) -> anyhow::Result<String> {
    let mut file = String::from("# What `host-harness demo-pbx` serves with.\n");
    writeln!(file, "[[integration]]\naccount = \"{}\"\ntoken = \"file:account-token\"", simulator.base_url())?;
    writeln!(file, "plain_http = \"granted\"\nprivate_addresses = \"granted\"\n")?;
    writeln!(file, "[[integration.employee]]\nid = \"anna\"\nname = \"Анна Соколова\"\namocrm_user = 504141")?;
    writeln!(
        file,
        "# Her desk rings in vain, her mobile answers: sipp's telephones do what the last digit of their number says."
    )?;
    writeln!(file, "numbers = [{{ number = \"102\", ring_time = \"5s\" }}, \"+79035550101\"]\n")?;
    writeln!(file, "[[integration.employee]]\nid = \"boris\"\nname = \"Борис Ковалёв\"\namocrm_user = 504142")?;
    writeln!(file, "numbers = [\"103\", \"+79035550104\"]\n")?;
    writeln!(file, "[[operation]]\nlinked_operation = \"{}\"\n", demo::LINKED_OPERATION)?;
    writeln!(file, "[kamailio]\ninternal = \"sip:{{number}}@{}\"", desks.address())?;
    writeln!(file, "external = \"sip:{{number}}@{}\"", mobiles.address())?;
    writeln!(file, "linked_operations = {{ \"{}\" = \"sip:queue@{}\" }}", demo::LINKED_OPERATION, queues.address())?;
    Ok(file)
}

/// Starts this program as a server, and says where it listens.
async fn serve(home: &Path, listen: SocketAddr) -> anyhow::Result<(Child, SocketAddr)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--config", "host-harness.toml", "--state", ".", "--listen", &listen.to_string()]);
    command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut server = command.spawn().context("cannot start the server")?;
    let mut lines = BufReader::new(server.stdout.take().context("the server says nothing")?).lines();
    let first = timeout(START, lines.next_line()).await.context("the server does not start")??;
    let address = first.as_deref().and_then(|line| line.strip_prefix("listening on http://")?.split(';').next());
    match address.and_then(|address| address.parse().ok()) {
        Some(address) => Ok((server, address)),
        None => bail!("the server did not start; it says why above"),
    }
}

/// Shows a call once its outcome was reported.
async fn show(reader: &Reader, home: &Path, call: &str) -> anyhow::Result<()> {
    let completed = async {
        while !reader.find(&CallKey::id(call)).is_ok_and(|kept| kept.is_some_and(|kept| kept.is_completed())) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    // Without a report the call is shown as it is known.
    let _ = timeout(REPORT, completed).await;
    let status = Command::new(std::env::current_exe()?)
        .args(["calls", "show", call, "--state"])
        .arg(home)
        .status()
        .await
        .context("cannot show the call")?;
    if status.success() { Ok(()) } else { bail!("the call was not kept") }
}
