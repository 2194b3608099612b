//! Kamailio with the configuration that the project ships.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::Programs;
use super::program::Program;
use runtime::atomic_file;
use runtime::secret::Secret;

/// The configuration, as it ships.
pub const KAMAILIO_CFG: &str = include_str!("../../pbx/kamailio/kamailio.cfg");
/// What stays as it is in the password of an address.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// How long Kamailio may take until it answers.
const START: Duration = Duration::from_secs(20);
/// How long one question whether it answers is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// What differs from place to place.
#[derive(Clone, Debug)]
pub struct KamailioSettings {
    /// The configuration: [`KAMAILIO_CFG`], or one made of it.
    pub configuration: Cow<'static, str>,
    /// Where callers come in.
    pub listen: SocketAddr,
    /// The server that is asked.
    pub server: SocketAddr,
    /// Its token.
    pub token: Secret,
    /// For how long it is asked, in whole seconds: a second more than the operation's waiting time.
    pub patience_seconds: u32,
    /// The SIP address where calls go when the server says nothing.
    pub linked_operation: String,
    /// How many questions may be under way at once.
    pub async_workers: u32,
}

/// A running Kamailio; it ends with this value.
#[derive(Debug)]
pub struct Kamailio {
    program: Program,
    address: SocketAddr,
}

impl Kamailio {
    /// Starts it in a folder of its own, which is made, and waits until it answers.
    ///
    /// Fails with what Kamailio said where it does not.
    pub async fn start(programs: &Programs, home: &Path, settings: &KamailioSettings) -> anyhow::Result<Self> {
        // An absolute name: Kamailio changes its folder.
        std::fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
        let home = home.canonicalize()?;
        atomic_file::write(&home.join("kamailio.cfg"), settings.configuration.as_bytes())?;
        atomic_file::write(&home.join("kamailio-local.cfg"), settings.written()?.as_bytes())?;
        let mut command = Command::new(&programs.kamailio);
        // In the foreground, on the standard error, with a little memory, and everything of its own in its folder.
        command.args(["-DD", "-E", "-m", "64", "-M", "8", "-Y"]).arg(&home);
        command.arg("-P").arg(home.join("pid")).arg("-f").arg(home.join("kamailio.cfg")).current_dir(&home);
        let mut started = Self { program: Program::start(command, home.join("said"))?, address: settings.listen };
        started.answers().await?;
        Ok(started)
    }

    /// Where callers come in.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What Kamailio said so far.
    pub fn said(&self) -> String {
        self.program.said()
    }

    /// Waits until an OPTIONS is answered.
    async fn answers(&mut self) -> anyhow::Result<()> {
        let socket = UdpSocket::bind((self.address.ip(), 0)).await.with_context(|| {
            format!(
                "Kamailio cannot listen on {}: this machine does not have the address; choose another",
                self.address
            )
        })?;
        socket.connect(self.address).await?;
        let (here, there, began) = (socket.local_addr()?, self.address, Instant::now());
        let mut answer = [0; 2_048];
        for attempt in 0_u32.. {
            if self.program.ended().is_some() || began.elapsed() > START {
                bail!("Kamailio does not answer on {there}; it said:\n{}", self.program.said());
            }
            let question = format!(
                "OPTIONS sip:{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK-ready-{attempt}\r\n\
                 From: <sip:ready@{here}>;tag=ready\r\nTo: <sip:{there}>\r\nCall-ID: ready-{attempt}@{here}\r\n\
                 CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            );
            // Refused while nobody listens.
            let _ = socket.send(question.as_bytes()).await;
            match timeout(LOOK, socket.recv(&mut answer)).await {
                Ok(Ok(read)) if answer.get(..read).is_some_and(|answer| answer.starts_with(b"SIP/2.0 200")) => break,
                Ok(Err(_)) => tokio::time::sleep(LOOK).await,
                _ => {}
            }
        }
        Ok(())
    }
}

impl KamailioSettings {
    /// The lines of `kamailio-local.cfg`.
    fn written(&self) -> anyhow::Result<String> {
        let Self { listen, server, patience_seconds, linked_operation, async_workers, .. } = self;
        let token = utf8_percent_encode(self.token.expose(), UNRESERVED);
        let mut lines = String::from("# What kamailio.cfg beside this file takes from here.\n");
        writeln!(lines, "#!define LISTEN udp:{listen}")?;
        writeln!(lines, "#!define HARNESS \"harness=>http://pbx:{token}@{server};timeout={patience_seconds}\"")?;
        writeln!(lines, "#!define LINKED_OPERATION \"{linked_operation}\"")?;
        writeln!(lines, "#!define ASYNC_WORKERS {async_workers}")?;
        Ok(lines)
    }
}
