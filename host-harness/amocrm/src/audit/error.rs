//! Why an audit could not be carried out.

use std::fmt;

use http::StatusCode;

use super::answers::NotAList;
use call::{Bilingual, Localized};
use runtime::capabilities::http::AskError;

/// Why an audit could not be carried out.
#[derive(Debug)]
pub enum AuditError {
    /// amoCRM was not reached, or the host refused.
    Ask {
        /// Which list.
        list: &'static str,
        /// Why.
        cause: AskError,
    },
    /// amoCRM answered with something else than a list.
    Status {
        /// Which list.
        list: &'static str,
        /// The HTTP status.
        status: StatusCode,
    },
    /// The body is not what the endpoint returns.
    NotAList {
        /// Which list.
        list: &'static str,
        /// Why.
        cause: NotAList,
    },
}

impl AuditError {
    /// What stood in the way, and what to do, for people.
    pub fn text(&self) -> Localized {
        let (list, why) = match self {
            Self::Ask { list, cause } => {
                (list, Localized::new(format!("amoCRM не ответила ({})", cause.ru()), cause.to_string()))
            }
            Self::Status { list, status } => {
                let Localized { ru, en } = advice(*status);
                (list, Localized::new(format!("amoCRM ответила {status}{ru}"), format!("amoCRM answered {status}{en}")))
            }
            Self::NotAList { list, cause } => {
                (list, Localized::new("ответ — не список API v4 amoCRM", cause.to_string()))
            }
        };
        let named = match *list {
            "users" => "пользователей",
            _ => "контактов",
        };
        Localized::new(
            format!("список {named} не прочитан: {}", why.ru),
            format!("the list of {list} cannot be read: {}", why.en),
        )
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for AuditError {}

fn advice(status: StatusCode) -> Localized {
    let (ru, en) = match status {
        StatusCode::UNAUTHORIZED => (
            "; токен доступа не принят, дайте интеграции другой",
            "; the access token is not accepted, give the integration another one",
        ),
        StatusCode::PAYMENT_REQUIRED => ("; подписка аккаунта закончилась", "; the account's subscription has ended"),
        StatusCode::FORBIDDEN => (
            "; пользователей показывают только администраторам, поэтому токен должен быть администратора (или amoCRM заблокировала аккаунт)",
            "; users are shown to administrators alone, so the token must be an administrator's (or amoCRM has blocked the account)",
        ),
        StatusCode::TOO_MANY_REQUESTS => (
            "; её спрашивают слишком часто, повторите позже или с меньшим числом запросов в секунду",
            "; it is asked too often, try again later or with fewer requests per second",
        ),
        _ => ("", ""),
    };
    Localized::new(ru, en)
}
