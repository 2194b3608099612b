//! A home with the configuration of a server, and the simulated account that it is connected to, in the test's process.

use std::path::PathBuf;
use std::process::Command;

use amocrm_simulator::{Options, Simulator};

use crate::client::TOKEN;
use crate::{ACCOUNT_TOKEN, Ended, Home, Process};

/// The placed operations of most homes.
pub const OPERATIONS: &str = "[[operation]]\nid = \"sales\"\nlinked_operation = \"queue:sales\"\n\
     [[operation]]\nid = \"support\"\nlinked_operation = \"queue:support\"\n";

/// Such a home; its server's files are in the directory `kept`.
pub struct ConnectedHome {
    home: Home,
    /// The account.
    pub simulator: Simulator,
}

impl ConnectedHome {
    /// With these placed operations and further sections. Anna and Boris of the demonstration account are its employees.
    pub async fn new(operations: &str, sections: &str) -> Self {
        let options = Options { token: Some(ACCOUNT_TOKEN.to_owned()), ..Options::default() };
        let simulator = Simulator::start(options).await.expect("the simulator starts on loopback");
        let home = Self { home: Home::new(), simulator };
        home.home.has_run("kept");
        home.configure(operations, sections);
        home.home.write_secret("account-token", ACCOUNT_TOKEN);
        home.home.write_secret("server-token", TOKEN);
        home
    }

    /// Writes the configuration that the next process reads.
    pub fn configure(&self, operations: &str, sections: &str) {
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

    /// The home itself.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// A file or folder in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.home.write(name, bytes);
    }

    /// The program, in this home, with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.home.command(arguments)
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.home.run(arguments)
    }

    /// Serves, its files in the directory `kept` unless the arguments say otherwise.
    pub fn serve(&self, arguments: &[&str]) -> Process {
        let state: &[&str] = if arguments.contains(&"--state") { &[] } else { &["--state", "kept"] };
        self.home.serve(&[&["--config", "config.toml"], state, arguments].concat())
    }
}
