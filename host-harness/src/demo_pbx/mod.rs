//! A PBX on loopback: Kamailio with the configuration that the project ships, and telephones and callers of sipp. For a person to watch
//! (`host-harness demo-pbx`), and for tests with real SIP.
//!
//! Nothing of it decides: Kamailio asks a server of this program, as it would anywhere.

mod kamailio;
mod program;
mod sipp;

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::Context;

pub use kamailio::{KAMAILIO_CFG, Kamailio, KamailioSettings};
pub use sipp::{Caller, Message, Patience, Telephones};

/// Where programs are found besides `PATH`: Kamailio is installed for administrators.
const PROGRAM_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];
/// Where Debian puts Kamailio's modules, in a folder of the machine's kind.
const LIBRARIES: [&str; 2] = ["/usr/lib", "/usr/lib64"];

/// The programs that a PBX on loopback is made of.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Kamailio.
    pub kamailio: PathBuf,
    sipp: PathBuf,
}

impl Programs {
    /// Finds them. Where something is missing, the error names the Debian packages to install.
    pub fn find() -> anyhow::Result<Self> {
        let (kamailio, sipp) = (program("kamailio"), program("sipp"));
        let missing: Vec<_> = [
            ("kamailio", kamailio.is_some()),
            ("kamailio-utils-modules", has_module("http_client.so")),
            ("kamailio-extra-modules", has_module("jansson.so")),
            ("sip-tester", sipp.is_some()),
        ]
        .into_iter()
        .filter_map(|(package, is_there)| (!is_there).then_some(package))
        .collect();
        match (kamailio, sipp) {
            (Some(kamailio), Some(sipp)) if missing.is_empty() => Ok(Self { kamailio, sipp }),
            _ => {
                let missing = missing.join(" ");
                anyhow::bail!(
                    "a PBX on loopback needs programs that are not here; install them: apt-get install {missing}"
                )
            }
        }
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(PROGRAM_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn has_module(name: &str) -> bool {
    let modules = |folder: &Path| folder.join("kamailio/modules").join(name).is_file();
    LIBRARIES.iter().map(Path::new).any(|library| {
        let kinds = std::fs::read_dir(library).into_iter().flatten().flatten();
        modules(library) || kinds.map(|entry| entry.path()).any(|folder| modules(&folder))
    })
}

/// An address of this machine's where nothing takes UDP at the moment.
pub fn free_address(on: IpAddr) -> anyhow::Result<SocketAddr> {
    let socket = UdpSocket::bind((on, 0)).with_context(|| format!("no UDP port is to be had on {on}"))?;
    Ok(socket.local_addr()?)
}
