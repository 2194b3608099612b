//! What was refused, said for the person who can grant it.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::one_line::on_one_line;

use super::addresses::{Reach, reach};
use super::origin::{Origin, OriginError};

/// A call that is refused more often than this is not told more.
const KEPT: usize = 16;

/// One refusal. Its text names what was refused and, where there is one, the configuration line that would grant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The origin is not on the allow-list.
    Origin(Origin),
    /// The address is not that of a server at all.
    Address(OriginError),
    /// The origin is granted, and leads to an IP address that is not (see [`addresses`](super::addresses)).
    IpAddress {
        /// Where the request was to go.
        origin: Origin,
        /// Where that leads.
        address: IpAddr,
    },
    /// The component set a header that only the host may set.
    Header(http::HeaderName),
    /// The method is not one of those that are granted.
    Method(http::Method),
    /// The method and the path are not granted with the access token; the path as far as it may be shown.
    AccountRequest(http::Method, String),
    /// The call made more requests than it may.
    TooManyRequests(usize),
}

/// How much of a path is told.
const LONGEST_PATH: usize = 100;
/// A part of a path with so many digits may be somebody's number.
const DIGITS_OF_A_NUMBER: usize = 5;

impl Denial {
    /// A request that is not granted with the access token. Its path is told up to the first part that may be somebody's number (rule D10).
    pub(super) fn account_request(method: &http::Method, path: &str) -> Self {
        let is_number = |part: &&str| part.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_OF_A_NUMBER;
        let parts: Vec<_> = path.split('/').take_while(|part| !is_number(part)).collect();
        Self::AccountRequest(method.clone(), on_one_line(&parts.join("/"), LONGEST_PATH))
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(origin) => write!(
                f,
                "the component asked for {origin}, which is not granted; to grant it, add \"{origin}\" to `granted` of its [[integration]]"
            ),
            Self::Address(error) => write!(f, "the component asked for an address that cannot be granted: {error}"),
            Self::IpAddress { origin, address } if reach(*address) == Reach::Private => write!(
                f,
                "{origin} leads to {address}, an address of this machine or network; to grant such addresses, write \
                 `private_addresses = \"granted\"` in its [[integration]]"
            ),
            Self::IpAddress { origin, address } => {
                write!(f, "{origin} leads to {address}, a special address that is never granted")
            }
            Self::Header(name) => write!(
                f,
                "the component set the header {name} itself, which is never granted: the host adds the access token of the integration, and a \
                 request means what its method and path say"
            ),
            Self::Method(method) => write!(f, "the component used the method {method}, which is never granted"),
            Self::AccountRequest(method, path) => write!(
                f,
                "the component asked the account for {method} {path}, which is not granted; to grant it, add \"{method} {path}\" to \
                 `account_requests` of its [[integration]]"
            ),
            Self::TooManyRequests(most) => {
                write!(f, "the component made more than {most} requests in one call, which is never granted")
            }
        }
    }
}

/// The refusals of one call; its clones are one list, since requests end after the call that started them has moved on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Denials(Arc<Mutex<Vec<Denial>>>);

impl Denials {
    /// Remembers a refusal once.
    pub(crate) fn note(&self, denial: Denial) {
        let mut kept = self.lock();
        if kept.len() < KEPT && !kept.contains(&denial) {
            kept.push(denial);
        }
    }

    pub(crate) fn list(&self) -> Vec<Denial> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Denial>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
