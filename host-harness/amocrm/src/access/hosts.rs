//! What counts as amoCRM's host. Tokens, authorization codes and the client secret are sent nowhere else.
//!
//! An origin is amoCRM's when it speaks https on the default port and its host is a proper subdomain of `amocrm.ru`, `amocrm.com` or
//! `kommo.com` (amoCRM facts §8); or when the user configured it. Names that amoCRM gives (`referer`, the token's `api_domain`, the answer of
//! the subdomain look-up) travel through browsers and tokens, so each is judged here before anything is sent to it.

use std::fmt;

use url::Host;

use call::Localized;
use runtime::capabilities::http::{Origin, Scheme};

/// The domains under which every host is amoCRM's.
const DOMAINS: [&str; 3] = [".amocrm.ru", ".amocrm.com", ".kommo.com"];

/// The hosts of one integration that may be sent its secrets.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    configured: Vec<Origin>,
}

/// A name that is not amoCRM's. The name is not repeated: it came from outside and may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAmocrm;

impl NotAmocrm {
    /// What is wrong, and what to do, for people.
    pub fn text(self) -> Localized {
        Localized::new(
            "названный адрес — не amoCRM (не поддомен amocrm.ru, amocrm.com или kommo.com по https), поэтому на него ничего не отправлено; \
             если он ваш, впишите его в `granted` в [[integration]]",
            "the host that was named is not amoCRM's (a subdomain of amocrm.ru, amocrm.com or kommo.com, over https), so nothing was sent to \
             it; if it is yours, add its address to `granted` of the [[integration]]",
        )
    }
}

impl fmt::Display for NotAmocrm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for NotAmocrm {}

impl Hosts {
    /// amoCRM's own hosts, and these.
    pub fn new(configured: Vec<Origin>) -> Self {
        Self { configured }
    }

    /// Whether secrets may be sent to this origin.
    pub fn permits(&self, origin: &Origin) -> bool {
        is_amocrm(origin) || self.configured.contains(origin)
    }

    /// The origin that amoCRM named as `example.amocrm.ru`, or as a whole address. A name without a scheme means https, or the configured
    /// origin with that host and port.
    pub fn judge(&self, named: &str) -> Result<Origin, NotAmocrm> {
        // Internationalised names, spaces and the like are not names of amoCRM's, whatever they would be normalised to.
        let plain = |character: char| character.is_ascii_alphanumeric() || ".-:/[]".contains(character);
        if !named.chars().all(plain) {
            return Err(NotAmocrm);
        }
        let origin = if named.contains("://") {
            named.parse().ok()
        } else {
            let configured = self.configured.iter().find(|origin| origin.authority().eq_ignore_ascii_case(named));
            configured.cloned().or_else(|| format!("https://{named}").parse().ok())
        };
        origin.filter(|origin| self.permits(origin)).ok_or(NotAmocrm)
    }
}

/// Whether an origin is one of amoCRM's own, by its parsed and normalised parts.
fn is_amocrm(origin: &Origin) -> bool {
    let Host::Domain(name) = origin.host() else {
        return false;
    };
    let label = |label: &str| {
        let within = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        within && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && !label.starts_with("xn--")
    };
    let below = DOMAINS.iter().find_map(|domain| name.strip_suffix(domain));
    origin.scheme() == Scheme::Https
        && origin.port() == Scheme::Https.default_port()
        && below.is_some_and(|below| below.split('.').all(label))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(vec!["http://127.0.0.1:8090".parse().unwrap(), "https://crm.example.org:8443".parse().unwrap()])
    }

    #[test]
    fn subdomains_of_amocrm_and_configured_origins_are_hosts_of_amocrm() {
        for (named, origin) in [
            ("example.amocrm.ru", "https://example.amocrm.ru"),
            ("EXAMPLE.amoCRM.ru", "https://example.amocrm.ru"),
            ("example.amocrm.ru.", "https://example.amocrm.ru"),
            ("https://example.amocrm.com/", "https://example.amocrm.com"),
            ("https://new-2.kommo.com:443", "https://new-2.kommo.com"),
            ("api-a.amocrm.ru", "https://api-a.amocrm.ru"),
            ("127.0.0.1:8090", "http://127.0.0.1:8090"),
            ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
            ("crm.example.org:8443", "https://crm.example.org:8443"),
        ] {
            assert_eq!(hosts().judge(named).map(|origin| origin.to_string()), Ok(origin.to_owned()), "{named}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for named in [
            "",
            "amocrm.ru",
            ".amocrm.ru",
            "kommo.com",
            "example.amocrm.ru.evil.example",
            "evil-amocrm.ru",
            "exampleamocrm.ru",
            "example.amocrm.org",
            "evil.example/example.amocrm.ru",
            "evil.example#.amocrm.ru",
            "evil.example?.amocrm.ru",
            "evil.example\\.amocrm.ru",
            "example.amocrm.ru/path",
            "example.amocrm.ru@evil.example",
            "user@example.amocrm.ru",
            "user:pass@example.amocrm.ru",
            "example.amocrm.ru:8443",
            "http://example.amocrm.ru",
            "https://example.amocrm.ru:80",
            "ftp://example.amocrm.ru",
            "example%2eamocrm.ru",
            "example.amocrm.ru%00.evil.example",
            "пример.amocrm.ru",
            "xn--e1afmkfd.amocrm.ru",
            "example。amocrm.ru",
            "ⓔxample.amocrm.ru",
            "example.amocrm.ru\u{0}",
            "example..amocrm.ru",
            "-example.amocrm.ru",
            "example-.amocrm.ru",
            "ex_ample.amocrm.ru",
            "127.0.0.1",
            "127.0.0.1:8091",
            "https://127.0.0.1:8090",
            "[::1]:8090",
            "crm.example.org",
            "http://crm.example.org:8443",
            " example.amocrm.ru",
            "example.amocrm.ru\n",
        ] {
            assert_eq!(hosts().judge(named), Err(NotAmocrm), "{named:?}");
        }
    }

    proptest! {
        /// Whatever text is judged: what is accepted is https on the default port, below one of three domains, in lower case.
        #[test]
        fn whatever_is_accepted_is_below_one_of_three_domains(
            named in r"(https?://)?[a-zA-Z0-9.:@/\\#?%é。_-]{0,20}(amocrm|kommo)?\.(ru|com|org)?[.:/@#?a-z0-9]{0,12}"
        ) {
            if let Ok(origin) = Hosts::default().judge(&named) {
                let shown = origin.to_string();
                let host = shown.strip_prefix("https://").expect("https on the default port");
                let below = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain)).expect("one of three domains");
                prop_assert!(!below.is_empty() && below.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b)));
            }
        }

        #[test]
        fn every_subdomain_is_accepted(label in "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", domain in prop::sample::select(&DOMAINS[..])) {
            prop_assume!(!label.starts_with("xn--"));
            let named = format!("{label}{domain}");
            prop_assert_eq!(Hosts::default().judge(&named).map(|origin| origin.to_string()), Ok(format!("https://{named}")));
        }
    }
}
