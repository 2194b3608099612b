//! `[[integration]]`: one amoCRM account.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

use super::employee::EmployeeEntry;
use crate::capabilities::http::{BaseUrl, Origin, PrivateAddresses, RequestTimeouts, Scheme};
use crate::integration::IntegrationSettings;
use crate::secret::SecretSource;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntegrationEntry {
    #[serde(default = "super::main")]
    pub(super) id: String,
    /// Any base URL.
    account: String,
    /// `env:NAME` or `file:PATH`, never inline.
    token: SecretSource,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    consider_manager_status: bool,
    /// A duration, such as `30s`.
    #[serde(default)]
    manager_status_reuse: Option<String>,
    #[serde(default = "seven")]
    default_country_code: u16,
    #[serde(default)]
    granted: Vec<String>,
    #[serde(default)]
    private_addresses: Grant,
    #[serde(default)]
    plain_http: Grant,
    #[serde(default)]
    ca_file: Option<PathBuf>,
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
            _ => Err(D::Error::custom("write \"granted\" or \"refused\"")),
        }
    }
}

pub(super) const fn yes() -> bool {
    true
}

const fn seven() -> u16 {
    7
}

/// For how long a manager's status is used again unless written, and at most.
const STATUS_REUSE: Duration = Duration::from_secs(30);
const STATUS_REUSE_MAXIMUM: Duration = Duration::from_secs(300);

/// Reads `manager_status_reuse`: whole seconds, as operations are told.
fn status_reuse(written: Option<&str>) -> Result<Duration, String> {
    let Some(written) = written else { return Ok(STATUS_REUSE) };
    humantime::parse_duration(written)
        .ok()
        .filter(|reuse| *reuse <= STATUS_REUSE_MAXIMUM && reuse.subsec_nanos() == 0)
        .ok_or_else(|| {
            format!("`manager_status_reuse` = `{written}`; set whole seconds from 0s to 300s, for example \"30s\"")
        })
}

impl IntegrationEntry {
    /// Checks the entry and reads its secret. Paths are relative to `folder`.
    pub(super) fn check(self, folder: &Path) -> Result<IntegrationSettings, String> {
        let place = format!("[[integration]] `{}`", self.id);
        let account: BaseUrl = self.account.parse().map_err(|error| {
            format!("{place}: `account`: {error}; write, for example, account = \"https://example.amocrm.ru\"")
        })?;
        if account.origin().scheme() == Scheme::Http && self.plain_http == Grant::Refused {
            return Err(format!(
                "{place}: `account` = `{account}` would send the access token unencrypted; use https://, or write \
                 plain_http = \"granted\" if that network is yours"
            ));
        }
        if !(1..=999).contains(&self.default_country_code) {
            let code = self.default_country_code;
            return Err(format!(
                "{place}: `default_country_code` = {code}; set a calling code from 1 to 999, for example 7"
            ));
        }
        let manager_status_reuse =
            status_reuse(self.manager_status_reuse.as_deref()).map_err(|error| format!("{place}: {error}"))?;
        let grant = |written: &String| -> Result<Origin, String> {
            written
                .parse()
                .map_err(|error| format!("{place}: `granted`: {error}; write, for example, [\"https://example.org\"]"))
        };
        let granted = self.granted.iter().map(grant).collect::<Result<_, _>>()?;
        let token = self.token.relative_to(folder).read().map_err(|error| format!("{place}: `token`: {error}"))?;
        Ok(IntegrationSettings {
            // Another account's managers are other people, so the address is part of the name under which values are kept.
            namespace: format!("{}@{account}", self.id),
            account,
            token,
            enabled: self.enabled,
            consider_manager_status: self.consider_manager_status,
            manager_status_reuse,
            default_country_code: self.default_country_code,
            granted,
            private_addresses: match self.private_addresses {
                Grant::Refused => PrivateAddresses::Refused,
                Grant::Granted => PrivateAddresses::Granted,
            },
            ca_file: self.ca_file.map(|file| folder.join(file)),
            request_timeouts: RequestTimeouts::Honoured,
            employees: super::employee::check(self.employee, &place)?,
            id: self.id,
        })
    }
}
