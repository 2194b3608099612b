//! One integration at run time: a connection of the PBX, usually to an amoCRM account, with everything that its operations may reach.
//!
//! An integration without an account is for operations that ask amoCRM nothing. What operations read of its configuration is judged by their own
//! descriptions ([`Integration::configuration`]).
//!
//! Each integration has its own HTTP client and access, its own configuration, employees and part of the store; nothing is shared
//! between two of them. Where the access changes (a token is refreshed, the account renamed, the integration switched off), the next call
//! sees it.

mod configuration;

use std::iter;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::access::{HostWeb, Hosts, Keeper, Ledger, LongLived, OAuth, OAuthSettings, Standing};
use crate::limits::{AmocrmPolicy, REQUESTS_PER_SECOND};
use crate::presence::{FedDirectory, PresenceBook, PresenceFeed};
use crate::widget_token::ClientKeys;
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::config::Configuration;
use runtime::capabilities::directory::{CallDirectory, Directory, Employee, Employees};
use runtime::capabilities::http::{
    AccessToken, AccessTokens, AccountRequest, AccountRequests, BaseUrl, CircuitSettings, Dial, HttpSetupError, Origin,
    OutboundHttp, OutboundHttpConfig, PrivateAddresses, Proxy, RequestTimeouts, budget_bounds,
};
use runtime::capabilities::key_value::KeyValue;
use runtime::configuration::{ReadConfiguration, WrittenConfiguration};
use runtime::engine::World;
use runtime::journal::{Journal, Script};
use runtime::presented::Locale;
use runtime::secret::Secret;
use runtime::store::{KeyValueStore, Stores};

pub use runtime::host::BUCKET;

use configuration::{BASE_URL, ENABLED, KV_BUCKET};
pub use configuration::{CONSIDER_MANAGER_STATUS, DEFAULT_COUNTRY_CODE, MANAGER_STATUS_REUSE, Misconfigured};

/// The most bytes of one answer's body that reach an operation. More than it reads, so that its own bound is the one that is met.
const MAX_RESPONSE_BYTES: u64 = 8 * 1024 * 1024;

/// Below which path operations may read with the account's token (amoCRM facts §1). All else is an administrator's to grant: the token may write.
pub const API: &str = "/api/v4/";

/// What an integration is made of.
#[derive(Clone, Debug)]
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
    /// What operations may ask the account besides reading below [`API`].
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
    /// By which operations hash callers' numbers in stored keys (rule D12): configured, or made by this host. Without one they
    /// hash without a key.
    pub cache_key_secret: Option<Secret>,
    /// Employees by amoCRM user.
    pub employees: Vec<(u64, Employee)>,
}

impl IntegrationSettings {
    /// One that is as a configuration leaves it which says nothing more.
    pub fn new(id: impl Into<String>, access: Access, employees: Vec<(u64, Employee)>) -> Self {
        Self {
            id: id.into(),
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
            cache_key_secret: None,
            employees,
        }
    }
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
#[derive(Clone, Debug)]
pub enum Access {
    /// With a token that never changes.
    LongLived(LongLived),
    /// With what a user consented to, which a keeper renews.
    OAuth(OAuthSettings),
    /// There is no account: its operations ask amoCRM nothing.
    NoAccount,
}

/// An integration, ready for calls.
#[derive(Clone)]
pub struct Integration {
    id: String,
    http: OutboundHttp,
    stores: Stores,
    /// Whether other nodes may use the store.
    is_shared: bool,
    account: AccountSource,
    enabled: bool,
    requests_per_second: u16,
    configuration: WrittenConfiguration,
    locale: Locale,
    cache_key_secret: Option<Secret>,
    employees: Employees,
    /// Asked in place of the employees, where the PBX answers itself.
    directory: Option<Arc<dyn Directory>>,
}

/// Where a keeper refreshes whose time is its own: there is nobody to spread the refreshes for.
const NO_SPREAD: i64 = 500;

/// How requests are set up.
type Outbound<'a> = dyn Fn(OutboundHttpConfig) -> Result<OutboundHttp, HttpSetupError> + 'a;

/// How a keeper is set up over a store.
type KeeperOf<'a> = dyn Fn(&OAuthSettings, Arc<dyn KeyValueStore>) -> Result<Keeper, HttpSetupError> + 'a;

/// Where the account and its state are known from.
#[derive(Clone)]
enum AccountSource {
    Fixed(LongLived),
    Kept(Arc<Keeper>),
    None,
}

impl Integration {
    /// Sets an integration up. Nothing is connected before the first call; a [`keeper`](Self::keeper) has not looked at its record yet.
    pub fn new(settings: IntegrationSettings, stores: Stores) -> Result<Self, HttpSetupError> {
        Self::with_clock(settings, stores, Clock::system())
    }

    /// The same, the ages of tokens being told by another clock.
    pub fn with_clock(settings: IntegrationSettings, stores: Stores, clock: Clock) -> Result<Self, HttpSetupError> {
        let keeper_of =
            |oauth: &OAuthSettings, records| settings.keeper_of(oauth, records, clock.clone(), &OutboundHttp::new);
        Self::over(&settings, stores, &clock, &keeper_of, &OutboundHttp::new)
    }

    /// The same with servers that are in this process, and nothing left to chance.
    pub fn in_process(
        settings: IntegrationSettings,
        stores: Stores,
        clock: Clock,
        dial: &Arc<dyn Dial>,
    ) -> Result<Self, HttpSetupError> {
        let http = |config| OutboundHttp::in_process(config, Arc::clone(dial));
        let keeper_of = |oauth: &OAuthSettings, records| {
            Ok(settings.keeper_of(oauth, records, clock.clone(), &http)?.at_place(NO_SPREAD))
        };
        Self::over(&settings, stores, &clock, &keeper_of, &http)
    }

    fn over(
        settings: &IntegrationSettings,
        stores: Stores,
        clock: &Clock,
        keeper_of: &KeeperOf<'_>,
        http: &Outbound<'_>,
    ) -> Result<Self, HttpSetupError> {
        let (account, access): (_, Option<Arc<dyn AccessTokens>>) = match &settings.access {
            Access::LongLived(access) => {
                let token = AccessToken::new(access.account.origin().clone(), &access.token)?;
                (AccountSource::Fixed(access.clone()), Some(Arc::new(token)))
            }
            Access::OAuth(oauth) => {
                let keeper = Arc::new(keeper_of(oauth, Arc::clone(&stores.records))?);
                (AccountSource::Kept(Arc::clone(&keeper)), Some(keeper))
            }
            Access::NoAccount => (AccountSource::None, None),
        };
        let config = OutboundHttpConfig {
            shared_budget: stores
                .records
                .shared_window(&settings.budget(), budget_bounds(settings.requests_per_second)),
            ..settings.outbound(access, clock)
        };
        let is_shared = config.shared_budget.is_some();
        Ok(Self {
            id: settings.id.clone(),
            is_shared,
            http: http(config)?,
            stores,
            account,
            enabled: settings.enabled,
            requests_per_second: settings.requests_per_second,
            configuration: settings.configuration.clone(),
            locale: settings.locale(),
            cache_key_secret: settings.cache_key_secret.clone(),
            employees: Employees::new(settings.employees.clone()),
            directory: None,
        })
    }

    /// The same with a directory of the PBX's own in place of the configured employees: it tells presence itself.
    #[must_use]
    pub fn with_directory(self, directory: Arc<dyn Directory>) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// Who keeps the integration's tokens, where there is something to keep.
    pub fn keeper(&self) -> Option<&Arc<Keeper>> {
        match &self.account {
            AccountSource::Fixed(_) | AccountSource::None => None,
            AccountSource::Kept(keeper) => Some(keeper),
        }
    }

    /// The integration's way to its account.
    pub fn http(&self) -> &OutboundHttp {
        &self.http
    }

    /// Whose calls these are, as operations are told.
    pub const fn locale(&self) -> &Locale {
        &self.locale
    }

    /// Whether it is switched on in the configuration.
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// How many requests to the account may begin in any second.
    pub const fn requests_per_second(&self) -> u16 {
        self.requests_per_second
    }

    /// How its access stands, as last looked at; none where there is no account.
    pub fn standing(&self, id: &str, now: Timestamp) -> Option<Standing> {
        match &self.account {
            AccountSource::Fixed(access) => Some(Standing::of_long_lived(id, access, now)),
            AccountSource::Kept(keeper) => {
                let connect = format!("host-harness connect --integration {id}");
                Some(Standing::of_kept(id, keeper, Ok(()), &connect))
            }
            AccountSource::None => None,
        }
    }

    /// Where the account is now; none where there is none, or it was never connected.
    pub fn account(&self) -> Option<BaseUrl> {
        match &self.account {
            AccountSource::Fixed(access) => Some(access.account.clone()),
            AccountSource::Kept(keeper) => keeper.account(),
            AccountSource::None => None,
        }
    }

    /// Who was seen at work in the account; none where there is none, or it was never connected.
    pub fn presence(&self) -> Option<PresenceBook> {
        if matches!(self.account, AccountSource::None) {
            return None;
        }
        Some(PresenceBook::new(Arc::clone(&self.stores.records), self.namespace()?))
    }

    /// Where reports of presence go; none where there is no account, or it was never connected.
    pub fn presence_feed(&self) -> Option<PresenceFeed> {
        let account = self.account()?.origin().clone();
        Some(PresenceFeed::new(account, Arc::clone(&self.stores.records), &self.namespace()?))
    }

    /// The name under which the operations' values are kept; none for an account that was never connected.
    fn namespace(&self) -> Option<String> {
        match &self.account {
            AccountSource::Fixed(access) => Some(access.namespace.clone()),
            AccountSource::Kept(keeper) => keeper.namespace(),
            AccountSource::None => Some(self.id.clone()),
        }
    }

    /// Whether its calls are resolved: it is enabled, and its access has not ended (rule O6).
    pub fn is_on(&self) -> bool {
        self.enabled && self.keeper().is_none_or(|keeper| keeper.is_on())
    }

    /// What one call of an operation that reads this configuration is granted.
    pub fn world(&self, clock: Clock, configuration: &ReadConfiguration) -> World {
        let is_on = self.is_on();
        let employees = self.employees.clone();
        // Presence is looked up only where it counts.
        let presence = self.presence().filter(|_| configuration::considers_manager_status(&self.configuration));
        let directory: Arc<dyn Directory> = match (&self.directory, presence) {
            (Some(directory), _) => Arc::clone(directory),
            (None, Some(presence)) => Arc::new(FedDirectory { employees, presence }),
            (None, None) => Arc::new(employees),
        };
        let mut provided = vec![(ENABLED, is_on.to_string()), (KV_BUCKET, BUCKET.to_owned())];
        provided.extend(self.account().map(|address| (BASE_URL, address.to_string())));
        let provided = provided.into_iter().map(|(key, value)| (key.to_owned(), value));
        let read = configuration.values().iter().map(|(key, value)| (key.clone(), value.clone()));
        World {
            directory: CallDirectory::new(directory, clock.clone()),
            clock,
            http: self.http.clone(),
            // Calls of an account that was never connected get no further than that the integration is off.
            key_value: KeyValue::new(Arc::clone(&self.stores.cache), self.namespace().unwrap_or_default(), BUCKET),
            configuration: read.chain(provided).collect::<Configuration>(),
            journal: Journal::default(),
            script: Script::default(),
        }
    }
}

impl IntegrationSettings {
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

    fn keeper_of(
        &self,
        oauth: &OAuthSettings,
        records: Arc<dyn KeyValueStore>,
        clock: Clock,
        http: &Outbound<'_>,
    ) -> Result<Keeper, HttpSetupError> {
        let mut hosts = self.granted.clone();
        hosts.extend(oauth.account.as_ref().map(|account| account.origin().clone()));
        let web = HostWeb::new(http(self.outbound(None, &clock))?);
        let ledger = Ledger::new(records, &self.id, &oauth.client_id);
        let oauth = OAuth::new(oauth.clone(), Hosts::new(hosts), Arc::new(web), clock.clone());
        Ok(Keeper::new(oauth, ledger, clock))
    }

    /// Under which name its requests are counted where nodes count them together: amoCRM's bound is on an integration in an account.
    fn budget(&self) -> String {
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

    fn outbound(&self, access: Option<Arc<dyn AccessTokens>>, clock: &Clock) -> OutboundHttpConfig {
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
            clock: clock.clone(),
        }
    }
}
