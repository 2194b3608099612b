//! Telephones and callers, played by sipp.
//!
//! What a telephone does is said by the last digit of its number (`pbx/sipp/telephones.xml`): 1 answers, 2 rings for as long as it is let, 3 is
//! busy, 4 declines, 5 redirects, 6 says nothing at all; any other answers. sipp knows calls by their Call-ID alone, so each leg of a call needs
//! [`Telephones`] of its own.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::civil::DateTime;
use tokio::process::Command;
use tokio::time::timeout;

use super::program::Program;
use super::{Programs, free_address};

const TELEPHONES: &str = include_str!("../../pbx/sipp/telephones.xml");
const CALLER: &str = include_str!("../../pbx/sipp/caller.xml");
const IMPATIENT_CALLER: &str = include_str!("../../pbx/sipp/impatient-caller.xml");
/// The times in the scenario that an impatient caller's replaces.
const PATIENCE: &str = "timeout=\"1000\"";
/// How long a caller waits for any one message.
const SILENCE: Duration = Duration::from_secs(60);
/// What begins a message in sipp's log, before its time.
const RULE: &str = "-----------------------------------------------";

/// Telephones behind one address; they end with this value.
#[derive(Debug)]
pub struct Telephones {
    _program: Program,
    messages: PathBuf,
    address: SocketAddr,
}

/// A message of SIP that telephones received or sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When, in the machine's own time.
    pub at: DateTime,
    /// Whether it came in.
    pub received: bool,
    /// The message.
    pub text: String,
}

impl Telephones {
    /// Puts telephones behind an address of this machine's. Their files, named after `name`, are put into the folder `home`.
    pub fn start(programs: &Programs, home: &Path, name: &str, address: SocketAddr) -> anyhow::Result<Self> {
        let scenario = write(home, &format!("{name}.xml"), TELEPHONES)?;
        let messages = home.join(format!("{name}.messages"));
        let mut command = std::process::Command::new(&programs.sipp);
        command.arg("-sf").arg(scenario).args(["-i", &address.ip().to_string(), "-p", &address.port().to_string()]);
        command.args(["-nostdin", "-trace_msg", "-message_file"]).arg(&messages);
        command.current_dir(home);
        let _program = Program::start(command, home.join(format!("{name}.said")))?;
        Ok(Self { _program, messages, address })
    }

    /// Where they are.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What they received and sent in calls with this Call-ID, in order.
    pub fn messages(&self, call: &str) -> Vec<Message> {
        let log = std::fs::read(&self.messages).unwrap_or_default();
        let header = format!("Call-ID: {call}");
        let of_call = |message: &Message| message.text.lines().any(|line| line.trim_end() == header);
        String::from_utf8_lossy(&log).split(RULE).filter_map(Message::read).filter(of_call).collect()
    }
}

impl Message {
    /// Reads an entry of the log: its time, a line about it, an empty line and the message.
    fn read(entry: &str) -> Option<Self> {
        let (time, rest) = entry.split_once('\n')?;
        let (about, text) = rest.split_once("\n\n")?;
        let at = time.trim().parse().ok()?;
        Some(Self { at, received: about.contains("received"), text: text.to_owned() })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }
}

/// How a caller behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Waits for an answer, talks for half a second and hangs up.
    Talks,
    /// Hangs up when nothing was heard for this time, unless somebody answered before.
    HangsUp(Duration),
}

/// A caller, or a crowd of them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The address that is called from.
    pub from: IpAddr,
    /// The PBX.
    pub pbx: SocketAddr,
    /// The caller's number; `anonymous` where it is withheld.
    pub number: String,
    /// The number that is called.
    pub called: String,
    /// What the Call-IDs begin with; `-1`, `-2` and so on follow.
    pub call: String,
    /// How the caller behaves.
    pub patience: Patience,
    /// How many calls are made.
    pub calls: u32,
    /// How many of them in a second.
    pub rate: u32,
}

impl Caller {
    /// Makes the calls and waits for their end.
    ///
    /// Fails where one of them did not go as a caller expects, with what sipp says of it.
    pub async fn call(&self, programs: &Programs, home: &Path) -> anyhow::Result<()> {
        let scenario = match self.patience {
            Patience::Talks => CALLER.to_owned(),
            Patience::HangsUp(after) => {
                IMPATIENT_CALLER.replace(PATIENCE, &format!("timeout=\"{}\"", after.as_millis()))
            }
        };
        let scenario = write(home, &format!("{}-caller.xml", self.call), &scenario)?;
        let address = free_address(self.from)?;
        let mut command = Command::new(&programs.sipp);
        command.arg("-sf").arg(scenario).args(["-i", &address.ip().to_string(), "-p", &address.port().to_string()]);
        command.args(["-s", &self.called, "-key", "caller", &self.number, "-cid_str", &format!("{}-%u", self.call)]);
        command.args(["-m", &self.calls.to_string(), "-r", &self.rate.to_string(), "-nostdin"]);
        command.args(["-recv_timeout", &SILENCE.as_millis().to_string(), &self.pbx.to_string()]);
        command.current_dir(home).stdin(Stdio::null()).kill_on_drop(true);
        let made = Duration::from_secs(u64::from(self.calls / self.rate.max(1)));
        let output = timeout(made + 3 * SILENCE, command.output()).await;
        let output = output.context("a call does not end")?.context("cannot start sipp")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("calls {} did not go as a caller expects ({}): {}", self.call, output.status, said.trim());
        }
        Ok(())
    }
}

fn write(home: &Path, name: &str, scenario: &str) -> anyhow::Result<PathBuf> {
    let file = home.join(name);
    std::fs::write(&file, scenario).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_sipp_is_read_message_by_message() {
        let entry = " 2026-11-23 20:19:58.652424\nUDP message received [640] bytes :\n\nINVITE sip:102@127.0.0.1:5170 SIP/2.0\r\n\
                     Call-ID: a-1\r\nX-Route-Reason: personal-manager\r\n\r\n";
        let message = Message::read(entry).unwrap();
        assert!(message.received && message.text.starts_with("INVITE"));
        assert_eq!(message.header("X-Route-Reason"), Some("personal-manager"));
        assert_eq!(message.at.to_string(), "2026-11-23T20:19:58.652424");
        assert_eq!(Message::read(" Unexpected UDP message received:"), None);
    }

    #[test]
    fn the_scenario_has_times_to_replace() {
        assert_eq!(IMPATIENT_CALLER.matches(PATIENCE).count(), 3);
    }
}
