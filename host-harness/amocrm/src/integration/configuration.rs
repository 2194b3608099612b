//! What operations read of an integration's configuration: each value judged by the operation's own description, so that any operation may have
//! keys of its own. The keys named here are those that this host provides, and those of the account that it reads for its own commands.

use std::collections::BTreeSet;

use call::numbers::CountryCode;
use call::{Bilingual, Localized};

use super::{AccountSource, Integration, IntegrationSettings};
use runtime::bindings::exports::telephony::operation::operation::{Description, SettingDescription};
use runtime::capabilities::config::CACHE_KEY_SECRET;
use runtime::configuration::{ConfigurationError, ReadConfiguration, WrittenConfiguration};
use runtime::presented::Locale;

/// «Учитывать статус персонального менеджера» (rule O7): a configuration key, which says here whether presence is looked up at all.
pub const CONSIDER_MANAGER_STATUS: &str = "consider_manager_status";
/// For how many seconds a status that amoCRM's events gave is used again: a configuration key.
pub const MANAGER_STATUS_REUSE: &str = "manager_status_reuse_seconds";
/// The calling code of numbers written without one: a configuration key, by which an audit reads numbers too.
pub const DEFAULT_COUNTRY_CODE: &str = "default_country_code";

/// The keys that `[[integration]]` has of its own. They say something of the account, so they may stand where no operation reads them.
const OF_THE_ACCOUNT: [&str; 3] = [CONSIDER_MANAGER_STATUS, MANAGER_STATUS_REUSE, DEFAULT_COUNTRY_CODE];

pub(super) const ENABLED: &str = "enabled";
pub(super) const BASE_URL: &str = "amocrm_base_url";
pub(super) const KV_BUCKET: &str = "kv_bucket";

/// The keys that this host answers itself, and where their values come from, in Russian and English.
const PROVIDED: [(&str, &str, &str); 5] = [
    (ENABLED, "напишите `enabled` в [[integration]]", "write `enabled` in [[integration]]"),
    (
        BASE_URL,
        "это адрес аккаунта интеграции; напишите `account` и `token` или ключи OAuth в [[integration]]",
        "it is the address of the integration's account; write `account` and `token`, or the keys of OAuth, in [[integration]]",
    ),
    (
        KV_BUCKET,
        "у операции здесь одно хранилище, и его имя задаёт программа",
        "an operation has one bucket here, and the host names it",
    ),
    (
        "amocrm_access_token",
        "программа добавляет ключ доступа в запросы сама; напишите `token` или ключи OAuth в [[integration]]",
        "the host adds the token to requests itself; write `token`, or the keys of OAuth, in [[integration]]",
    ),
    (CACHE_KEY_SECRET, "напишите `cache_key_secret` в [[integration]]", "write `cache_key_secret` in [[integration]]"),
];

/// Why an operation cannot be placed on an integration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[[integration]] `{integration}`: {error}")]
pub struct Misconfigured {
    /// The integration's identifier.
    pub integration: String,
    /// What is wrong with its configuration.
    pub error: ConfigurationError,
}

impl Bilingual for Misconfigured {
    fn ru(&self) -> String {
        format!("[[integration]] `{}`: {}", self.integration, self.error.ru())
    }
}

impl Integration {
    /// What an operation reads of the configuration, judged by its description: each value by its kind and bounds, and that none is missing.
    pub fn configuration(&self, description: &Description) -> Result<ReadConfiguration, Misconfigured> {
        let (read, errors) = self.judge_configuration(description);
        errors.into_iter().next().map_or(Ok(read), Err)
    }

    /// The same, and on past what is wrong: what the operation would accept, and every error.
    pub fn judge_configuration(&self, description: &Description) -> (ReadConfiguration, Vec<Misconfigured>) {
        let provided_here = self.settings.configuration.keys().filter_map(|key| {
            let instead = provided(key)?;
            Some(ConfigurationError::Provided { key: key.to_owned(), instead })
        });
        let mut errors: Vec<_> = provided_here.collect();
        let mut written = self.settings.configuration.clone();
        if let Some(secret) = &self.settings.cache_key_secret {
            written.set_secret(CACHE_KEY_SECRET, secret.clone());
        }
        let (read, wrong) = written.judge(description);
        errors.extend(wrong);
        let missing = |key: &str| written.keys().all(|written| written != key) && !self.answers(key);
        let needs =
            |key: &str| key == CACHE_KEY_SECRET && self.is_shared && matches!(self.account, AccountSource::None);
        let needed = |described: &&SettingDescription| described.required || needs(&described.key);
        for described in description.configuration.iter().filter(needed).filter(|described| missing(&described.key)) {
            errors.push(ConfigurationError::Missing {
                key: described.key.clone(),
                title: Box::new(Localized::new(&described.title.ru, &described.title.en)),
                fix: provided(&described.key).unwrap_or_else(|| {
                    Localized::new(
                        "напишите его в [integration.configuration]",
                        "write it in [integration.configuration]",
                    )
                }),
            });
        }
        (read, errors.into_iter().map(|error| self.misconfigured(error)).collect())
    }

    /// Fails for a key that none of the operations placed on this integration reads: a misspelt one would silently change nothing.
    pub fn refuse_unread_keys<'a>(
        &self,
        placed: impl IntoIterator<Item = &'a Description>,
    ) -> Result<(), Misconfigured> {
        self.unread_keys(placed).into_iter().next().map_or(Ok(()), Err)
    }

    /// Every key that none of these operations reads.
    pub fn unread_keys<'a>(&self, placed: impl IntoIterator<Item = &'a Description>) -> Vec<Misconfigured> {
        let described = placed.into_iter().flat_map(|description| &description.configuration);
        let known: BTreeSet<&str> = described.map(|described| described.key.as_str()).collect();
        // Those that this host provides are refused where an operation is placed.
        let is_read = |key: &str| known.contains(key) || OF_THE_ACCOUNT.contains(&key) || provided(key).is_some();
        let unread = self.settings.configuration.keys().filter(|key| !is_read(key)).map(|key| {
            self.misconfigured(ConfigurationError::Unknown {
                key: key.to_owned(),
                known: known.iter().filter(|key| provided(key).is_none()).map(|key| format!("`{key}`")).collect(),
            })
        });
        unread.collect()
    }

    /// Whether this host has a value for a key of its own, now or once the account is connected.
    fn answers(&self, key: &str) -> bool {
        match key {
            ENABLED | KV_BUCKET => true,
            // While the integration is off no operation comes to ask for it (rule O6).
            BASE_URL => !self.settings.enabled || !matches!(self.account, AccountSource::None),
            _ => false,
        }
    }

    fn misconfigured(&self, error: ConfigurationError) -> Misconfigured {
        Misconfigured { integration: self.settings.id.clone(), error }
    }
}

impl IntegrationSettings {
    /// Whether the status of managers is considered (rule O7).
    pub fn considers_manager_status(&self) -> bool {
        considers_manager_status(&self.configuration)
    }

    /// Whose calls these are, as operations are told. A calling code that is none is refused where an operation reads it.
    pub(super) fn locale(&self) -> Locale {
        let country = self.default_country().unwrap_or(CountryCode::DEFAULT);
        Locale { country, time_zone: self.time_zone.clone() }
    }

    /// The calling code of numbers written without one.
    pub fn default_country(&self) -> Result<CountryCode, Misconfigured> {
        let Some(written) = self.configuration.get(DEFAULT_COUNTRY_CODE) else { return Ok(CountryCode::DEFAULT) };
        written.parse().ok().and_then(CountryCode::new).ok_or_else(|| Misconfigured {
            integration: self.id.clone(),
            error: ConfigurationError::Value {
                key: DEFAULT_COUNTRY_CODE.to_owned(),
                value: written.to_owned(),
                fix: Localized::new(
                    "укажите код страны от 1 до 999, например 7",
                    "set a calling code from 1 to 999, for example 7",
                ),
            },
        })
    }
}

/// Where the value of a key comes from that this host answers itself.
fn provided(key: &str) -> Option<Localized> {
    PROVIDED.iter().find(|(provided, ..)| *provided == key).map(|(_, ru, en)| Localized::new(*ru, *en))
}

pub(super) fn considers_manager_status(configuration: &WrittenConfiguration) -> bool {
    configuration.get(CONSIDER_MANAGER_STATUS) == Some("true")
}
