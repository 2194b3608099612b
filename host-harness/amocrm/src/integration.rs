//! One integration at run time: a connection of the PBX, usually to an amoCRM account, with everything that its operations may reach.
//!
//! An integration without an account is for operations that ask amoCRM nothing. What operations read of its configuration is judged by their own
//! descriptions ([`Integration::configuration`]).
//!
//! Each integration has its own HTTP client and access, its own configuration, employees and part of the store; nothing is shared
//! between two of them. Where the access changes (a token is refreshed, the account renamed, the integration switched off), the next call
//! sees it.

mod configuration;
mod settings;

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;

use crate::access::standing::State;
use crate::access::{Health, Keeper, LongLived, OAuthSettings, Standing, long_lived};
use crate::presence::{FedDirectory, PresenceBook, PresenceFeed};
use runtime::capabilities::clocks::Clock;
use runtime::capabilities::config::Configuration;
use runtime::capabilities::directory::{CallDirectory, Directory, Employees};
use runtime::capabilities::http::{
    AccessToken, AccessTokens, AccountWatcher, BaseUrl, Dial, HttpSetupError, OutboundHttp, OutboundHttpConfig,
    budget_bounds,
};
use runtime::capabilities::key_value::KeyValue;
use runtime::configuration::ReadConfiguration;
use runtime::engine::World;
use runtime::journal::{Journal, Script};
use runtime::presented::{Locale, international};
use runtime::store::{KeyValueStore, Stores};
use sha2::Sha256;

pub use runtime::host::BUCKET;

use configuration::{BASE_URL, ENABLED, KV_BUCKET};
pub use configuration::{CONSIDER_MANAGER_STATUS, DEFAULT_COUNTRY_CODE, MANAGER_STATUS_REUSE, Misconfigured};
pub use settings::{Access, IntegrationSettings, WebhookKeys, WidgetChanges};

/// An integration, ready for calls.
#[derive(Clone)]
pub struct Integration {
    settings: Arc<IntegrationSettings>,
    http: OutboundHttp,
    stores: Stores,
    /// Whether other nodes may use the store.
    is_shared: bool,
    account: AccountSource,
    health: Arc<Health>,
    locale: Locale,
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
        Self::over(settings.clone(), stores, &clock, &keeper_of, &OutboundHttp::new)
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
        Self::over(settings.clone(), stores, &clock, &keeper_of, &http)
    }

    fn over(
        settings: IntegrationSettings,
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
        let renewal = matches!(settings.access, Access::LongLived(_)).then(long_lived::renewal);
        let health = Arc::new(Health::new(&settings.id, renewal, clock.clone()));
        let config = OutboundHttpConfig {
            watcher: Some(Arc::clone(&health) as Arc<dyn AccountWatcher>),
            shared_budget: stores
                .records
                .shared_window(&settings.budget(), budget_bounds(settings.requests_per_second)),
            ..settings.outbound(access, clock)
        };
        let is_shared = config.shared_budget.is_some();
        Ok(Self {
            is_shared,
            http: http(config)?,
            stores,
            account,
            health,
            locale: settings.locale(),
            employees: Employees::new(settings.employees.clone()),
            directory: None,
            settings: Arc::new(settings),
        })
    }

    /// The same integration with other settings. Where they reach the account in the same way, its connections, its circuit, its budget and the
    /// keeper of its tokens are taken over; where they are the same altogether, it is the very same one.
    pub fn with_settings(
        self: &Arc<Self>,
        settings: IntegrationSettings,
        clock: Clock,
    ) -> Result<Arc<Self>, HttpSetupError> {
        if *self.settings == settings {
            return Ok(Arc::clone(self));
        }
        let directory = self.directory.clone();
        if !self.settings.is_reached_like(&settings) {
            let integration = Self::with_clock(settings, self.stores.clone(), clock)?;
            return Ok(Arc::new(Self { directory, ..integration }));
        }
        Ok(Arc::new(Self {
            http: self.http.clone(),
            stores: self.stores.clone(),
            is_shared: self.is_shared,
            account: self.account.clone(),
            health: Arc::clone(&self.health),
            locale: settings.locale(),
            employees: Employees::new(settings.employees.clone()),
            directory,
            settings: Arc::new(settings),
        }))
    }

    /// How it is set up.
    pub fn settings(&self) -> &IntegrationSettings {
        &self.settings
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
    pub fn is_enabled(&self) -> bool {
        self.settings.enabled
    }

    /// How many requests to the account may begin in any second.
    pub fn requests_per_second(&self) -> u16 {
        self.settings.requests_per_second
    }

    /// How its access stands, as last looked at; none where there is no account.
    pub fn standing(&self, id: &str, now: Timestamp) -> Option<Standing> {
        let standing = match &self.account {
            AccountSource::Fixed(access) => Standing::of_long_lived(id, access, now),
            AccountSource::Kept(keeper) => Standing::of_kept(id, keeper, Ok(()), &self.settings.connect),
            AccountSource::None => return None,
        };
        Some(standing.observed(&self.health))
    }

    /// Whether amoCRM refuses it, or has ended its access, so that a person is needed.
    pub fn is_refused(&self, now: Timestamp) -> bool {
        let standing = self.standing(&self.settings.id, now);
        standing.is_some_and(|standing| matches!(standing.state, State::Refused | State::Off))
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
            AccountSource::None => Some(self.settings.id.clone()),
        }
    }

    /// Whether its calls are resolved: it is enabled, and its access has not ended (rule O6).
    pub fn is_on(&self) -> bool {
        self.settings.enabled && self.keeper().is_none_or(|keeper| keeper.is_on())
    }

    /// A caller as it is looked up who talked to it last: a hash of the number with the secret of [`IntegrationSettings::cache_key_secret`] (rules D12,
    /// E5). None without a secret, and where the number can be read in more than one way.
    pub fn caller_key(&self, caller: &str) -> Option<String> {
        let secret = self.settings.cache_key_secret.as_ref()?;
        let number = international(caller, self.locale.country)?;
        let mut hash = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
        for part in ["telephony:talks", self.settings.id.as_str(), number.as_str()] {
            hash.update(part.as_bytes());
            hash.update(b"\0");
        }
        let hash = hash.finalize().into_bytes();
        Some(base16ct::lower::encode_string(hash.get(..16)?))
    }

    /// The amoCRM user who an employee is; none where there is no such employee, or the PBX answers itself.
    pub fn crm_user_of(&self, employee_id: &str) -> Option<u64> {
        self.employees.crm_user_of(employee_id)
    }

    /// What one call of an operation that reads this configuration is granted.
    pub fn world(&self, clock: Clock, configuration: &ReadConfiguration) -> World {
        let is_on = self.is_on();
        let employees = self.employees.clone();
        // Presence is looked up only where it counts.
        let presence =
            self.presence().filter(|_| configuration::considers_manager_status(&self.settings.configuration));
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
