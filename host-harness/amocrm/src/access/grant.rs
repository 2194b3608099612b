//! A grant: what amoCRM gave this integration when a user consented, and what became of it. One record in the durable store.
//!
//! The record holds the only copy of a refresh token that can be used once, so every change of it is one compare-and-swap of the whole
//! ([`Ledger`](super::ledger::Ledger)), and nothing of it is ever shown: a [`Grant`] can be printed, its tokens print as `[secret]`, and
//! it cannot be serialised but by [`Grant::to_bytes`].

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use call::{Bilingual, Language, Localized};
use runtime::capabilities::http::{BaseUrl, Origin};
use runtime::secret::Secret;

/// The format of the record. A record of a newer one is left alone.
const VERSION: u32 = 1;

/// What one integration was granted. `T` is how its tokens are held: as secrets, but for the moment in which the record is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant<T = Secret> {
    version: u32,
    /// The account's address, followed when the account is renamed.
    pub account: BaseUrl,
    /// The account's number in amoCRM, where the token names it.
    pub account_id: Option<u64>,
    /// Where the account's address is asked for after it was renamed (amoCRM facts §5.7), where the token names it.
    pub api_domain: Option<Origin>,
    /// Under which name the operations' values are kept: fixed at the first connect, so that a renamed account keeps them.
    pub namespace: String,
    /// When a user consented.
    pub connected_at: Timestamp,
    /// When the tokens were asked for, by this machine's clock.
    pub received_at: Timestamp,
    /// When the access token expires, by this machine's clock.
    pub expires_at: Timestamp,
    /// How far amoCRM's clock was ahead of this machine's when the tokens were received, in seconds.
    pub clock_behind_seconds: i64,
    /// The access token.
    pub access_token: T,
    /// The refresh token: usable once.
    pub refresh_token: T,
    /// The access token replaced one that amoCRM refused before its time. Where it is refused too, refreshing does not help.
    #[serde(default)]
    pub after_refusal: bool,
    /// Who is refreshing.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// Since when the refresh token may be spent: it was sent then, and no answer is known.
    #[serde(default)]
    pub unanswered_since: Option<Timestamp>,
    /// The last refresh, where it failed.
    #[serde(default)]
    pub failure: Option<FailedRefresh>,
    /// The integration is off (rule O6), until a user connects it again.
    #[serde(default)]
    pub off: Option<Off>,
}

/// The right to spend the refresh token, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who holds it: a random name, for one refresh.
    pub holder: String,
    /// When it ends even if its holder does not come back.
    pub until: Timestamp,
}

/// A refresh that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRefresh {
    /// When.
    pub at: Timestamp,
    /// What happened and what to do, for people.
    pub what: String,
    /// The same in Russian; empty where an earlier version wrote this.
    #[serde(default)]
    pub what_ru: String,
    /// Whether it goes on failing until a person does that.
    #[serde(default)]
    pub needs_user: bool,
}

impl FailedRefresh {
    /// What happened and what to do, in a language.
    pub fn text(&self, language: Language) -> &str {
        if self.what_ru.is_empty() { &self.what } else { language.say(&self.what_ru, &self.what) }
    }
}

/// Since when and why an integration is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Off {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: OffReason,
}

/// Why an integration is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OffReason {
    /// amoCRM refused the refresh token: the access was revoked, or the token was not used for three months.
    Refused,
    /// amoCRM refused the refresh token after an answer to an earlier refresh was lost, and with it the new tokens.
    AnswerLost,
    /// amoCRM refuses every access token, fresh ones too.
    FreshTokenRefused,
    /// The integration was switched off or uninstalled in amoCRM.
    Uninstalled,
    /// An administrator of this host had the access forgotten.
    Disconnected,
}

impl OffReason {
    /// What happened, for people.
    pub fn text(self) -> Localized {
        match self {
            Self::Refused => Localized::new(
                "amoCRM отказалась продлить доступ: его отозвали в amoCRM, или им не пользовались три месяца",
                "amoCRM refused to renew the access: it was revoked in amoCRM, or was not used for three months",
            ),
            Self::AnswerLost => Localized::new(
                "amoCRM продлила доступ, но её ответ потерялся (в этот момент прервалась программа или связь), а с ним и новые токены",
                "amoCRM renewed the access, but its answer was lost (the program or the connection was cut off in that moment), and the new \
                 tokens with it",
            ),
            Self::FreshTokenRefused => Localized::new(
                "amoCRM не принимает даже новый токен доступа: возможно, пользователь, давший доступ, отключён",
                "amoCRM refuses even a fresh access token: the user who consented may have been switched off",
            ),
            Self::Uninstalled => Localized::new(
                "интеграцию отключили или удалили в amoCRM",
                "the integration was switched off or uninstalled in amoCRM",
            ),
            Self::Disconnected => Localized::new(
                "интеграцию отключил администратор этого сервера",
                "an administrator of this server disconnected the integration",
            ),
        }
    }
}

/// A record that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It was written by a newer version of this software.
    #[error(
        "the stored access was written by a newer version of this program (format {0}): use that version, or connect again"
    )]
    Newer(u32),
    /// It is damaged.
    #[error("the stored access cannot be read: connect again")]
    Unreadable,
}

/// What amoCRM answers when tokens are asked for (amoCRM facts §5.2), already read.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The access token.
    pub access_token: Secret,
    /// The refresh token.
    pub refresh_token: Secret,
    /// When the pair was asked for, by this machine's clock.
    pub asked_at: Timestamp,
    /// How long the access token lives.
    pub lifetime: SignedDuration,
    /// How far amoCRM's clock is ahead of this machine's, in seconds.
    pub clock_behind_seconds: i64,
}

impl Grant {
    /// A grant that begins now.
    pub fn new(account: BaseUrl, namespace: String, pair: Pair) -> Self {
        let mut grant = Self {
            version: VERSION,
            account,
            account_id: None,
            api_domain: None,
            namespace,
            connected_at: pair.asked_at,
            received_at: pair.asked_at,
            expires_at: pair.asked_at,
            clock_behind_seconds: 0,
            access_token: pair.access_token.clone(),
            refresh_token: pair.refresh_token.clone(),
            after_refusal: false,
            lease: None,
            unanswered_since: None,
            failure: None,
            off: None,
        };
        grant.renew(pair);
        grant
    }

    /// Takes a new pair in place of the one before, and forgets whatever was pending about that.
    pub fn renew(&mut self, pair: Pair) {
        self.received_at = pair.asked_at;
        self.expires_at = pair.asked_at.saturating_add(pair.lifetime).unwrap_or(Timestamp::MAX);
        self.clock_behind_seconds = pair.clock_behind_seconds;
        self.access_token = pair.access_token;
        self.refresh_token = pair.refresh_token;
        self.lease = None;
        self.unanswered_since = None;
        self.failure = None;
    }

    /// The same, on or off.
    pub(crate) fn with_off(&self, off: Option<Off>) -> Self {
        Self { off, ..self.clone() }
    }

    /// What is left when the access is forgotten: whose it was, so that the same account finds its values when it is connected again, and no token.
    pub(crate) fn forgotten(&self, at: Timestamp) -> Self {
        let nothing = || Secret::new(String::new());
        Self {
            access_token: nothing(),
            refresh_token: nothing(),
            lease: None,
            unanswered_since: None,
            failure: None,
            off: Some(Off { at, reason: OffReason::Disconnected }),
            ..self.clone()
        }
    }

    /// The same, at another address.
    pub(crate) fn moved_to(&self, account: BaseUrl) -> Self {
        Self { account, ..self.clone() }
    }

    /// How long the access token was valid when it was received.
    pub(crate) fn lifetime(&self) -> SignedDuration {
        self.expires_at.duration_since(self.received_at)
    }

    /// The record as it is stored.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let written: Grant<&str> = Grant {
            version: self.version,
            account: self.account.clone(),
            account_id: self.account_id,
            api_domain: self.api_domain.clone(),
            namespace: self.namespace.clone(),
            connected_at: self.connected_at,
            received_at: self.received_at,
            expires_at: self.expires_at,
            clock_behind_seconds: self.clock_behind_seconds,
            access_token: self.access_token.expose(),
            refresh_token: self.refresh_token.expose(),
            after_refusal: self.after_refusal,
            lease: self.lease.clone(),
            unanswered_since: self.unanswered_since,
            failure: self.failure.clone(),
            off: self.off,
        };
        // Room for all of it at once: growing would leave a copy behind.
        let room = 2 * (self.access_token.expose().len() + self.refresh_token.expose().len()) + 8 * 1024;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // Plain fields into memory: there is nothing that could fail.
        let _ = serde_json::to_writer(&mut *bytes, &written);
        bytes
    }

    /// Reads a record.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, GrantError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }

        // The parser's own message may repeat what it read.
        let Version { version } = serde_json::from_slice(bytes).map_err(|_| GrantError::Unreadable)?;
        if version > VERSION {
            return Err(GrantError::Newer(version));
        }
        serde_json::from_slice(bytes).map_err(|_| GrantError::Unreadable)
    }
}

impl Bilingual for GrantError {
    fn ru(&self) -> String {
        match self {
            Self::Newer(format) => format!(
                "сохранённый доступ записан более новой версией программы (формат {format}): используйте ту версию или подключите интеграцию \
                 заново"
            ),
            Self::Unreadable => "сохранённый доступ не читается: подключите интеграцию заново".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static_assertions::assert_not_impl_any!(Grant: std::fmt::Display, serde::Serialize);

    fn grant() -> Grant {
        let pair = Pair {
            access_token: Secret::new("access-1".to_owned()),
            refresh_token: Secret::new("refresh-\"1\"".to_owned()),
            asked_at: "2026-11-22T09:00:00Z".parse().unwrap(),
            lifetime: SignedDuration::from_hours(24),
            clock_behind_seconds: -3,
        };
        Grant::new("https://example.amocrm.ru".parse().unwrap(), "main@x".to_owned(), pair)
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut grant = grant();
        grant.lease = Some(Lease { holder: "h".to_owned(), until: grant.expires_at });
        grant.off = Some(Off { at: grant.received_at, reason: OffReason::AnswerLost });
        let bytes = grant.to_bytes();
        let read = Grant::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(read.access_token.expose(), "access-1");
        assert_eq!(read.refresh_token.expose(), "refresh-\"1\"");
        assert_eq!(read.expires_at.to_string(), "2026-11-23T09:00:00Z");
        assert_eq!(read.off, grant.off);
        assert!(!format!("{read:?}").contains("access-1"));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_an_error_with_a_fix() {
        let newer = String::from_utf8(grant().to_bytes().to_vec()).unwrap().replace("\"version\":1", "\"version\":2");
        assert_eq!(Grant::from_bytes(newer.as_bytes()).unwrap_err(), GrantError::Newer(2));
        for broken in ["", "{}", "{\"version\":1}", "null", "\u{0}"] {
            let error = Grant::from_bytes(broken.as_bytes()).unwrap_err();
            assert_eq!(error, GrantError::Unreadable);
            assert!(error.to_string().contains("connect again"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_may_be_stored(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Grant::from_bytes(&bytes);
        }
    }
}
