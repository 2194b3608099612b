//! A long-lived token («долгосрочный токен», amoCRM facts §5.6): simply sent. Its expiry is read from it, and warned of in time; whether amoCRM accepts it,
//! only asking tells.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::claims::Claims;
use crate::capabilities::http::{Ask, BaseUrl, OutboundHttp};
use crate::secret::Secret;

/// The cheapest request that proves address, token and payment (amoCRM facts §9).
const ACCOUNT_PATH: &str = "/api/v4/account";
/// How long amoCRM has for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long before its expiry a token is warned of.
const WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The access of an integration with a long-lived token.
#[derive(Clone, Debug)]
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

/// What amoCRM says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It answered as an account does.
    Accepted,
    /// It refuses the token, for this reason, until a person does something.
    Refused(String),
    /// It did not say, for this reason.
    Unclear(String),
}

impl Said {
    fn by_answer(status: StatusCode, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Account {
            #[serde(rename = "id")]
            _id: serde_json::Number,
        }

        match status {
            StatusCode::OK if serde_json::from_slice::<Account>(body).is_ok() => Self::Accepted,
            StatusCode::UNAUTHORIZED => Self::Refused(
                "amoCRM does not accept the long-lived token (401): it has expired, was revoked, or belongs to another account; create another in \
                 amoCRM («Ключи и доступы» → «Долгосрочный токен») and put it in its place"
                    .to_owned(),
            ),
            StatusCode::PAYMENT_REQUIRED => Self::Refused("the amoCRM account is unpaid (402): pay for it".to_owned()),
            StatusCode::FORBIDDEN => Self::Refused(
                "amoCRM forbids the access (403): its user lacks the rights, the account's list of addresses lacks this machine's, or amoCRM blocks \
                 the account; ask the account's administrator, then amoCRM's support"
                    .to_owned(),
            ),
            status if status == StatusCode::OK || status == StatusCode::NOT_FOUND || status.is_redirection() => {
                Self::Refused(format!(
                    "there is no amoCRM account at this address (it answered {}): check `account`",
                    status.as_u16()
                ))
            }
            status => Self::Unclear(format!(
                "amoCRM answered {} and not whether it accepts the token: try again later; if that lasts, ask amoCRM's support",
                status.as_u16()
            )),
        }
    }
}

impl fmt::Display for Expiring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.expired { "expired" } else { "expires" };
        write!(
            formatter,
            "the long-lived token {verb} on {}: create another in amoCRM («Ключи и доступы» → «Долгосрочный токен») and put it in its place",
            self.at
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
        let request = Request::get(format!("{}{ACCOUNT_PATH}", self.account)).header(ACCEPT, "application/json");
        let request = match request.body(Bytes::new()) {
            Ok(request) => request,
            Err(error) => return Said::Unclear(format!("the address cannot be asked: {error}")),
        };
        match http.ask(request, PATIENCE, Ask::AsIntegration).await {
            Ok(answer) => Said::by_answer(answer.status(), answer.body()),
            Err(error) => Said::Unclear(error.to_string()),
        }
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
    fn what_amocrm_says_of_a_token_is_told_with_what_to_do() {
        let said = |status, body: &str| Said::by_answer(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        assert_eq!(said(200, r#"{"id":30000001,"name":"Demo"}"#), Said::Accepted);
        for (status, body, part) in [
            (401, "{}", "create another in amoCRM"),
            (402, "{}", "pay for it"),
            (403, "<html>", "administrator"),
            (404, "", "check `account`"),
            (302, "", "check `account`"),
            (200, "<html>", "check `account`"),
            (200, "{}", "check `account`"),
            (200, "", "check `account`"),
        ] {
            let Said::Refused(what) = said(status, body) else { panic!("{status} {body}") };
            assert!(what.contains(part) && what.contains(&status.to_string()), "{what}");
        }
        for status in [204, 400, 405, 429, 500, 503] {
            let Said::Unclear(what) = said(status, "{}") else { panic!("{status}") };
            assert!(what.contains(&status.to_string()) && what.contains("try again later"), "{what}");
        }
    }

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
        let text = jwt.warning("2026-11-22T09:00:00Z".parse().unwrap()).unwrap().to_string();
        assert!(text.contains("expired on 2026-11-22T09:00:00Z") && text.contains("«Долгосрочный токен»"), "{text}");
        assert_eq!(token("no-jwt").warning(Timestamp::MAX), None);
    }
}
