//! The account as amoCRM tells of it: the question that proves that access works, and what its answer means.
//!
//! An address, a token and a payment are good when amoCRM says so, and until it is asked nothing is known of them.

use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use call::{Bilingual, Localized};
use runtime::capabilities::http::{Ask, BaseUrl, OutboundHttp};

/// Below which path operations may read with the account's token (amoCRM facts §1). All else is an administrator's to grant: the token may write.
pub(crate) const API: &str = "/api/v4/";
/// The cheapest request that proves address, token and payment (amoCRM facts §9).
const PATH: &str = "/api/v4/account";
/// How long amoCRM has for its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most characters of a name that are shown.
const LONGEST_NAME: usize = 100;

/// An account, as amoCRM names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: u64,
    /// What its users call it.
    pub name: Option<String>,
    /// The first part of its address.
    pub subdomain: Option<String>,
}

/// What amoCRM says to the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It answered as the account does.
    Accepted(Account),
    /// It refuses, for this reason, until a person does something.
    Refused(Refusal),
    /// It did not say, for this reason.
    Unclear(Localized),
}

/// Why amoCRM refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 401, and what to do about this kind of token.
    Token(Localized),
    /// 402.
    Unpaid,
    /// 403.
    Forbidden,
    /// 404, a redirect, or an answer that is not an account's.
    NoAccount(u16),
    /// Another account than the one that gave access.
    AnotherAccount {
        /// The number of the account that answered.
        found: u64,
        /// The number of the account that gave access.
        expected: u64,
    },
}

impl Refusal {
    /// Why, and what to do, for people.
    pub fn text(&self) -> Localized {
        match self {
            Self::Token(Localized { ru, en }) => Localized::new(
                format!("amoCRM не принимает токен доступа (401): {ru}"),
                format!("amoCRM does not accept the access token (401): {en}"),
            ),
            Self::Unpaid => Localized::new(
                "аккаунт amoCRM не оплачен (402): оплатите его",
                "the amoCRM account is unpaid (402): pay for it",
            ),
            Self::Forbidden => Localized::new(
                "amoCRM запрещает доступ (403): у пользователя, давшего доступ, не хватает прав, адреса этого компьютера нет в списке \
                 разрешённых, или аккаунт заблокирован; обратитесь к администратору аккаунта, затем в поддержку amoCRM",
                "amoCRM forbids the access (403): its user lacks the rights, the account's list of addresses lacks this machine's, or amoCRM \
                 blocks the account; ask the account's administrator, then amoCRM's support",
            ),
            Self::NoAccount(status) => Localized::new(
                format!("по этому адресу нет аккаунта amoCRM (ответ {status}): проверьте `account`"),
                format!("there is no amoCRM account at this address (it answered {status}): check `account`"),
            ),
            Self::AnotherAccount { found, expected } => Localized::new(
                format!("по этому адресу аккаунт {found}, а доступ дал аккаунт {expected}: проверьте `account`"),
                format!(
                    "at this address is the account {found}, and access was given by the account {expected}: check `account`"
                ),
            ),
        }
    }
}

/// The question for the account.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Where it is asked.
    pub address: &'a BaseUrl,
    /// The number that the account has to have, where it is known.
    pub account_id: Option<u64>,
    /// What a person does where the token is not accepted.
    pub renewal: &'a Localized,
}

impl Question<'_> {
    /// Asks with the integration's token, inside its grants and limits.
    pub async fn ask(&self, http: &OutboundHttp) -> Said {
        let request = Request::get(format!("{}{PATH}", self.address)).header(ACCEPT, "application/json");
        let request = match request.body(Bytes::new()) {
            Ok(request) => request,
            Err(error) => {
                return Said::Unclear(Localized::new(
                    format!("по этому адресу нельзя обратиться: {error}"),
                    format!("the address cannot be asked: {error}"),
                ));
            }
        };
        match http.ask(request, PATIENCE, Ask::AsIntegration).await {
            Ok(answer) => self.understood(answer.status(), answer.body()),
            Err(error) => {
                Said::Unclear(Localized::new(format!("amoCRM не ответила: {}", error.ru()), error.to_string()))
            }
        }
    }

    fn understood(&self, status: StatusCode, body: &[u8]) -> Said {
        let refusal = match (status, Account::read(body).filter(|_| status == StatusCode::OK)) {
            (_, Some(account)) => match self.account_id {
                Some(expected) if expected != account.id => Refusal::AnotherAccount { found: account.id, expected },
                _ => return Said::Accepted(account),
            },
            (StatusCode::UNAUTHORIZED, _) => Refusal::Token(self.renewal.clone()),
            (StatusCode::PAYMENT_REQUIRED, _) => Refusal::Unpaid,
            (StatusCode::FORBIDDEN, _) => Refusal::Forbidden,
            (StatusCode::OK | StatusCode::NOT_FOUND, _) => Refusal::NoAccount(status.as_u16()),
            (status, _) if status.is_redirection() => Refusal::NoAccount(status.as_u16()),
            (status, _) => {
                let status = status.as_u16();
                return Said::Unclear(Localized::new(
                    format!(
                        "amoCRM ответила {status} и не сказала, принимает ли токен: повторите позже; если это не проходит, обратитесь в \
                         поддержку amoCRM"
                    ),
                    format!(
                        "amoCRM answered {status} and not whether it accepts the token: try again later; if that lasts, ask amoCRM's support"
                    ),
                ));
            }
        };
        Said::Refused(refusal)
    }
}

impl Account {
    /// Of an answer; none where it is not an account's. Names of an unexpected kind are names that are not there.
    fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Written {
            id: Value,
            #[serde(default)]
            name: Value,
            #[serde(default)]
            subdomain: Value,
        }

        let written: Written = serde_json::from_slice(body).ok()?;
        let id = written.id.as_u64().or_else(|| written.id.as_str()?.parse().ok())?;
        Some(Self { id, name: shown(&written.name), subdomain: shown(&written.subdomain) })
    }
}

/// A name as a terminal may show it: without control characters, and not endless.
fn shown(name: &Value) -> Option<String> {
    let name = name.as_str()?.trim();
    let shown: String = name.chars().filter(|character| !character.is_control()).take(LONGEST_NAME).collect();
    (!shown.is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(account_id: Option<u64>, status: u16, body: &str) -> Said {
        let address = "https://example.amocrm.ru".parse().unwrap();
        let renewal = Localized::new("замените его", "renew it");
        let question = Question { address: &address, account_id, renewal: &renewal };
        question.understood(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn what_amocrm_says_is_told_with_what_to_do() {
        for (status, body, part) in [
            (401, "{}", "renew it"),
            (402, "{}", "pay for it"),
            (403, "<html>", "administrator"),
            (404, "", "check `account`"),
            (302, "", "check `account`"),
            (200, "<html>", "check `account`"),
            (200, "{}", "check `account`"),
            (200, "", "check `account`"),
        ] {
            let Said::Refused(refusal) = said(None, status, body) else { panic!("{status} {body}") };
            let Localized { ru, en: text } = refusal.text();
            assert!(ru.contains(&status.to_string()), "{ru}");
            assert!(text.contains(part) && text.contains(&status.to_string()), "{text}");
        }
        for status in [204, 400, 405, 429, 500, 503] {
            let Said::Unclear(what) = said(None, status, "{}") else { panic!("{status}") };
            assert!(what.en.contains(&status.to_string()) && what.en.contains("try again later"), "{what:?}");
            assert!(what.ru.contains(&status.to_string()), "{what:?}");
        }
    }

    #[test]
    fn an_account_is_accepted_by_its_number_and_shown_by_its_names() {
        let body = r#"{"id":30000001,"name":" Demo\u001b[2J ","subdomain":"example"}"#;
        let account =
            Account { id: 30_000_001, name: Some("Demo[2J".to_owned()), subdomain: Some("example".to_owned()) };
        assert_eq!(said(None, 200, body), Said::Accepted(account.clone()));
        assert_eq!(said(Some(30_000_001), 200, body), Said::Accepted(account));
        let Said::Refused(another) = said(Some(7), 200, body) else { panic!() };
        let text = another.text().en;
        assert!(text.contains("30000001") && text.contains("by the account 7: check `account`"), "{text}");
        // Names are for people; without them, or with odd ones, an account is an account.
        let nameless = Account { id: 7, name: None, subdomain: None };
        for body in [r#"{"id":7}"#, r#"{"id":"7","name":null,"subdomain":5}"#, r#"{"id":7,"name":"","subdomain":[]}"#] {
            assert_eq!(said(Some(7), 200, body), Said::Accepted(nameless.clone()), "{body}");
        }
    }
}
