//! The endpoints of the API and of OAuth.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
