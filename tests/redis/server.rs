//! A real server of Redis, started by a test for itself alone: on a free port of loopback, in a directory of its own. It can be stopped, started
//! again at the same port, and stalled.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use test_support::skip;

/// How long a server may take to start.
const STARTING: Duration = Duration::from_secs(20);

/// A running server; dropping it stops it.
pub(crate) struct RedisServer {
    directory: TempDir,
    arguments: Vec<String>,
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts one with these arguments besides; none where this machine has no `redis-server`: the test is then [skipped](skip).
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            skip("what nodes share through Redis is", "Install redis-server (Debian: apt-get install redis-server)");
            return None;
        }
        let directory = TempDir::new().expect("a directory");
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let mut server = Self { directory, arguments, port: 0, child: None };
        // Somebody else may take the port between finding it free and listening on it.
        for _ in 0..20 {
            server.port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
            if server.launch() {
                return Some(server);
            }
        }
        panic!("redis-server does not start: {}", server.log());
    }

    /// Its address, without user and password.
    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps its files.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a server of one's own");
            child.wait().expect("a server of one's own");
        }
    }

    /// Starts it again at the same port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        assert!(self.launch(), "redis-server does not start again: {}", self.log());
    }

    /// It keeps its connections and does nothing any more.
    pub(crate) fn stall(&self) {
        self.signal("-STOP");
    }

    /// It goes on.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("a running server").id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }

    fn launch(&mut self) -> bool {
        let over_tls = self.arguments.iter().any(|argument| argument == "--tls-cert-file");
        let ports = if over_tls { ["--port", "0", "--tls-port"] } else { ["--tls-port", "0", "--port"] };
        let mut command = Command::new("redis-server");
        command.args(ports).arg(self.port.to_string()).args(["--bind", "127.0.0.1", "--save", ""]);
        command.arg("--dir").arg(self.directory.path()).args(["--logfile", "log"]).args(&self.arguments);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("redis-server");
        let deadline = Instant::now() + STARTING;
        while Instant::now() < deadline {
            if child.try_wait().expect("a server of one's own").is_some() {
                return false;
            }
            if self.answers(over_tls) {
                self.child = Some(child);
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("a server of one's own");
        child.wait().expect("a server of one's own");
        false
    }

    /// Any answer will do, a demand for a password too.
    fn answers(&self, over_tls: bool) -> bool {
        let asking = || -> std::io::Result<bool> {
            let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
            if over_tls {
                return Ok(true);
            }
            connection.set_read_timeout(Some(Duration::from_secs(1)))?;
            connection.write_all(b"PING\r\n")?;
            let mut answer = [0];
            connection.read_exact(&mut answer)?;
            Ok(matches!(&answer, b"+" | b"-"))
        };
        asking().unwrap_or(false)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
