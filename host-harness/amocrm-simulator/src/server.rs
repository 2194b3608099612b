//! The server: the handle to start a simulator, look into it and steer it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use hyper::Request;
use hyper::body::Incoming;
use tokio::io::DuplexStream;

use crate::hosts::{self, Host, Hosts, Role};
use crate::listeners::{Answering, Listeners, bind};
use crate::oauth::{self, WITHOUT_OAUTH};
use crate::state::State;
use crate::{Account, Endpoint, FaultRule, Options, Refreshes, RequestRecord, service, webhook};

/// A running simulator. It stops when this is dropped: the listeners and every connection close, hung ones too.
pub struct Simulator {
    address: SocketAddr,
    base: String,
    state: Arc<State>,
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime and returns when it listens.
    ///
    /// # Errors
    /// Where the address cannot be listened on, the account does not hold together, or a fault rule is out of bounds.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let options = checked(options)?;
        let (listener, address) = bind(options.listen).await?;
        let host = Host { authority: address.to_string(), role: Role::Account };
        let api = match &options.oauth {
            Some(_) if options.domain.is_none() => Some(bind(SocketAddr::new(options.listen.ip(), 0)).await?),
            _ => None,
        };
        let hosts = match &options.domain {
            Some(domain) => Hosts::named(domain.clone()),
            None => Hosts::new(host.authority.clone(), api.as_ref().map(|(_, address)| address.to_string())),
        };
        let state = Arc::new(State::new(hosts, options, Listeners::new(serve)));
        let base = host.base();
        state.listeners.run(listener, host, &state);
        if let Some((listener, address)) = api {
            state.listeners.run(listener, Host { authority: address.to_string(), role: Role::Api }, &state);
        }
        Ok(Self { address, base, state })
    }

    /// Starts a simulator that listens nowhere: [`Simulator::connect`] is the only way to it. Such a one needs no network, and runs in whatever
    /// time its runtime has, which may be paused.
    ///
    /// # Errors
    /// Where the account does not hold together, or a fault rule is out of bounds.
    pub fn without_listeners(options: Options) -> anyhow::Result<Self> {
        let options = checked(options)?;
        let (account, api) = hosts::without_listeners();
        let hosts = Hosts::new(account.clone(), options.oauth.is_some().then_some(api));
        let base = Host { authority: account, role: Role::Account }.base();
        let address = SocketAddr::new(options.listen.ip(), 0);
        Ok(Self { address, base, state: Arc::new(State::new(hosts, options, Listeners::new(serve))) })
    }

    /// Opens a connection without a socket to one of its hosts, such as that of [`Simulator::base_url`]; it speaks HTTP/1.1. None where no
    /// such host can be.
    pub fn connect(&self, authority: &str) -> Option<DuplexStream> {
        let host = self.state.hosts.of_domain(authority)?;
        Some(self.state.listeners.connect(host, &self.state))
    }

    /// `http://ADDRESS:PORT`, without a slash at the end: where the account was at the start. A later address is what
    /// [`Simulator::rename`] returned.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Where it listens since the start.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests to the API since the start or the last [`Simulator::clear_requests`], oldest first; at most the
    /// latest 100 000. Control requests are not among them.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.state.log().records()
    }

    /// How many requests came, whatever their path.
    pub fn count(&self) -> u64 {
        self.state.log().count()
    }

    /// How many requests came to this endpoint.
    pub fn count_of(&self, endpoint: Endpoint) -> u64 {
        self.state.log().count_of(endpoint)
    }

    /// Forgets the requests, and counts [`Simulator::most_in_a_second`] anew; the requests' numbers go on.
    pub fn clear_requests(&self) {
        self.state.clear_requests();
    }

    /// The most requests to the API (`/api/…`) that arrived in any sliding second since the start or the last
    /// [`Simulator::clear_requests`], whatever the limit; refused ones are among them.
    pub fn most_in_a_second(&self) -> usize {
        self.state.gate().most_in_a_second()
    }

    /// Whether the account is blocked for abuse of its limit ([`crate::RateLimit`]).
    pub fn blocked(&self) -> bool {
        self.state.gate().blocked()
    }

    /// Lifts the block, as amoCRM's support would.
    pub fn unblock(&self) {
        self.state.gate().unblock();
    }

    /// How many TCP connections were accepted since the start, so that a test can show keep-alive.
    pub fn connections(&self) -> u64 {
        self.state.listeners.connections()
    }

    /// How many of them are open now: a client that gave up on a hung answer must have closed its own.
    pub fn open_connections(&self) -> u64 {
        self.state.listeners.open_connections()
    }

    /// Replaces all fault rules, those of the account too; counts begin anew.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.state.faults().set(rules);
    }

    /// Adds a rule after the others.
    pub fn add_fault(&self, rule: impl Into<FaultRule>) {
        self.state.faults().add(rule.into());
    }

    /// The rules in force.
    pub fn faults(&self) -> Vec<FaultRule> {
        self.state.faults().rules()
    }

    /// Changes the account, for example a contact's manager, between two requests. Its `faults` are only read at the
    /// start: use [`Simulator::set_faults`].
    pub fn update<R>(&self, change: impl FnOnce(&mut Account) -> R) -> R {
        self.state.change(change)
    }

    /// Gives the account a new address, on a port of the system's choice, and returns its base URL. The old address stays
    /// open and answers as [`crate::Behaviour::renamed`] says. The subdomain's name in the account's data stays; only the address moves.
    ///
    /// # Errors
    /// Where the system gives no port.
    pub async fn rename(&self) -> anyhow::Result<String> {
        self.state.rename(None).await
    }

    /// Gives an account with a name ([`Options::domain`]) another one, such as `firm.amocrm.ru`, and returns its base URL. The old name answers as
    /// [`crate::Behaviour::renamed`] says; the subdomain in the account's data follows.
    ///
    /// # Errors
    /// Where the account has no name, or the new one is none.
    pub async fn rename_to(&self, domain: &str) -> anyhow::Result<String> {
        self.state.rename(Some(domain)).await
    }

    /// The authority that access tokens name as `api_domain`: it stays through every rename. `None` without OAuth.
    pub fn api_domain(&self) -> Option<&str> {
        self.state.hosts.api()
    }

    /// A code as a user's consent gives one, without the consent page; it lives 20 minutes.
    ///
    /// # Errors
    /// Without [`Options::oauth`].
    pub fn authorization_code(&self) -> anyhow::Result<String> {
        self.state.oauth.as_ref().context(WITHOUT_OAUTH)?;
        Ok(oauth::issue_code(&self.state))
    }

    /// How many requests for a refresh were carried out and refused since the start. One whose answer was lost is among them.
    pub fn refreshes(&self) -> Refreshes {
        self.state.grants().refreshes()
    }

    /// The account's administrator switches the integration off: every token is revoked, [`Options::token`] too. Returns the
    /// query of the hook that amoCRM then calls by GET (amoCRM facts §5.8): `account_id=…&client_uuid=…&signature=…`. A new consent
    /// switches it on again.
    ///
    /// # Errors
    /// Without [`Options::oauth`].
    pub fn uninstall(&self) -> anyhow::Result<String> {
        oauth::uninstall(&self.state)
    }

    /// A one-time token (amoCRM facts §4 B) with which the widget of this user says who it is; it lives 30 minutes.
    ///
    /// # Errors
    /// Without [`Options::oauth`].
    pub fn disposable_token(&self, user_id: u64) -> anyhow::Result<String> {
        oauth::disposable_token(&self.state, user_id)
    }

    /// The body, `application/x-www-form-urlencoded`, of the webhook `responsible_contact` (amoCRM facts §7.5) with which amoCRM
    /// tells that this contact has the manager that it has now.
    ///
    /// # Errors
    /// Where there is no such contact.
    pub fn responsible_changed_webhook(&self, contact_id: u64) -> anyhow::Result<String> {
        webhook::responsible_changed(&self.state, contact_id)
    }

    /// The same, `responsible_lead`, for a lead. It names no contact and no number.
    ///
    /// # Errors
    /// Where there is no such lead.
    pub fn lead_responsible_changed_webhook(&self, lead_id: u64) -> anyhow::Result<String> {
        webhook::lead_responsible_changed(&self.state, lead_id)
    }

    /// The body of the webhook with which amoCRM tells that an entity of `contacts`, `companies` or `leads` was deleted: it has its id alone.
    pub fn deleted_webhook(&self, collection: &str, id: u64) -> String {
        webhook::deleted(&self.state, collection, id)
    }

    /// Closes the listeners and every connection. [`Simulator::stopped`] says when that is done.
    pub fn stop(&self) {
        self.state.listeners.stop();
    }

    /// Returns when the simulator has stopped; for ever, where nobody stops it.
    pub async fn stopped(&self) {
        self.state.listeners.stopped().await;
    }
}

/// The options with an account that holds together, and all faults.
/// How every connection answers.
fn serve(state: Arc<State>, host: Host, request: Request<Incoming>) -> Answering {
    Box::pin(service::serve(state, host, request))
}

fn checked(mut options: Options) -> anyhow::Result<Options> {
    let mut account = options.account.prepared()?;
    if let Some(domain) = &options.domain {
        hosts::check_name(domain).context("domain")?;
        account.account.subdomain = hosts::subdomain(domain);
    }
    options.faults.extend(account.faults.iter().cloned());
    for rule in &options.faults {
        rule.check().map_err(|message| anyhow!("fault {rule}: {message}"))?;
    }
    Ok(Options { account, ..options })
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}
