//! Which requests a component may send with the access token. The token can do all that the administrator who gave it can, and an operation
//! needs little of that. This text is the specification.
//!
//! A grant is a method and the beginning of a path: `GET /api/v4/`. It is one for all paths below; where it does not end with `/`, for the path
//! itself too. `GET` grants `HEAD`. The query does not count.
//!
//! | granted | asked for | |
//! |---|---|---|
//! | `GET /api/v4/` | `GET /api/v4/contacts?query=…`, `HEAD /api/v4/account` | allowed |
//! | | `POST /api/v4/contacts`, `DELETE /api/v4/account` | denied: another method |
//! | | `GET /oauth2/access_token`, `GET /api/v4`, `GET /API/v4/contacts` | denied: another path |
//! | | `GET /api/v4/../v2/x`, `/api/v4/%2e%2e/x`, `/api/v4/a%2fb`, `/api/v4//x`, `/api/v4/a\b`, `/api/v4/a;b` | denied: servers read these differently |
//! | `POST /api/v4/webhooks` | `POST /api/v4/webhooks`, `POST /api/v4/webhooks/1` | allowed |
//! | | `POST /api/v4/webhooks2` | denied: another path |

use std::fmt;
use std::str::FromStr;

use call::Localized;
use http::Method;

/// The longest path of a grant.
const LONGEST: usize = 200;

/// A method and the beginning of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRequest {
    method: Method,
    path: String,
}

/// What a component may ask the account; without a bound, anything that the allow-list lets through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountRequests(Option<Vec<AccountRequest>>);

impl AccountRequests {
    /// These and nothing else.
    pub fn only(granted: impl IntoIterator<Item = AccountRequest>) -> Self {
        Self(Some(granted.into_iter().collect()))
    }

    /// Whether one of the grants is for this request.
    pub(super) fn permit(&self, method: &Method, path: &str) -> bool {
        let Some(granted) = &self.0 else { return true };
        granted.iter().any(|granted| granted.permits(method, path))
    }
}

impl AccountRequest {
    /// Reading below a path.
    pub fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned() }
    }

    fn permits(&self, method: &Method, path: &str) -> bool {
        let same = self.method == method || (self.method == Method::GET && method == Method::HEAD);
        let (beginning, only_below) = match self.path.strip_suffix('/') {
            Some(beginning) => (beginning, true),
            None => (&*self.path, false),
        };
        let below = path.strip_prefix(beginning);
        same && below.is_some_and(
            |rest| {
                if rest.is_empty() { !only_below } else { rest.starts_with('/') && is_plain(rest) }
            },
        )
    }
}

impl FromStr for AccountRequest {
    type Err = Localized;

    fn from_str(written: &str) -> Result<Self, Localized> {
        const METHODS: [Method; 6] =
            [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let (method, path) = written.split_once(' ').unwrap_or((written, ""));
        let method = METHODS.into_iter().find(|known| known.as_str() == method);
        match method.filter(|_| path.starts_with('/') && path.len() <= LONGEST && is_plain(path)) {
            Some(method) => Ok(Self { method, path: path.to_owned() }),
            None => Err(Localized::new(
                "— не метод и путь; напишите, например, \"POST /api/v4/leads\"",
                "is not a method and a path; write, for example, \"POST /api/v4/leads\"",
            )),
        }
    }
}

impl fmt::Display for AccountRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

/// Whether every server reads a path as it is written: no empty segment and none of dots, and nothing encoded.
fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let of_dots = |segment: &str| matches!(segment, "." | "..");
    path.bytes().all(plain) && !path.contains("//") && !path.split('/').any(of_dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(written: &[&str]) -> AccountRequests {
        AccountRequests::only(written.iter().map(|written| written.parse().unwrap()))
    }

    fn permits(requests: &AccountRequests, asked: &str) -> bool {
        let (method, path) = asked.split_once(' ').unwrap();
        requests.permit(&method.parse().unwrap(), path)
    }

    #[test]
    fn a_grant_is_for_a_method_and_what_is_below_a_path() {
        let requests = granted(&["GET /api/v4/", "POST /api/v4/webhooks"]);
        for asked in [
            "GET /api/v4/contacts",
            "HEAD /api/v4/account",
            "GET /api/v4/",
            "POST /api/v4/webhooks",
            "POST /api/v4/webhooks/1",
        ] {
            assert!(permits(&requests, asked), "{asked}");
        }
        for asked in [
            "POST /api/v4/contacts",
            "PATCH /api/v4/contacts",
            "DELETE /api/v4/account",
            "OPTIONS /api/v4/contacts",
            "GET /api/v4",
            "GET /",
            "GET /api/v41/contacts",
            "GET /API/v4/contacts",
            "GET /oauth2/access_token",
            "POST /api/v4/webhooks2",
            "HEAD /api/v4/../v2/x",
            "GET /api/v4/..",
            "GET /api/v4/./x",
            "GET /api/v4/%2e%2e/x",
            "GET /api/v4/a%2fb",
            "GET /api/v4//x",
            "GET //api/v4/x",
            "GET /api/v4/a\\b",
            "GET /api/v4/..;/x",
        ] {
            assert!(!permits(&requests, asked), "{asked}");
        }
        assert!(!permits(&AccountRequests::only([]), "GET /api/v4/contacts"));
        assert!(permits(&AccountRequests::default(), "DELETE /a%2fb"));
    }

    #[test]
    fn a_grant_is_read_as_it_is_shown() {
        for written in ["GET /", "POST /api/v4/leads", "DELETE /api/v4/"] {
            assert_eq!(written.parse::<AccountRequest>().unwrap().to_string(), written);
        }
        for written in
            ["", "POST", "/api/v4/", "post /a", "CONNECT /", "POST a", "POST /a/../b", "POST /a?b", "POST  /a"]
        {
            assert!(written.parse::<AccountRequest>().unwrap_err().en.contains("POST /api/v4/leads"), "{written}");
        }
    }
}
