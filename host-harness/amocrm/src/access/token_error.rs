//! Why amoCRM gives no tokens, and what to do about it.

use std::fmt;

use http::StatusCode;
use serde::Deserialize;

use super::hosts::NotAmocrm;
use call::{Localized, localized};
use runtime::secret::ReloadableSecret;

/// Why there are no new tokens. Each text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The host that would have been asked is not amoCRM's.
    Host(NotAmocrm),
    /// amoCRM was not reached, so nothing was spent.
    NotSent(Localized),
    /// The request was sent and its answer is not known.
    Unanswered(Localized),
    /// 401 with a hint at the token: the code or the refresh token is not, or no longer, good.
    Refused,
    /// 401 without one: it did not get as far as the token, so nothing was spent. Holds when a corrected secret is used.
    WrongKeys(SecretUse),
    /// 400 with a hint that another address is the account's.
    AnotherAccount,
    /// 402: the subscription has ended.
    Unpaid,
    /// 400: what the integration says of itself does not fit.
    Misconfigured,
    /// 404 or a redirect: there is no such account at this address.
    NotThere(u16),
    /// Another status.
    Failed(u16),
}

/// When a client secret that was corrected where it is kept comes into use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// Nothing is known of where it is kept.
    Unknown,
    /// At the next attempt: its file is read again.
    NextAttempt,
    /// At the next start: it is in an environment variable.
    NextStart,
}

impl TokenError {
    /// Whether a person has to do something before amoCRM gives tokens.
    pub const fn needs_user(&self) -> bool {
        match self {
            Self::Host(_)
            | Self::Refused
            | Self::WrongKeys(_)
            | Self::AnotherAccount
            | Self::Unpaid
            | Self::Misconfigured
            | Self::NotThere(_) => true,
            Self::NotSent(_) | Self::Unanswered(_) | Self::Failed(_) => false,
        }
    }

    /// Of the token endpoint's refusal. amoCRM's texts are in its user's language, so the status and the hint decide (amoCRM facts §5.5).
    pub(super) fn of_refusal(status: StatusCode, body: &[u8], secret: &ReloadableSecret) -> Self {
        #[derive(Deserialize)]
        struct Problem {
            hint: String,
        }

        let hint =
            serde_json::from_slice::<Problem>(body).map(|problem| problem.hint.to_lowercase()).unwrap_or_default();
        match status {
            StatusCode::BAD_REQUEST if hint.contains("request to account") => Self::AnotherAccount,
            StatusCode::BAD_REQUEST => Self::Misconfigured,
            StatusCode::UNAUTHORIZED if hint.contains("token") || hint.contains("code") => Self::Refused,
            StatusCode::UNAUTHORIZED => Self::WrongKeys(SecretUse::of(secret)),
            other => Self::of_status(other),
        }
    }

    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::Misconfigured,
            StatusCode::UNAUTHORIZED => Self::Refused,
            StatusCode::PAYMENT_REQUIRED => Self::Unpaid,
            status if status == StatusCode::NOT_FOUND || status.is_redirection() => Self::NotThere(status.as_u16()),
            status => Self::Failed(status.as_u16()),
        }
    }

    /// Why, and what to do, for people.
    pub(crate) fn text(&self) -> Localized {
        let (ru, en) = match self {
            Self::Host(error) => return error.text(),
            Self::NotSent(why) => {
                let Localized { ru, en } = why;
                return localized!(
                    "с amoCRM нет связи ({ru}): проверьте сеть и адрес аккаунта",
                    "amoCRM cannot be reached ({en}): check the network and the account's address"
                );
            }
            Self::Unanswered(why) => {
                let Localized { ru, en } = why;
                return localized!("ответ amoCRM потерялся ({ru})", "amoCRM's answer was lost ({en})");
            }
            Self::WrongKeys(secret) => {
                let Localized { ru, en } = secret.text();
                return Localized::new(
                    format!(
                        "amoCRM не принимает ключи интеграции (401): сверьте `client_secret`, `client_id` и `redirect_uri` со страницей \
                         интеграции в amoCRM и проверьте, что аккаунт оплачен{ru}"
                    ),
                    format!(
                        "amoCRM does not accept the integration's keys (401): check `client_secret`, `client_id` and `redirect_uri` against \
                         the integration's page in amoCRM, and that the account is paid{en}"
                    ),
                );
            }
            Self::NotThere(status) => {
                return Localized::new(
                    format!("по этому адресу нет аккаунта amoCRM (ответ {status}): проверьте `account`"),
                    format!("there is no amoCRM account at this address ({status}): check `account`"),
                );
            }
            Self::Failed(status) => {
                return Localized::new(
                    format!(
                        "amoCRM ответила {status}: повторите позже; если это не проходит, обратитесь в поддержку amoCRM"
                    ),
                    format!("amoCRM answered {status}: it is tried again later; if that lasts, ask amoCRM's support"),
                );
            }
            Self::Refused => ("amoCRM отказала (401)", "amoCRM refused it (401)"),
            Self::AnotherAccount => (
                "это не адрес того аккаунта, который дал доступ (400): проверьте `account`",
                "this is not the address of the account that gave access (400): check `account`",
            ),
            Self::Unpaid => {
                ("аккаунт amoCRM не оплачен (402): оплатите его", "the amoCRM account is unpaid (402): pay for it")
            }
            Self::Misconfigured => (
                "amoCRM не знает такой интеграции (400): проверьте `client_id`, `client_secret` и `redirect_uri`",
                "amoCRM does not know the integration so (400): check `client_id`, `client_secret` and `redirect_uri`",
            ),
        };
        Localized::new(ru, en)
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for TokenError {}

impl From<NotAmocrm> for TokenError {
    fn from(error: NotAmocrm) -> Self {
        Self::Host(error)
    }
}

impl SecretUse {
    /// Of this secret.
    pub(super) fn of(secret: &ReloadableSecret) -> Self {
        match secret.source() {
            None => Self::Unknown,
            Some(source) if source.is_variable() => Self::NextStart,
            Some(_) => Self::NextAttempt,
        }
    }

    fn text(self) -> Localized {
        let (ru, en) = match self {
            Self::Unknown => ("", ""),
            Self::NextAttempt => (
                "; файл с `client_secret` читается заново перед каждой попыткой",
                "; the file with `client_secret` is read again before each attempt",
            ),
            Self::NextStart => (
                "; `client_secret` задан переменной окружения, изменения которой работающая программа не видит: исправив её, перезапустите \
                 программу",
                "; `client_secret` comes from an environment variable, which a running program does not see change: after correcting it, \
                 restart the program",
            ),
        };
        Localized::new(ru, en)
    }
}
