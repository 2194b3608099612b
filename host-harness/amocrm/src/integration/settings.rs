//! What an integration is made of, as a configuration has it.

use std::iter;
use std::path::PathBuf;
use std::sync::Arc;

use crate::access::account::API;
use crate::access::{HostWeb, Hosts, Keeper, Ledger, LongLived, OAuth, OAuthSettings};
use crate::limits::{AmocrmPolicy, REQUESTS_PER_SECOND};
use crate::widget_token::ClientKeys;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::directory::Employee;
use runtime::capabilities::http::{
    AccessTokens, AccountRequest, AccountRequests, BaseUrl, CircuitSettings, HttpSetupError, Origin, OutboundHttp,
    OutboundHttpConfig, PrivateAddresses, Proxy, RequestTimeouts,
};
use runtime::configuration::WrittenConfiguration;
use runtime::secret::Secret;
use runtime::store::KeyValueStore;

/// The most bytes of one answer's body that reach an operation. More than it reads, so that its own bound is the one that is met.
const MAX_RESPONSE_BYTES: u64 = 8 * 1024 * 1024;

/// What an integration is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationSettings {
    /// The stable identifier.
    pub id: String,
    /// The account, and how it is reached.
    pub access: Access,
    /// Whether the integration is on (rule O6).
    pub enabled: bool,
    /// The values that operations read, as written.
    pub configuration: WrittenConfiguration,
    /// The time zone of its people, by its name in the IANA database; none where it is not known.
    pub time_zone: Option<String>,
    /// Other servers that operations may reach.
    pub granted: Vec<Origin>,
    /// What operations may ask the account besides reading below `/api/v4/`.
    pub account_requests: Vec<AccountRequest>,
    /// Whether servers may be in this machine or network.
    pub private_addresses: PrivateAddresses,
    /// Certificate authorities to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Through which proxy servers are reached, if any.
    pub proxy: Proxy,
    /// Whether the bounds count that an operation chooses for its requests.
    pub request_timeouts: RequestTimeouts,
    /// How many requests to the account may begin in any second.
    pub requests_per_second: u16,
    /// How long nothing is sent after amoCRM refused.
    pub circuit: CircuitSettings,
    /// The last part of the address at which amoCRM reports changes of managers; absent where kept managers stay for their six hours.
    pub webhook_key: Option<Secret>,
    /// Whether administrators of the account may change settings from amoCRM, through the widget.
    pub widget_changes: WidgetChanges,
    /// By which operations hash callers' numbers in stored keys (rule D12): configured, or made by this host. Without one they
    /// hash without a key.
    pub cache_key_secret: Option<Secret>,
    /// Employees by amoCRM user.
    pub employees: Vec<(u64, Employee)>,
    /// The command that connects it, for people who are told to run it.
    pub connect: String,
}

impl IntegrationSettings {
    /// One that is as a configuration leaves it which says nothing more.
    pub fn new(id: impl Into<String>, access: Access, employees: Vec<(u64, Employee)>) -> Self {
        let id = id.into();
        Self {
            connect: format!("host-harness connect --integration {id}"),
            id,
            access,
            enabled: true,
            configuration: WrittenConfiguration::default(),
            time_zone: None,
            granted: Vec::new(),
            account_requests: Vec::new(),
            private_addresses: PrivateAddresses::Refused,
            ca_file: None,
            proxy: Proxy::default(),
            request_timeouts: RequestTimeouts::Honoured,
            requests_per_second: REQUESTS_PER_SECOND,
            circuit: CircuitSettings::default(),
            webhook_key: None,
            widget_changes: WidgetChanges::Refused,
            cache_key_secret: None,
            employees,
        }
    }
}

/// Whether settings may be changed from amoCRM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WidgetChanges {
    /// By nobody.
    #[default]
    Refused,
    /// By administrators of the account.
    Granted,
}

/// What the hooks of one integration prove themselves by. Without a key there is no such hook.
#[derive(Clone, Debug, Default)]
pub struct WebhookKeys {
    /// What amoCRM signs the widget's one-time tokens with.
    pub client: Option<ClientKeys>,
    /// The last part of the webhook's address.
    pub webhook: Option<Secret>,
}

/// How an integration gets at its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// With a token that never changes.
    LongLived(LongLived),
    /// With what a user consented to, which a keeper renews.
    OAuth(OAuthSettings),
    /// There is no account: its operations ask amoCRM nothing.
    NoAccount,
}

impl IntegrationSettings {
    /// Whether the account is reached in the same way: what is left may change without anything being connected anew.
    pub(super) fn is_reached_like(&self, other: &Self) -> bool {
        let Self {
            id,
            access,
            enabled: _,
            configuration: _,
            time_zone: _,
            granted,
            account_requests,
            private_addresses,
            ca_file,
            proxy,
            request_timeouts,
            requests_per_second,
            circuit,
            webhook_key: _,
            widget_changes: _,
            cache_key_secret: _,
            employees: _,
            connect: _,
        } = self;
        *id == other.id
            && *access == other.access
            && *granted == other.granted
            && *account_requests == other.account_requests
            && *private_addresses == other.private_addresses
            && *ca_file == other.ca_file
            && *proxy == other.proxy
            && *request_timeouts == other.request_timeouts
            && *requests_per_second == other.requests_per_second
            && *circuit == other.circuit
    }

    /// What the integration's hooks prove themselves by.
    pub fn hook_keys(&self) -> WebhookKeys {
        let client = match &self.access {
            Access::LongLived(_) | Access::NoAccount => None,
            Access::OAuth(oauth) => {
                Some(ClientKeys { id: oauth.client_id.clone(), secret: oauth.client_secret.clone() })
            }
        };
        WebhookKeys { client, webhook: self.webhook_key.clone() }
    }

    /// The keeper of the integration's tokens, with connections of its own; none where the token never changes.
    pub fn keeper(&self, records: Arc<dyn KeyValueStore>, clock: Clock) -> Result<Option<Keeper>, HttpSetupError> {
        match &self.access {
            Access::LongLived(_) | Access::NoAccount => Ok(None),
            Access::OAuth(oauth) => self.keeper_of(oauth, records, clock, &OutboundHttp::new).map(Some),
        }
    }

    pub(super) fn keeper_of(
        &self,
        oauth: &OAuthSettings,
        records: Arc<dyn KeyValueStore>,
        clock: Clock,
        http: &super::Outbound<'_>,
    ) -> Result<Keeper, HttpSetupError> {
        let mut hosts = self.granted.clone();
        hosts.extend(oauth.account.as_ref().map(|account| account.origin().clone()));
        let web = HostWeb::new(http(self.outbound(None, &clock))?);
        let ledger = Ledger::new(records, &self.id, &oauth.client_id);
        let oauth = OAuth::new(oauth.clone(), Hosts::new(hosts), Arc::new(web), clock.clone());
        Ok(Keeper::new(oauth, ledger, clock))
    }

    /// Under which name its requests are counted where nodes count them together: amoCRM's bound is on an integration in an account.
    pub(super) fn budget(&self) -> String {
        match &self.access {
            Access::LongLived(access) => access.namespace.clone(),
            Access::OAuth(oauth) => format!("{}@{}", self.id, oauth.client_id),
            Access::NoAccount => self.id.clone(),
        }
    }

    /// Below which path the account is.
    fn path_prefix(&self) -> &str {
        match &self.access {
            Access::LongLived(access) => access.account.path_prefix(),
            Access::OAuth(oauth) => oauth.account.as_ref().map_or("", BaseUrl::path_prefix),
            Access::NoAccount => "",
        }
    }

    pub(super) fn outbound(&self, access: Option<Arc<dyn AccessTokens>>, clock: &Clock) -> OutboundHttpConfig {
        OutboundHttpConfig {
            granted: self.granted.clone(),
            private_addresses: self.private_addresses,
            ca_file: self.ca_file.clone(),
            proxy: self.proxy.clone(),
            access,
            account_requests: AccountRequests::only(
                iter::once(AccountRequest::get(&format!("{}{API}", self.path_prefix())))
                    .chain(self.account_requests.iter().cloned()),
            ),
            user_agent: concat!("host-harness/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_response_bytes: MAX_RESPONSE_BYTES,
            request_timeouts: self.request_timeouts,
            policy: Arc::new(AmocrmPolicy),
            requests_per_second: self.requests_per_second,
            shared_budget: None,
            circuit: self.circuit,
            watcher: None,
            clock: clock.clone(),
        }
    }
}
