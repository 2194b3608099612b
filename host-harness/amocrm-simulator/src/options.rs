//! What a simulator starts with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;

use crate::{Account, FaultRule, OAuthApp, RateLimit};

/// Where the simulator takes the time from; it reads no other clock (rule D11). Pauses are tokio sleeps.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The system's clock. Only [`Options::default`] uses it.
pub(crate) fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// What a simulator starts with. By default: the demonstration account, on a port of the system's choice, without faults.
#[derive(Clone)]
pub struct Options {
    /// The data.
    pub account: Account,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The account's name, such as `demo.amocrm.ru`, where a client insists on one: it stands in `referer`, `domain`, `iss` and links, the
    /// API's beside it in `api_domain`, and requests are told apart by their header `Host`. Absent: the names are addresses of the loopback.
    pub domain: Option<String>,
    /// The clock.
    pub clock: Clock,
    /// The bearer token that is accepted; where it is a JWT ([`crate::long_lived_token`]), until its `exp`. Absent: any that
    /// is not empty, or, with OAuth, only the access tokens of its grants.
    pub token: Option<String>,
    /// The integration whose users can be asked for consent (amoCRM facts §5). Absent: no OAuth.
    pub oauth: Option<OAuthApp>,
    /// How many requests the account takes. Absent: any number.
    pub rate_limit: Option<RateLimit>,
    /// Faults, before those of the account.
    pub faults: Vec<FaultRule>,
    /// What probabilities and request ids are drawn from.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: Account::demo(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            domain: None,
            clock: system_clock(),
            token: None,
            oauth: None,
            rate_limit: None,
            faults: Vec::new(),
            seed: 0,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token is never printed (rule D10).
        formatter
            .debug_struct("Options")
            .field("account", &self.account.account)
            .field("listen", &self.listen)
            .field("domain", &self.domain)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("oauth", &self.oauth)
            .field("rate_limit", &self.rate_limit)
            .field("faults", &self.faults)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
