//! `host-harness serve` as a process of its own, on a port of the system's. What it prints goes to files of its home, so that it never waits
//! for a test to read.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use amocrm_simulator::{Options, Simulator};
use tempfile::TempDir;

use crate::client::{Client, PATIENCE, TOKEN};

/// The amoCRM account's token. Nothing that the server shows may contain it.
pub(crate) const ACCOUNT_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.a-token-of-the-account";
/// The placed operations of most homes.
pub(crate) const OPERATIONS: &str = "[[operation]]\nid = \"sales\"\nlinked_operation = \"queue:sales\"\n\
     [[operation]]\nid = \"support\"\nlinked_operation = \"queue:support\"\n";

/// A home with a configuration in it, and the simulated account that it is connected to, in the test's process.
pub(crate) struct Home {
    directory: TempDir,
    pub(crate) simulator: Simulator,
}

impl Home {
    /// With these placed operations and further sections. Anna and Boris of the demonstration account are its employees.
    pub(crate) async fn new(operations: &str, sections: &str) -> Self {
        let options = Options { token: Some(ACCOUNT_TOKEN.to_owned()), ..Options::default() };
        let simulator = Simulator::start(options).await.expect("the simulator starts on loopback");
        let home = Self { directory: tempfile::tempdir().expect("a folder"), simulator };
        home.configure(operations, sections);
        home.write("account-token", ACCOUNT_TOKEN);
        home.write("server-token", TOKEN);
        home
    }

    /// Writes the configuration that the next process reads.
    pub(crate) fn configure(&self, operations: &str, sections: &str) {
        let account = self.simulator.base_url();
        self.write(
            "config.toml",
            format!(
                "[[integration]]\naccount = \"{account}\"\ntoken = \"file:account-token\"\n\
                 plain_http = \"granted\"\nprivate_addresses = \"granted\"\nrequests_per_second = 50\n\
                 [[integration.employee]]\nid = \"anna\"\nname = \"Анна Соколова\"\namocrm_user = 504141\nnumbers = [\"101\"]\n\
                 [[integration.employee]]\nid = \"boris\"\nname = \"Борис Ковалёв\"\namocrm_user = 504142\nnumbers = [\"102\"]\n\
                 {operations}[server]\ntoken = \"file:server-token\"\n{sections}"
            ),
        );
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("a file");
    }

    /// The binary, in this home.
    pub(crate) fn binary(&self) -> Command {
        binary(self.directory.path())
    }

    /// Serves, its files in the directory `kept` unless the arguments say otherwise.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Process {
        let state: &[&str] = if arguments.contains(&"--state") { &[] } else { &["--state", "kept"] };
        Process::start(self.directory.path(), &[&["--config", "config.toml"], state, arguments].concat())
    }
}

/// The binary in this home, with nothing of this machine's environment.
pub(crate) fn binary(home: &Path) -> Command {
    in_home(Command::new(env!("CARGO_BIN_EXE_host-harness")), home)
}

/// A program in this home, with nothing of this machine's environment.
pub(crate) fn in_home(mut command: Command, home: &Path) -> Command {
    command.current_dir(home).stdin(Stdio::null());
    command.env_clear().env("HOME", home).env("XDG_STATE_HOME", home.join("state")).env("LANG", "C");
    command
}

/// Killed when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that serves, until it is dropped.
pub(crate) struct Process {
    child: Killed,
    home: PathBuf,
    pub(crate) client: Client,
}

impl Process {
    /// Starts the binary with these arguments of `serve`.
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut command = binary(home);
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        Self::of(command, home)
    }

    /// Starts a command that is or becomes a server, and waits until it listens.
    pub(crate) fn of(mut command: Command, home: &Path) -> Self {
        let file = |name: &str| std::fs::File::create(home.join(name)).expect("a file");
        command.stdout(file("stdout")).stderr(file("stderr"));
        let mut child = Killed(command.spawn().expect("the binary starts"));
        let deadline = Instant::now() + PATIENCE;
        let address = loop {
            let said = read(home, "stdout");
            if let Some((line, _)) = said.split_once('\n') {
                let address = line.strip_prefix("listening on http://").and_then(|rest| rest.split(';').next());
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

    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// What it printed so far.
    pub(crate) fn stdout(&self) -> String {
        read(&self.home, "stdout")
    }

    /// What it complained of and logged so far.
    pub(crate) fn stderr(&self) -> String {
        read(&self.home, "stderr")
    }

    /// Waits until it has logged this: lines are written behind what they tell of.
    pub(crate) async fn logs(&self, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.stderr().contains(part) {
            assert!(Instant::now() < deadline, "lacks {part}: {}", self.stderr());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.0.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// How it ended, and what it said on the standard error.
    pub(crate) async fn ended(mut self) -> (ExitStatus, String) {
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

fn read(home: &Path, name: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(home.join(name)).expect("a file")).into_owned()
}
