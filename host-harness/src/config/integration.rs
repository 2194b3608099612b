//! `[[integration]]`: an amoCRM account, its employees, and the configuration that operations read. Where no access is named there is no account, for
//! operations that need none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer};
use url::Url;

use super::{account, proxy};
use crate::cache_key;
use amocrm::access::{LongLived, OAuthSettings, Platform};
use amocrm::employees::{self, EmployeeEntry};
use amocrm::integration::{
    Access, CONSIDER_MANAGER_STATUS, DEFAULT_COUNTRY_CODE, IntegrationSettings, MANAGER_STATUS_REUSE, WidgetChanges,
};
use amocrm::limits::REQUESTS_PER_SECOND;
use call::masking::unless_secret;
use call::{Bilingual, Localized, localized};
use runtime::capabilities::http::{
    AccountRequest, CircuitSettings, Origin, OriginError, PrivateAddresses, RequestTimeouts,
};
use runtime::configuration::WrittenConfiguration;
use runtime::secret::{ReloadableSecret, Secret, SecretSource, unwrapped};
use runtime::toml_file;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntegrationEntry {
    #[serde(default = "super::main")]
    pub(super) id: String,
    /// Any base URL; with OAuth it is learned when a user connects. Without an access there is none.
    account: Option<String>,
    /// A long-lived token: `env:NAME` or `file:PATH`, never inline.
    token: Option<SecretSource>,
    /// OAuth, instead of `token`: the three that amoCRM shows of an integration. The secret is `env:NAME` or `file:PATH`, never inline.
    client_id: Option<String>,
    client_secret: Option<SecretSource>,
    redirect_uri: Option<String>,
    platform: Option<Platform>,
    #[serde(default = "yes")]
    enabled: bool,
    /// What operations read, by their own keys.
    #[serde(default, deserialize_with = "toml_file::texts")]
    configuration: BTreeMap<String, String>,
    /// Three of those keys may be written here too.
    consider_manager_status: Option<bool>,
    manager_status_reuse: Option<String>,
    default_country_code: Option<i64>,
    /// By its name in the IANA database.
    time_zone: Option<String>,
    #[serde(default)]
    granted: Vec<String>,
    /// A method and the beginning of a path each: `POST /api/v4/leads`.
    #[serde(default)]
    account_requests: Vec<String>,
    #[serde(default)]
    private_addresses: Grant,
    #[serde(default)]
    plain_http: Grant,
    #[serde(default)]
    widget_changes: Grant,
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// `none`, an address without a password, or `env:NAME` or `file:PATH`.
    proxy: Option<String>,
    /// As wide as any number that may be written, so that the bounds are told for all of them.
    #[serde(default = "requests_per_second")]
    requests_per_second: i64,
    /// `env:NAME` or `file:PATH`, never inline.
    webhook_key: Option<SecretSource>,
    /// The same, of at least [`cache_key::SHORTEST`] characters.
    cache_key_secret: Option<SecretSource>,
    #[serde(default)]
    employee: Vec<EmployeeEntry>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Grant {
    #[default]
    Refused,
    Granted,
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)?.as_str() {
            Some("granted") => Ok(Self::Granted),
            Some("refused") => Ok(Self::Refused),
            _ => Err(toml_file::refused(&Localized::new(
                "напишите \"granted\" или \"refused\"",
                "write \"granted\" or \"refused\"",
            ))),
        }
    }
}

pub(super) const fn yes() -> bool {
    true
}

const fn requests_per_second() -> i64 {
    REQUESTS_PER_SECOND as i64
}

/// A secret, without what comes along when it is pasted.
fn secret(key: &str, source: &SecretSource, folder: &Path, place: &str) -> Result<Secret, Localized> {
    source.clone().relative_to(folder).read_token().map_err(|error| error.text().at(format_args!("{place}: `{key}`")))
}

/// Long enough that nobody finds callers' numbers in a copy of the store by trying.
fn cache_key_secret(source: &SecretSource, folder: &Path, place: &str) -> Result<Secret, Localized> {
    let secret = secret("cache_key_secret", source, folder, place)?;
    if secret.expose().len() < cache_key::SHORTEST {
        return Err(localized!(
            "{place}: в `cache_key_secret` должно быть не меньше {} знаков; создайте его командой `openssl rand -hex 32`",
            "{place}: `cache_key_secret` must have at least {} characters; make one with `openssl rand -hex 32`",
            cache_key::SHORTEST
        ));
    }
    Ok(secret)
}

/// Long enough that nobody guesses it, and of characters that stand for themselves in an address.
fn webhook_key(source: &SecretSource, folder: &Path, place: &str) -> Result<Secret, Localized> {
    const SHORTEST: usize = 20;
    let key = secret("webhook_key", source, folder, place)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if key.expose().len() < SHORTEST || !key.expose().bytes().all(plain) {
        return Err(localized!(
            "{place}: в `webhook_key` должно быть не меньше {SHORTEST} латинских букв, цифр, `-` или `_`: только он и подтверждает, что вебхук от \
             amoCRM",
            "{place}: `webhook_key` must have at least {SHORTEST} letters, digits, `-` or `_`: it is all that proves amoCRM's webhook"
        ));
    }
    Ok(key)
}

/// A time zone by its name, as the database spells it.
fn time_zone(name: &str, place: &str) -> Result<String, Localized> {
    match jiff::tz::TimeZone::get(name) {
        Ok(zone) => Ok(zone.iana_name().unwrap_or(name).to_owned()),
        Err(_) => Err(localized!(
            "{place}: `time_zone` = `{}` — не часовой пояс; напишите его имя из базы IANA, например \"Europe/Moscow\"",
            "{place}: `time_zone` = `{}` is not a time zone; write its name in the IANA database, for example \"Europe/Moscow\"",
            unless_secret(name)
        )),
    }
}

/// The seconds of a time that is written in whole seconds.
fn whole_seconds(written: &str, place: &str) -> Result<u64, Localized> {
    let parsed = humantime::parse_duration(written).ok().filter(|reuse| reuse.subsec_nanos() == 0);
    parsed.map(|reuse| reuse.as_secs()).ok_or_else(|| {
        let written = unless_secret(written);
        localized!(
            "{place}: `manager_status_reuse` = `{written}`; укажите целое число секунд, например `30s`",
            "{place}: `manager_status_reuse` = `{written}`; set whole seconds, for example `30s`"
        )
    })
}

impl IntegrationEntry {
    /// Checks the entry of this file and reads its secrets. Paths are relative to the file's folder.
    pub(super) fn check(self, file: &Path) -> Result<IntegrationSettings, Localized> {
        let folder = super::folder(file);
        let place = self.place();
        let access = self.access(&place, file)?;
        let configuration = self.configuration(folder, &place)?;
        let requests_per_second = self.requests_per_second;
        let requests_per_second =
            u16::try_from(requests_per_second).ok().filter(|written| (1..=50).contains(written)).ok_or_else(|| {
                localized!(
                    "{place}: `requests_per_second` = {requests_per_second}; укажите число от 1 до 50 (amoCRM разрешает интеграции 7)",
                    "{place}: `requests_per_second` = {requests_per_second}; set a number from 1 to 50 (amoCRM allows an integration 7)"
                )
            })?;
        let grant = |written: &String| -> Result<Origin, Localized> {
            written.parse().map_err(|error: OriginError| {
                let example = "[\"https://example.org\"]";
                Localized::new(
                    format!("{place}: `granted`: {}; напишите, например, {example}", error.ru()),
                    format!("{place}: `granted`: {error}; write, for example, {example}"),
                )
            })
        };
        let granted = self.granted.iter().map(grant).collect::<Result<_, _>>()?;
        let account_request = |written: &String| -> Result<AccountRequest, Localized> {
            let shown = unless_secret(written);
            let place = format!("{place}: `account_requests`: `{shown}` ");
            written.parse().map_err(|error: Localized| Localized::new(&place, &place).then("", &error))
        };
        let account_requests = self.account_requests.iter().map(account_request).collect::<Result<_, _>>()?;
        let time_zone = self.time_zone.as_deref().map(|name| time_zone(name, &place)).transpose()?;
        let webhook_key = self.webhook_key.as_ref().map(|key| webhook_key(key, folder, &place)).transpose()?;
        let cache_key_secret =
            self.cache_key_secret.as_ref().map(|source| cache_key_secret(source, folder, &place)).transpose()?;
        Ok(IntegrationSettings {
            access,
            enabled: self.enabled,
            configuration,
            time_zone,
            webhook_key,
            widget_changes: match self.widget_changes {
                Grant::Refused => WidgetChanges::Refused,
                Grant::Granted => WidgetChanges::Granted,
            },
            cache_key_secret,
            granted,
            account_requests,
            private_addresses: match self.private_addresses {
                Grant::Refused => PrivateAddresses::Refused,
                Grant::Granted => PrivateAddresses::Granted,
            },
            proxy: proxy::read(self.proxy.as_deref(), folder)
                .map_err(|error| error.at(format_args!("{place}: `proxy`")))?,
            ca_file: self.ca_file.map(|file| folder.join(file)),
            request_timeouts: RequestTimeouts::Honoured,
            requests_per_second,
            circuit: CircuitSettings::default(),
            employees: employees::check(self.employee, &place)?,
            connect: format!("host-harness connect --config {} --integration {}", file.display(), self.id),
            id: self.id,
        })
    }

    /// What operations read: `[integration.configuration]`, and the keys of it that may be written beside it. A value that names `env:` or `file:` is
    /// read from there.
    fn configuration(&self, folder: &Path, place: &str) -> Result<WrittenConfiguration, Localized> {
        let mut configuration = WrittenConfiguration::default();
        for (key, written) in &self.configuration {
            if !written.starts_with("env:") && !written.starts_with("file:") {
                configuration.set(key, written);
                continue;
            }
            let shown = unless_secret(key);
            let read = written.parse::<SecretSource>().and_then(|source| source.relative_to(folder).read());
            let secret = read.map_err(|error| {
                let key = localized!("{place}: параметр `{shown}`", "{place}: configuration key `{shown}`");
                key.then(": ", &error.text())
            })?;
            configuration.set_secret(key, secret);
        }
        let reuse = self.manager_status_reuse.as_deref().map(|written| whole_seconds(written, place)).transpose()?;
        for (written_as, key, value) in [
            (
                CONSIDER_MANAGER_STATUS,
                CONSIDER_MANAGER_STATUS,
                self.consider_manager_status.map(|flag| flag.to_string()),
            ),
            ("manager_status_reuse", MANAGER_STATUS_REUSE, reuse.map(|seconds| seconds.to_string())),
            (DEFAULT_COUNTRY_CODE, DEFAULT_COUNTRY_CODE, self.default_country_code.map(|code| code.to_string())),
        ] {
            let Some(value) = value else { continue };
            if configuration.keys().any(|known| known == key) {
                return Err(localized!(
                    "{place}: есть и `{written_as}`, и `{key}` в [integration.configuration]; оставьте что-то одно",
                    "{place}: there are both `{written_as}` and `{key}` of [integration.configuration]; keep one of them"
                ));
            }
            configuration.set(key, value);
        }
        Ok(configuration)
    }

    fn place(&self) -> String {
        format!("[[integration]] `{}`", self.id)
    }

    /// The client secret that the entry of this file names, and where it is.
    fn client_secret(&self, file: &Path) -> Result<(Secret, SecretSource), Localized> {
        let folder = super::folder(file);
        let source = self
            .client_secret
            .as_ref()
            .ok_or_else(|| Localized::new("не задан `client_secret`", "`client_secret` is missing").at(self.place()))?;
        Ok((secret("client_secret", source, folder, &self.place())?, source.clone().relative_to(folder)))
    }

    /// The same, read again from the file with whatever has changed in it.
    fn client_secret_again(file: &Path, id: &str) -> Result<(Secret, SecretSource), String> {
        let read: super::File = toml_file::read(file).map_err(|error| error.to_string())?;
        let entry = read.integration.iter().find(|entry| entry.id == id);
        let entry = entry.ok_or_else(|| format!("{}: there is no [[integration]] `{id}` any more", file.display()))?;
        entry.client_secret(file).map_err(|error| error.at(file.display()).en)
    }

    /// A long-lived token, OAuth, or no account.
    fn access(&self, place: &str, file: &Path) -> Result<Access, Localized> {
        let folder = super::folder(file);
        let plain_http = self.plain_http == Grant::Granted;
        let account =
            self.account.as_deref().map(|written| account::address(place, written, plain_http)).transpose()?;
        let platform = account::platform(place, account.as_ref(), self.platform)?;
        let named = [
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("redirect_uri", self.redirect_uri.is_some()),
        ];
        let oauth = named.iter().any(|(_, is_there)| *is_there) || (self.platform.is_some() && self.token.is_none());
        match (&self.token, oauth) {
            (Some(_), true) => Err(localized!(
                "{place}: есть и `token`, и ключи OAuth (`client_id` и другие); оставьте `token` для долгосрочного токена или уберите его, \
                 чтобы подключиться по OAuth",
                "{place}: there are both `token` and keys of OAuth (`client_id` and the like); keep `token` for a long-lived token, or \
                 remove it to connect with OAuth"
            )),
            (Some(token), false) => {
                let account = account.ok_or_else(|| {
                    localized!(
                        "{place}: не задан `account`; напишите, например, account = \"https://example.amocrm.ru\"",
                        "{place}: `account` is missing; write, for example, account = \"https://example.amocrm.ru\""
                    )
                })?;
                let token = secret("token", token, folder, place)?;
                // Another account's managers are other people, so the address is part of the name under which values are kept.
                Ok(Access::LongLived(LongLived { namespace: format!("{}@{account}", self.id), account, token }))
            }
            (None, false) if account.is_none() => Ok(Access::NoAccount),
            (None, false) => Err(localized!(
                "{place}: к `account` нет доступа; добавьте `token` (долгосрочный токен) либо `client_id`, `client_secret` и `redirect_uri` \
                 (OAuth)",
                "{place}: there is no access to `account`; add `token` (a long-lived token), or `client_id`, `client_secret` and \
                 `redirect_uri` (OAuth)"
            )),
            (None, true) => match (&self.client_id, &self.client_secret, &self.redirect_uri) {
                (Some(client_id), Some(_), Some(redirect_uri)) => {
                    let client_id = filled(place, "client_id", client_id)?;
                    let (secret, source) = self.client_secret(file)?;
                    let (file, id) = (file.to_owned(), self.id.clone());
                    let again = move || Self::client_secret_again(&file, &id);
                    Ok(Access::OAuth(OAuthSettings {
                        client_id,
                        client_secret: ReloadableSecret::reloaded_by(secret, source, again),
                        redirect_uri: redirect(place, redirect_uri)?,
                        platform,
                        account,
                    }))
                }
                _ => {
                    let missing = named.iter().filter(|(_, is_there)| !is_there).map(|(key, _)| format!("`{key}`"));
                    let missing: Vec<_> = missing.collect();
                    Err(Localized::new(
                        format!(
                            "{place}: для OAuth нужен ещё и {}; скопируйте со страницы интеграции в amoCRM",
                            missing.join(" и ")
                        ),
                        format!(
                            "{place}: OAuth also needs {}; copy it from the integration's page in amoCRM",
                            missing.join(" and ")
                        ),
                    ))
                }
            },
        }
    }
}

fn filled(place: &str, key: &str, value: &str) -> Result<String, Localized> {
    match unwrapped(value) {
        "" => Err(localized!(
            "{place}: `{key}` пуст; скопируйте его со страницы интеграции в amoCRM",
            "{place}: `{key}` is empty; copy it from the integration's page in amoCRM"
        )),
        value => Ok(value.to_owned()),
    }
}

/// amoCRM compares it letter by letter, so it is only looked at; blanks around it are none of its letters.
fn redirect(place: &str, written: &str) -> Result<String, Localized> {
    let written = written.trim();
    match Url::parse(written) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.port() != Some(0) => Ok(written.to_owned()),
        _ => Err(localized!(
            "{place}: `redirect_uri` — не адрес; напишите тот, что на странице интеграции в amoCRM, например \
             \"http://127.0.0.1:8765/\"",
            "{place}: `redirect_uri` is not an address; write the one of the integration's page in amoCRM, for example \
             \"http://127.0.0.1:8765/\""
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_client_secret_is_read_again_from_the_source_that_the_file_names_then() {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
        let config = |source: &str| {
            write(
                "host-harness.toml",
                &format!(
                    "[[integration]]\naccount = \"https://example.amocrm.ru\"\nclient_id = \"c\"\nclient_secret = \"{source}\"\n\
                     redirect_uri = \"http://127.0.0.1:8765/\"\n"
                ),
            );
        };
        write("one", "first");
        write("two", "third");
        config("file:one");
        let read = crate::config::HarnessConfig::read(&home.path().join("host-harness.toml")).unwrap();
        let Access::OAuth(oauth) = &read.integrations[0].access else { panic!("no OAuth") };
        let secret = &oauth.client_secret;
        assert_eq!((secret.current().expose(), secret.reload().await), ("first", false));
        write("one", "second\n");
        assert_eq!((secret.reload().await, secret.current().expose()), (true, "second"));
        config("file:two");
        assert_eq!((secret.reload().await, secret.current().expose()), (true, "third"));
        // What cannot be read changes nothing.
        for source in ["file:none", "second", "env:HOST_HARNESS_TEST_NEVER_SET"] {
            config(source);
            assert_eq!((secret.reload().await, secret.current().expose()), (false, "third"), "{source}");
        }
        write("host-harness.toml", "[[integration");
        assert_eq!((secret.reload().await, secret.current().expose()), (false, "third"));
    }

    #[test]
    fn o7_the_reuse_of_statuses_is_written_in_whole_seconds() {
        let seconds = |written| whole_seconds(written, "[[integration]] `main`");
        for (written, read) in [("0s", 0), ("45s", 45), ("5m", 300), ("301s", 301)] {
            assert_eq!(seconds(written), Ok(read), "{written}");
        }
        for written in ["", "30", "500ms", "-1s", "soon"] {
            let error = seconds(written).expect_err(written).en;
            assert!(error.contains(&format!("`manager_status_reuse` = `{written}`")), "{error}");
            assert!(error.contains("set whole seconds, for example `30s`"), "{error}");
        }
    }
}
