//! The addresses that a simulator answers at: the account's, its former ones, and the API's own, which no rename changes.
//!
//! They are ports of the loopback, or, where the account was given a domain, names: one listener then tells them apart by the header `Host`.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

/// The domain of the accounts of simulators without listeners. No such domain can exist (RFC 2606).
const DOMAIN: &str = ".amocrm.test";

/// The account's and the API's authority of a simulator without listeners.
pub(crate) fn without_listeners() -> (String, String) {
    (format!("demo{DOMAIN}"), format!("api{DOMAIN}"))
}

/// The name of an account after a rename to no name in particular: `demo.amocrm.ru` becomes `demo-1.amocrm.ru`.
pub(crate) fn next_name(current: &str) -> String {
    let (label, rest) = current.split_once('.').unwrap_or((current, ""));
    let (name, number) = match label.rsplit_once('-').map(|(name, number)| (name, number.parse::<u64>())) {
        Some((name, Ok(number))) => (name, number),
        _ => (label, 0),
    };
    format!("{name}-{}.{rest}", number.saturating_add(1))
}

/// Refuses what is not a name of an account.
pub(crate) fn check_name(domain: &str) -> anyhow::Result<()> {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    anyhow::ensure!(
        domain.split('.').count() >= 3 && domain.split('.').all(is_label) && domain.parse::<IpAddr>().is_err(),
        "\"{domain}\" is not an account's name; write it as demo.amocrm.ru"
    );
    Ok(())
}

/// The first label of a name.
pub(crate) fn subdomain(domain: &str) -> String {
    domain.split('.').next().unwrap_or(domain).to_owned()
}

/// The address that one listener answers at.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// `127.0.0.1:PORT`, or a name.
    pub(crate) authority: String,
    pub(crate) role: Role,
}

/// What an address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The account's domain, such as `demo.amocrm.ru`; a former one too.
    Account,
    /// The API's domain, such as `api-a.amocrm.ru`: what the claim `api_domain` names (amoCRM facts §5.7).
    Api,
}

impl Host {
    /// `http://127.0.0.1:PORT`, or `https://` and a name.
    pub(crate) fn base(&self) -> String {
        base_of(&self.authority)
    }
}

/// Names are amoCRM's own, which has nothing but HTTPS.
fn base_of(authority: &str) -> String {
    let is_plain = authority.parse::<SocketAddr>().is_ok() || authority.ends_with(DOMAIN);
    format!("{}://{authority}", if is_plain { "http" } else { "https" })
}

/// Which address is whose.
pub(crate) struct Hosts {
    account: Mutex<String>,
    /// There is one where OAuth is on.
    api: Option<String>,
    /// Whether these are names.
    is_named: bool,
}

impl Hosts {
    pub(crate) fn new(account: String, api: Option<String>) -> Self {
        Self { account: Mutex::new(account), api, is_named: false }
    }

    /// The account has this name, and the API one beside it, such as `api-a.amocrm.ru`.
    pub(crate) fn named(account: String) -> Self {
        let api = account.split_once('.').map(|(_, rest)| format!("api-a.{rest}"));
        Self { account: Mutex::new(account), api, is_named: true }
    }

    /// Whether the account has a name.
    pub(crate) const fn is_named(&self) -> bool {
        self.is_named
    }

    /// Which host a request means that came to this listener: where there are names, the one in its header `Host`. Addresses of the machine
    /// itself mean the account, whatever its name.
    pub(crate) fn of_request(&self, listener: &Host, header: Option<&str>) -> Host {
        if !self.is_named {
            return listener.clone();
        }
        let header = header.unwrap_or_default();
        let name = header.split_once(':').map_or(header, |(name, _)| name).to_ascii_lowercase();
        if self.api() == Some(name.as_str()) {
            return Host { authority: name, role: Role::Api };
        }
        let is_name = check_name(&name).is_ok();
        Host { authority: if is_name { name } else { self.account() }, role: Role::Account }
    }

    /// Where the account is now, as a URL.
    pub(crate) fn account_base(&self) -> String {
        base_of(&self.account())
    }

    /// Where the account is now.
    pub(crate) fn account(&self) -> String {
        self.account.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The account moves.
    pub(crate) fn rename(&self, authority: String) {
        *self.account.lock().unwrap_or_else(PoisonError::into_inner) = authority;
    }

    /// What stands at this authority of a simulator without listeners: every name of its domain, since an account may have had it.
    pub(crate) fn of_domain(&self, authority: &str) -> Option<Host> {
        let role = if self.api() == Some(authority) { Role::Api } else { Role::Account };
        authority.ends_with(DOMAIN).then(|| Host { authority: authority.to_owned(), role })
    }

    /// Where the API is, whatever the account's name.
    pub(crate) fn api(&self) -> Option<&str> {
        self.api.as_deref()
    }

    /// Whether the account was renamed away from here.
    pub(crate) fn is_former(&self, host: &Host) -> bool {
        host.role == Role::Account && host.authority != self.account()
    }
}
