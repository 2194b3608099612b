//! What was refused, said for the person who can grant it.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use call::Bilingual;
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

impl Bilingual for Denial {
    fn ru(&self) -> String {
        match self {
            Self::Origin(origin) => format!(
                "компонент обратился к {origin}, а это не разрешено; чтобы разрешить, добавьте \"{origin}\" в `granted` его [[integration]]"
            ),
            Self::Address(error) => {
                format!("компонент обратился по адресу, который нельзя разрешить: {}", error.ru())
            }
            Self::IpAddress { origin, address } if reach(*address) == Reach::Private => format!(
                "{origin} ведёт на {address}, адрес этой машины или сети; чтобы разрешить такие адреса, напишите \
                 `private_addresses = \"granted\"` в его [[integration]]"
            ),
            Self::IpAddress { origin, address } => {
                format!("{origin} ведёт на {address}, особый адрес, который не разрешается никогда")
            }
            Self::Header(name) => format!(
                "компонент сам задал заголовок {name}, а это не разрешается никогда: ключ доступа интеграции добавляет хост, и значат только \
                 метод и путь запроса"
            ),
            Self::Method(method) => {
                format!("компонент применил метод {method}, который не разрешается никогда")
            }
            Self::AccountRequest(method, path) => format!(
                "компонент запросил у аккаунта {method} {path}, а это не разрешено; чтобы разрешить, добавьте \"{method} {path}\" в \
                 `account_requests` его [[integration]]"
            ),
            Self::TooManyRequests(most) => {
                format!("компонент сделал за один звонок больше {most} запросов, а это не разрешается никогда")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_names_the_same_in_both_languages() {
        let origin: Origin = "https://example.com".parse().unwrap();
        let to = |address: [u8; 4]| Denial::IpAddress { origin: origin.clone(), address: address.into() };
        for (denial, names) in [
            (Denial::Origin(origin.clone()), vec!["\"https://example.com\"", "`granted`"]),
            (to([127, 0, 0, 1]), vec!["127.0.0.1", "`private_addresses = \"granted\"`"]),
            (to([224, 0, 0, 1]), vec!["https://example.com", "224.0.0.1"]),
            (Denial::Header(http::header::AUTHORIZATION), vec!["authorization"]),
            (Denial::Method(http::Method::TRACE), vec!["TRACE"]),
            (
                Denial::account_request(&http::Method::POST, "/api/v4/leads"),
                vec!["\"POST /api/v4/leads\"", "`account_requests`"],
            ),
            (Denial::TooManyRequests(100), vec!["100"]),
        ] {
            let text = denial.text();
            for name in names {
                assert!(text.ru.contains(name) && text.en.contains(name), "lacks {name}: {text:?}");
            }
            assert!(text.ru.chars().any(|letter| matches!(letter, 'а'..='я')), "{text:?}");
        }
    }
}
