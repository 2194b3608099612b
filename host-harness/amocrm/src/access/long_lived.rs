//! A long-lived token («долгосрочный токен», amoCRM facts §5.6): simply sent. Its expiry is read from it, and warned of in time; whether amoCRM accepts it,
//! only asking tells.

use jiff::{SignedDuration, Timestamp};

use super::account::{Question, Said};
use super::claims::Claims;
use call::Localized;
use runtime::capabilities::http::{BaseUrl, OutboundHttp};
use runtime::secret::Secret;

/// What to do where amoCRM does not accept the token.
pub(crate) fn renewal() -> Localized {
    Localized::new(
        "его срок истёк, он отозван или выдан другим аккаунтом; создайте в amoCRM новый («Ключи и доступы» → «Долгосрочный токен») и \
         поставьте его вместо этого",
        "it has expired, was revoked, or belongs to another account; create another in amoCRM («Ключи и доступы» → «Долгосрочный токен») and put \
         it in its place",
    )
}

/// How long before its expiry a token is warned of.
const WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The access of an integration with a long-lived token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongLived {
    /// The account's address.
    pub account: BaseUrl,
    /// The token.
    pub token: Secret,
    /// Under which name the operations' values are kept. Another account needs another name.
    pub namespace: String,
}

/// A token that expires soon, or has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// When.
    pub at: Timestamp,
    /// It has.
    pub expired: bool,
}

impl Expiring {
    /// That it is so, and what to do.
    pub fn text(&self) -> Localized {
        let (verb_ru, verb) = if self.expired { ("истёк", "expired") } else { ("истекает", "expires") };
        let at = self.at;
        Localized::new(
            format!(
                "срок долгосрочного токена {verb_ru} {at}: создайте в amoCRM новый («Ключи и доступы» → «Долгосрочный токен») и поставьте его \
                 вместо этого"
            ),
            format!(
                "the long-lived token {verb} on {at}: create another in amoCRM («Ключи и доступы» → «Долгосрочный токен») and put it in its place"
            ),
        )
    }
}

impl LongLived {
    /// When the token expires, where it says so.
    pub fn expires_at(&self) -> Option<Timestamp> {
        Claims::of(&self.token).expires_at
    }

    /// Asks amoCRM for the account, over the integration's own way there.
    pub async fn ask(&self, http: &OutboundHttp) -> Said {
        let account_id = Claims::of(&self.token).account_id;
        Question { address: &self.account, account_id, renewal: &renewal() }.ask(http).await
    }

    /// What there is to warn of at this time.
    pub fn warning(&self, now: Timestamp) -> Option<Expiring> {
        let at = self.expires_at()?;
        (now.saturating_add(WARNING).unwrap_or(now) >= at).then_some(Expiring { at, expired: now >= at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_warned_of_from_14_days_before_and_after_it() {
        // {"exp":1795338000}: 2026-11-22T09:00:00Z.
        let token = |token: &str| LongLived {
            account: "https://example.amocrm.ru".parse().unwrap(),
            token: Secret::new(token.to_owned()),
            namespace: String::new(),
        };
        let jwt = token("eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3OTUzMzgwMDB9.c2ln");
        let at = |time: &str| jwt.warning(time.parse().unwrap()).map(|warning| warning.expired);
        assert_eq!(at("2026-11-08T08:59:59Z"), None);
        assert_eq!(at("2026-11-08T09:00:00Z"), Some(false));
        assert_eq!(at("2026-11-22T08:59:59Z"), Some(false));
        assert_eq!(at("2026-11-22T09:00:00Z"), Some(true));
        let text = jwt.warning("2026-11-22T09:00:00Z".parse().unwrap()).unwrap().text().en;
        assert!(text.contains("expired on 2026-11-22T09:00:00Z") && text.contains("«Долгосрочный токен»"), "{text}");
        assert_eq!(token("no-jwt").warning(Timestamp::MAX), None);
    }
}
