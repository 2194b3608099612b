//! The address at which browsers reach the server.

use std::fmt;
use std::str::FromStr;

use call::Bilingual;
use url::{Host, Url};

/// An https address without a path of its own: pages of amoCRM are https, and browsers let them ask nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress(Url);

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoServerAddress {
    /// It cannot be read.
    #[error("this is not an address; write, for example, https://pbx.example.ru")]
    Unreadable,
    /// Not https.
    #[error(
        "the address must begin with https://: amoCRM's pages are https, and browsers let them ask no http server; give the server a \
         certificate (`tls_certificate` and `tls_key` in [server]) or put a proxy with one before it"
    )]
    PlainHttp,
    /// It says more than where the server is.
    #[error("write the address alone, without name, password, `?` or `#`: https://pbx.example.ru")]
    More,
}

impl Bilingual for NoServerAddress {
    fn ru(&self) -> String {
        let text = match self {
            Self::Unreadable => "это не адрес; нужен, например, https://pbx.example.ru",
            Self::PlainHttp => {
                "адрес должен начинаться с https://: страницы amoCRM открыты по https, и к http-серверу браузер не обратится; дайте серверу \
                 сертификат (`tls_certificate` и `tls_key` в [server]) или поставьте перед ним прокси с сертификатом"
            }
            Self::More => "нужен только адрес, без имени, пароля, `?` и `#`: https://pbx.example.ru",
        };
        text.to_owned()
    }
}

impl ServerAddress {
    /// The host's name or address.
    pub(crate) fn host(&self) -> Option<Host<&str>> {
        self.0.host()
    }
}

impl FromStr for ServerAddress {
    type Err = NoServerAddress;

    fn from_str(written: &str) -> Result<Self, NoServerAddress> {
        let url: Url = written.trim().parse().map_err(|_| NoServerAddress::Unreadable)?;
        match url.scheme() {
            "https" => {}
            "http" => return Err(NoServerAddress::PlainHttp),
            _ => return Err(NoServerAddress::Unreadable),
        }
        let is_more =
            !url.username().is_empty() || url.password().is_some() || url.query().or(url.fragment()).is_some();
        if is_more {
            return Err(NoServerAddress::More);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ServerAddress {
    /// Without a slash at the end.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_are_servers() {
        for (written, is) in [
            ("https://pbx.example.ru", "https://pbx.example.ru"),
            (" https://PBX.example.ru:8443/ ", "https://pbx.example.ru:8443"),
            ("https://example.ru/pbx/", "https://example.ru/pbx"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(written.parse::<ServerAddress>().unwrap().to_string(), is);
        }
        for (written, refusal) in [
            ("http://pbx.example.ru", NoServerAddress::PlainHttp),
            ("pbx.example.ru", NoServerAddress::Unreadable),
            ("ftp://pbx.example.ru", NoServerAddress::Unreadable),
            ("", NoServerAddress::Unreadable),
            ("https://anna@pbx.example.ru", NoServerAddress::More),
            ("https://pbx.example.ru/?a=b", NoServerAddress::More),
            ("https://pbx.example.ru/#a", NoServerAddress::More),
        ] {
            assert_eq!(written.parse::<ServerAddress>(), Err(refusal), "{written}");
        }
    }
}
