//! The addresses that a simulator answers at: the account's, its former ones, and the API's own, which no rename changes.

use std::sync::{Mutex, PoisonError};

/// The domain of the accounts of simulators without listeners. No such domain can exist (RFC 2606).
const DOMAIN: &str = ".amocrm.test";

/// The account's and the API's authority of a simulator without listeners.
pub(crate) fn without_listeners() -> (String, String) {
    (format!("demo{DOMAIN}"), format!("api{DOMAIN}"))
}

/// The name of an account without listeners after a rename.
pub(crate) fn next_name(current: &str) -> String {
    let number = current.strip_prefix("demo-").and_then(|rest| rest.strip_suffix(DOMAIN)?.parse::<u64>().ok());
    format!("demo-{}{DOMAIN}", number.unwrap_or(0).saturating_add(1))
}

/// The address that one listener answers at.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// `127.0.0.1:PORT`.
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
    /// `http://127.0.0.1:PORT`.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.authority)
    }
}

/// Which address is whose.
pub(crate) struct Hosts {
    account: Mutex<String>,
    /// There is one where OAuth is on.
    api: Option<String>,
}

impl Hosts {
    pub(crate) fn new(account: String, api: Option<String>) -> Self {
        Self { account: Mutex::new(account), api }
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
