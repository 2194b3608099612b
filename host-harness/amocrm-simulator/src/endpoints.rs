//! The endpoints: which there are, and how a request for each is answered.

mod account;
mod companies;
mod contacts;
mod entities;
mod events;
mod fields;
mod filter;
mod leads;
mod links;
mod reference;
mod search;
mod users;

use std::fmt;
use std::str::FromStr;

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use self::fields::{PHONE_FIELD_ID, enum_id};
use crate::Account;
use crate::answer::Answer;
use crate::params::Params;
use crate::problem;

/// An endpoint of the API. One entity of a collection (`/api/v4/contacts/3`) belongs to its collection's endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// `/api/v4/contacts` (amoCRM facts §1).
    Contacts,
    /// `/api/v4/companies` (amoCRM facts §2).
    Companies,
    /// `/api/v4/leads` (amoCRM facts §2).
    Leads,
    /// `/api/v4/users` (amoCRM facts §3).
    Users,
    /// `/api/v4/events` (amoCRM facts §7.9).
    Events,
    /// `/api/v4/account` (amoCRM facts §9).
    Account,
    /// `/oauth`, the consent page (amoCRM facts §5.1).
    Consent,
    /// `/oauth2/access_token` (amoCRM facts §5.2).
    Token,
    /// `/oauth2/account/current/subdomain` (amoCRM facts §5.7).
    Subdomain,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Endpoint; 9] = [
        Endpoint::Contacts,
        Endpoint::Companies,
        Endpoint::Leads,
        Endpoint::Users,
        Endpoint::Events,
        Endpoint::Account,
        Endpoint::Consent,
        Endpoint::Token,
        Endpoint::Subdomain,
    ];

    /// The last word of its path (`contacts`, `users`, …); of OAuth: `consent`, `token`, `subdomain`.
    pub fn name(self) -> &'static str {
        match self {
            Endpoint::Contacts => "contacts",
            Endpoint::Companies => "companies",
            Endpoint::Leads => "leads",
            Endpoint::Users => "users",
            Endpoint::Events => "events",
            Endpoint::Account => "account",
            Endpoint::Consent => "consent",
            Endpoint::Token => "token",
            Endpoint::Subdomain => "subdomain",
        }
    }

    /// Whether it is one of OAuth, which needs no bearer token.
    pub(crate) fn is_oauth(self) -> bool {
        matches!(self, Endpoint::Consent | Endpoint::Token | Endpoint::Subdomain)
    }

    /// The endpoint that a path belongs to.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        match path {
            "/oauth" | "/oauth/" => Some(Endpoint::Consent),
            "/oauth2/access_token" => Some(Endpoint::Token),
            "/oauth2/account/current/subdomain" => Some(Endpoint::Subdomain),
            _ => {
                let name = path.strip_prefix("/api/v4/")?.split('/').next()?;
                name.parse().ok().filter(|endpoint: &Endpoint| !endpoint.is_oauth())
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|endpoint| endpoint.name() == text).ok_or_else(|| {
            format!("unknown endpoint \"{text}\"; it is one of {}, or *", Self::ALL.map(Self::name).join(", "))
        })
    }
}

/// One request, as an endpoint sees it.
pub(crate) struct Ask<'a> {
    pub(crate) account: &'a Account,
    pub(crate) params: &'a Params,
    /// The address that was asked, `http://127.0.0.1:PORT`.
    pub(crate) base: &'a str,
    pub(crate) now: Timestamp,
}

/// Why an endpoint gives no document: an [`Answer`] of its own, such as 204 or a problem.
type Refusal = Box<Answer>;

impl Ask<'_> {
    /// What hrefs begin with.
    fn href_base(&self) -> &str {
        self.account.behaviour.href_base.as_deref().unwrap_or(self.base)
    }

    fn href(&self, path: &str) -> String {
        format!("{}{path}", self.href_base())
    }

    /// The names in `with=`, a comma list.
    fn with(&self, name: &str) -> bool {
        self.params.get("with").is_some_and(|list| list.split(',').any(|item| item.trim() == name))
    }
}

/// The right answer to an authorised request.
pub(crate) fn answer(method: &Method, path: &str, ask: &Ask<'_>) -> Answer {
    let Some(endpoint) = Endpoint::of_path(path) else {
        return problem::not_found();
    };
    let rest = path.strip_prefix("/api/v4/").and_then(|path| path.strip_prefix(endpoint.name())).unwrap_or("");
    if let Some(document) = reference::document(ask, endpoint, rest) {
        return if method == Method::GET { Answer::hal(&document) } else { problem::method_not_allowed("GET") };
    }
    let (rest, of_links) = match rest.strip_suffix("/links") {
        Some(rest) if matches!(endpoint, Endpoint::Contacts | Endpoint::Companies | Endpoint::Leads) => (rest, true),
        _ => (rest, false),
    };
    let id = match rest.strip_prefix('/') {
        None => None,
        Some(id) => match id.parse::<u64>() {
            Ok(id) if endpoint != Endpoint::Account && endpoint != Endpoint::Events => Some(id),
            _ => return problem::not_found(),
        },
    };
    if method != Method::GET {
        return problem::method_not_allowed("GET");
    }
    let answered = match (endpoint, id) {
        (_, id) if of_links => links::list(ask, endpoint, id),
        (Endpoint::Contacts, None) => entities::list(ask, &ask.account.contacts),
        (Endpoint::Contacts, Some(id)) => entities::one(ask, &ask.account.contacts, id),
        (Endpoint::Companies, None) => entities::list(ask, &ask.account.companies),
        (Endpoint::Companies, Some(id)) => entities::one(ask, &ask.account.companies, id),
        (Endpoint::Leads, None) => entities::list(ask, &ask.account.leads),
        (Endpoint::Leads, Some(id)) => entities::one(ask, &ask.account.leads, id),
        (Endpoint::Users, None) => users::list(ask),
        (Endpoint::Users, Some(id)) => users::one(ask, id),
        (Endpoint::Events, _) => events::list(ask),
        (Endpoint::Account, _) => Ok(account::one(ask)),
        (Endpoint::Consent | Endpoint::Token | Endpoint::Subdomain, _) => {
            return problem::not_found();
        }
    };
    match answered {
        Ok(document) => Answer::hal(&document),
        Err(refusal) => *refusal,
    }
}

fn nothing() -> Refusal {
    Box::new(Answer::nothing())
}

fn bad_request(path: &str, detail: &str) -> Refusal {
    Box::new(problem::bad_request(path, detail))
}

fn forbidden() -> Refusal {
    Box::new(problem::forbidden())
}
