//! What all connections of one simulator share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::ensure;
use http::HeaderValue;
use jiff::Timestamp;

use crate::fault::FaultBook;
use crate::grants::Grants;
use crate::hosts::{Host, Hosts, Role, check_name, next_name, subdomain};
use crate::installed::Installed;
use crate::limits::Gate;
use crate::listeners::{Listeners, bind};
use crate::record::RequestLog;
use crate::{Account, Clock, OAuthApp, Options, jwt};

/// What all connections of one simulator share. Locks are held for a moment, never across a wait. Where two are held at once,
/// that of the account is taken first.
pub(crate) struct State {
    pub(crate) hosts: Hosts,
    pub(crate) listeners: Listeners<Self>,
    /// The integration; absent: no OAuth.
    pub(crate) oauth: Option<OAuthApp>,
    token: GivenToken,
    clock: Clock,
    account: Mutex<Account>,
    faults: Mutex<FaultBook>,
    grants: Mutex<Grants>,
    log: Mutex<RequestLog>,
    gate: Mutex<Gate>,
    request_ids: Mutex<fastrand::Rng>,
    tokens: Mutex<fastrand::Rng>,
    former_managers: Mutex<BTreeMap<Managed, Option<u64>>>,
    widget: Mutex<Option<Installed>>,
}

/// [`crate::Options::token`].
struct GivenToken {
    text: Option<String>,
    /// Its own end, where it is a JWT.
    ends: Option<Timestamp>,
    revoked: AtomicBool,
}

/// Something that has a manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Managed {
    Contact(u64),
    Lead(u64),
}

fn managers(account: &Account) -> BTreeMap<Managed, Option<u64>> {
    let contacts = account.contacts.iter().map(|contact| (Managed::Contact(contact.id), contact.responsible_user_id));
    let leads = account.leads.iter().map(|lead| (Managed::Lead(lead.id), lead.responsible_user_id));
    contacts.chain(leads).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test's closure that panicked while it held the lock must not hide its own message behind ours.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    pub(crate) fn new(hosts: Hosts, options: Options, listeners: Listeners<Self>) -> Self {
        let Options { mut account, listen: _, domain: _, clock, token, oauth, rate_limit, faults, seed } = options;
        account.fix_event_times(clock());
        // The port keeps two simulators of one seed from issuing the same tokens.
        let port = hosts.account().parse().map_or(0, |address: SocketAddr| address.port());
        Self {
            hosts,
            listeners,
            oauth,
            token: GivenToken {
                ends: token.as_deref().and_then(jwt::expiry),
                text: token,
                revoked: AtomicBool::new(false),
            },
            clock,
            account: Mutex::new(account),
            faults: Mutex::new(FaultBook::new(faults, seed)),
            grants: Mutex::default(),
            log: Mutex::default(),
            gate: Mutex::new(Gate::new(rate_limit)),
            request_ids: Mutex::new(fastrand::Rng::with_seed(seed)),
            tokens: Mutex::new(fastrand::Rng::with_seed(!seed ^ u64::from(port))),
            former_managers: Mutex::default(),
            widget: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.account)
    }

    /// Changes the account, and remembers who was the manager of what changed hands.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Account) -> R) -> R {
        let mut account = self.account();
        let before = managers(&account);
        let result = change(&mut account);
        account.fix_event_times(self.now());
        let after = managers(&account);
        lock(&self.former_managers).extend(before.into_iter().filter(|(of, manager)| after.get(of) != Some(manager)));
        result
    }

    /// Whose it was before it last changed hands; 0 for nobody's, `None` where it has not.
    pub(crate) fn former_manager(&self, of: Managed) -> Option<u64> {
        lock(&self.former_managers).get(&of).map(|manager| manager.unwrap_or(0))
    }

    /// The installed widget.
    pub(crate) fn widget(&self) -> MutexGuard<'_, Option<Installed>> {
        lock(&self.widget)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultBook> {
        lock(&self.faults)
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.grants)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.log)
    }

    pub(crate) fn gate(&self) -> MutexGuard<'_, Gate> {
        lock(&self.gate)
    }

    /// Forgets what was asked.
    pub(crate) fn clear_requests(&self) {
        self.log().clear();
        self.gate().clear();
    }

    pub(crate) fn request_id(&self) -> String {
        format!("{:032x}", lock(&self.request_ids).u128(..))
    }

    /// A new code or refresh token.
    pub(crate) fn opaque_token(&self) -> String {
        let mut random = lock(&self.tokens);
        format!("def50200{:032x}{:032x}", random.u128(..), random.u128(..))
    }

    /// A new id in the form of a UUID.
    pub(crate) fn uuid(&self) -> String {
        let digits = format!("{:032x}", lock(&self.tokens).u128(..));
        let mut parts = Vec::new();
        let mut rest = digits.as_str();
        for length in [8, 4, 4, 4, 12] {
            let (part, others) = rest.split_at(length);
            parts.push(part);
            rest = others;
        }
        parts.join("-")
    }

    /// Whether this is `Bearer ` and an accepted token, exactly.
    pub(crate) fn accepts(&self, authorization: Option<&HeaderValue>) -> bool {
        let Some(given) = authorization.and_then(|value| value.as_bytes().strip_prefix(b"Bearer ")) else {
            return false;
        };
        let now = self.now();
        if std::str::from_utf8(given).is_ok_and(|given| self.grants().accepts(given, now)) {
            return true;
        }
        if self.token.revoked.load(Ordering::Relaxed) || self.token.ends.is_some_and(|ends| now >= ends) {
            return false;
        }
        match &self.token.text {
            Some(token) => given == token.as_bytes(),
            None => self.oauth.is_none() && !given.trim_ascii().is_empty(),
        }
    }

    /// [`crate::Options::token`] is accepted no more.
    pub(crate) fn revoke_given_token(&self) {
        self.token.revoked.store(true, Ordering::Relaxed);
    }

    /// Gives the account a new address beside its old one, and returns its base. `domain` names it, where accounts have names.
    pub(crate) async fn rename(self: &Arc<Self>, domain: Option<&str>) -> anyhow::Result<String> {
        let current = self.hosts.account();
        if self.hosts.is_named() {
            let name = domain.map_or_else(|| next_name(&current), str::to_owned);
            check_name(&name)?;
            self.account().account.subdomain = subdomain(&name);
            self.hosts.rename(name);
            return Ok(self.hosts.account_base());
        }
        ensure!(
            domain.is_none(),
            "the account has no name to change; start the simulator with --domain demo.amocrm.ru"
        );
        let Ok(current) = current.parse::<SocketAddr>() else {
            let host = Host { authority: next_name(&current), role: Role::Account };
            self.hosts.rename(host.authority.clone());
            return Ok(host.base());
        };
        let (listener, address) = bind(SocketAddr::new(current.ip(), 0)).await?;
        let host = Host { authority: address.to_string(), role: Role::Account };
        let base = host.base();
        self.hosts.rename(host.authority.clone());
        self.listeners.run(listener, host, self);
        Ok(base)
    }
}
