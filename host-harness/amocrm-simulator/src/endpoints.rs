//! How a request for each endpoint is answered.

mod account;
mod card;
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

use http::Method;
use jiff::Timestamp;

pub(crate) use self::fields::{PHONE_FIELD_ID, enum_id};
use crate::Account;
use crate::Endpoint;
use crate::answer::Answer;
use crate::params::Params;
use crate::problem;

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
