//! What the server tells systemd, or whoever else started it and listens at `NOTIFY_SOCKET`.

#![cfg(unix)]

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use test_support::client::PATIENCE;
use test_support::{Home, Process};
use tokio::net::TcpStream;

use crate::configuration::{FILE, hidden, home, simulator};

/// The manager that started a server.
struct ServiceManager {
    socket: UnixDatagram,
    address: PathBuf,
}

impl ServiceManager {
    fn in_home(home: &Home) -> Self {
        let address = home.path("notify");
        let socket = UnixDatagram::bind(&address).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time");
        Self { socket, address }
    }

    fn start(&self, home: &Home) -> Process {
        let mut command = home.command(["serve", "--listen", "127.0.0.1:0", "--state", "kept"]);
        command.env("NOTIFY_SOCKET", &self.address);
        Process::of(command, home)
    }

    /// What it is told next: a message of lines.
    fn told(&self) -> Vec<String> {
        let mut message = [0; 1024];
        let length = self.socket.recv(&mut message).expect("a message in time");
        String::from_utf8_lossy(&message[..length]).lines().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn the_service_manager_is_told_when_calls_are_taken_and_when_the_server_stops() {
    let simulator = simulator().await;
    let (home, _) = home(&simulator, "");
    let manager = ServiceManager::in_home(&home);
    let process = manager.start(&home);
    assert_eq!(manager.told(), ["READY=1"]);
    assert!(TcpStream::connect(process.client.server).await.is_ok());
    process.signal("-TERM");
    let [stopping, within] = &manager.told()[..] else { panic!("two lines") };
    assert_eq!(stopping, "STOPPING=1");
    let within = within.strip_prefix("EXTEND_TIMEOUT_USEC=").and_then(|time| time.parse::<u64>().ok());
    // A call of the operation waits three seconds at most unless set.
    assert!(within.is_some_and(|within| within > 3_000_000), "{within:?}");
    assert!(process.ended().await.0.success());
}

#[tokio::test]
async fn a_reload_is_told_to_the_service_manager_and_over_when_the_file_is_in_force_or_refused() {
    let simulator = simulator().await;
    let (home, text) = home(&simulator, "");
    let manager = ServiceManager::in_home(&home);
    let process = manager.start(&home);
    assert_eq!(manager.told(), ["READY=1"]);
    for (written, goes_to) in [
        (text.replace("queue:sales", "queue:night"), "queue:night"),
        (text.replace("[server]", "[serve]"), "queue:night"),
    ] {
        home.write(FILE, written);
        process.signal("-HUP");
        let [reloading, at] = &manager.told()[..] else { panic!("two lines") };
        assert_eq!(reloading, "RELOADING=1");
        assert!(at.starts_with("MONOTONIC_USEC="), "{at}");
        assert_eq!(manager.told(), ["READY=1"]);
        assert_eq!(hidden(&process.client).await.goes_to(), goes_to);
    }
}
