//! What the answers of the account's server mean for further requests.
//!
//! Which requests a server limits, how it refuses them and how it says for how long differ from server to server. An [`AccountPolicy`] knows
//! that of one kind of server; the circuit and the budget know none. `StandardPolicy` reads what RFC 6585 and RFC 9110 define.

use call::Localized;
use std::fmt;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::circuit::CircuitCause;

/// How the server of an account limits requests. Asked for each request and each answer, and answers from what it is given.
pub trait AccountPolicy: Send + Sync + fmt::Debug {
    /// Whether budget and circuit concern a request. Unless said otherwise, they concern those to the account's server.
    fn is_limited(&self, to_account: bool) -> bool {
        to_account
    }

    /// What an answer to a limited request means, by its head; `now` is what a date in it is compared with.
    fn judge(&self, status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Verdict;

    /// The rest that the body of a refusal states. Asked where the verdict was [`Rest::InBody`], with the body's first 4 KiB at most: what
    /// came within 100 ms.
    fn rest_in(&self, _: &[u8]) -> Option<Duration> {
        None
    }

    /// What the server did, for people: half a sentence that names the status.
    fn describe(&self, cause: CircuitCause) -> Localized {
        match cause {
            CircuitCause::Limited => {
                Localized::new("сервер просит запрашивать реже (429)", "the server asked for fewer requests (429)")
            }
            CircuitCause::Blocked => Localized::new(
                "сервер заблокировал запросы этого аккаунта",
                "the server blocks this account's requests",
            ),
        }
    }
}

/// What an answer means for further requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server serves this integration.
    Accepted,
    /// It does not, for some time.
    Refused(CircuitCause, Rest),
}

/// For how long a server wants no requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It does not say.
    Unstated,
    /// It says so.
    Stated(Duration),
    /// It may say so in the answer's body.
    InBody,
}

impl From<Option<Duration>> for Rest {
    fn from(stated: Option<Duration>) -> Self {
        stated.map_or(Self::Unstated, Self::Stated)
    }
}

/// A server that refuses too many requests with 429 and perhaps a `Retry-After`, and blocks nobody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StandardPolicy;

impl AccountPolicy for StandardPolicy {
    fn judge(&self, status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Verdict {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Verdict::Refused(CircuitCause::Limited, retry_after(headers, now).into()),
            _ => Verdict::Accepted,
        }
    }
}

/// The rest that `Retry-After` states: in seconds, or as a date in any of the three forms of RFC 9110, 5.6.7. A date that has passed states
/// nothing: the clocks differ. Neither does no time at all.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let stated = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let rest = match stated.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = Timestamp::try_from(httpdate::parse_http_date(stated).ok()?).ok()?;
            Duration::try_from(date.duration_since(now)).ok()?
        }
    };
    (!rest.is_zero()).then_some(rest)
}
