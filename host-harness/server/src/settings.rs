//! How the server is set up: where it listens, who may use it, and its bounds.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::connections::table::Bounds;
use crate::pbx::PbxSettings;
use crate::pbx::dialplan::Asterisk;
use crate::pbx::rtjson::Kamailio;
use crate::tls::TlsFiles;
use crate::tokens::Token;
use runtime::secret::Secret;

/// How the server is set up. [`Default`] listens on loopback and has no token yet.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The one token that needs no name: a manager's, called [`SERVER`](crate::tokens::SERVER).
    pub token: Option<Secret>,
    /// Further tokens.
    pub tokens: Vec<Token>,
    /// The certificate with which the server speaks TLS, where it does.
    pub tls: Option<TlsFiles>,
    /// The most bytes of a call's body.
    pub max_body: usize,
    /// How many calls may be resolved at once; further ones go to the linked operation.
    pub max_calls: usize,
    /// How many connections may be open. Where there are more, the oldest one is closed on which no request was authenticated; where
    /// there is none, further ones wait to be accepted.
    pub max_connections: usize,
    /// How much memory the components of all calls may use together, in bytes; half of what the process may use unless set. A call beyond goes
    /// to the linked operation.
    pub guest_memory: Option<usize>,
    /// How many of them may come from one address before a request on them was authenticated.
    pub max_unproved_per_address: usize,
    /// How many connections of FastAGI may be open.
    pub max_fastagi_connections: usize,
    /// How many may follow calls live.
    pub max_followers: usize,
    /// How long a connection may stand still on which no request was authenticated.
    pub unproved_timeout: Duration,
    /// How long a request's head may take, and how long a connection may stay idle on which a request was authenticated.
    pub head_timeout: Duration,
    /// How long a request's body may take.
    pub body_timeout: Duration,
    /// How long calls are waited for at the stop; the longest waiting time and a little unless set.
    pub shutdown_grace: Option<Duration>,
    /// What Kamailio is told, where it asks.
    pub kamailio: Option<Kamailio>,
    /// What Asterisk is told, where it asks.
    pub asterisk: Option<Asterisk>,
}

impl ServerSettings {
    /// What PBXs are told by.
    pub fn pbx(&self) -> Arc<PbxSettings> {
        Arc::new(PbxSettings { kamailio: self.kamailio.clone(), asterisk: self.asterisk.clone() })
    }

    pub(crate) const fn connections(&self) -> Bounds {
        Bounds { all: self.max_connections, unproved_per_address: self.max_unproved_per_address }
    }

    pub(crate) const fn fastagi_connections(&self) -> Bounds {
        Bounds { all: self.max_fastagi_connections, unproved_per_address: self.max_unproved_per_address }
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8066)),
            token: None,
            tokens: Vec::new(),
            tls: None,
            max_body: 64 * 1024,
            max_calls: 12_000,
            max_connections: 20_480,
            guest_memory: None,
            max_unproved_per_address: 1_024,
            max_fastagi_connections: 24_000,
            max_followers: 100,
            unproved_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(5),
            shutdown_grace: None,
            kamailio: None,
            asterisk: None,
        }
    }
}
