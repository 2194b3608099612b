//! `host-harness serve` as a process of its own, on a port of the system's. What it prints goes to files of its home, so that it never
//! waits for a test to read.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::Home;
use crate::client::{Client, PATIENCE};

/// Killed when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that serves, until it is dropped.
pub struct Process {
    child: Killed,
    home: PathBuf,
    /// A client of it.
    pub client: Client,
}

impl Process {
    /// Starts a command that is or becomes a server, and waits until it listens.
    pub fn of(mut command: Command, home: &Home) -> Self {
        let home = home.directory();
        let file = |name: &str| std::fs::File::create(home.join(name)).expect("a file");
        command.stdout(file("stdout")).stderr(file("stderr"));
        let mut child = Killed(command.spawn().expect("the binary starts"));
        let deadline = Instant::now() + PATIENCE;
        let address = loop {
            let said = read(home, "stdout");
            if let Some((line, _)) = said.split_once('\n') {
                let listening = line.strip_prefix("listening on ").or_else(|| line.strip_prefix("сервер слушает "));
                let listening = listening.and_then(|rest| rest.split_once("://"));
                let address = listening.and_then(|(_, rest)| rest.split(';').next());
                break address
                    .and_then(|address| address.parse::<SocketAddr>().ok())
                    .unwrap_or_else(|| panic!("{said}"));
            }
            let ended = child.0.try_wait().expect("a process of one's own");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "it does not listen: {ended:?}: {}",
                read(home, "stderr")
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        Self { child, home: home.to_owned(), client: Client::of(address) }
    }

    /// The identifier of the process.
    pub fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// What it printed so far.
    pub fn stdout(&self) -> String {
        read(&self.home, "stdout")
    }

    /// What it complained of and logged so far.
    pub fn stderr(&self) -> String {
        read(&self.home, "stderr")
    }

    /// Waits until it has logged this: lines are written behind what they tell of.
    pub async fn logs(&self, part: &str) {
        says(part, || self.stderr()).await;
    }

    /// Waits until it has printed this.
    pub async fn prints(&self, part: &str) {
        says(part, || self.stdout()).await;
    }

    /// Sends it a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.0.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Kills it, if it has not gone by itself, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.0.kill();
        let _ = self.child.0.wait();
    }

    /// How it ended, and what it said on the standard error.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.0.try_wait().expect("a process of one's own") {
                return (status, self.stderr());
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.stderr());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn says(part: &str, said: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !said().contains(part) {
        assert!(Instant::now() < deadline, "lacks {part}: {}", said());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn read(home: &Path, name: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(home.join(name)).expect("a file")).into_owned()
}
