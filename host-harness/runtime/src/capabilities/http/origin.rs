//! An origin: scheme, host and port, the unit in which access to the network is granted.
//!
//! Both sides of a grant, the configuration and what a component asks for, are brought to this one form by the same parser, and two
//! origins are the same when these three parts are equal. In it the host is lower case, internationalised names are punycode, IPv4
//! addresses have four decimal parts whatever notation they were written in, IPv6 addresses are canonical, one trailing dot is
//! dropped, and the scheme's default port is filled in.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use call::Bilingual;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

/// DNS allows no longer name (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;

/// `http` or `https`; nothing else is ever spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The port used where none is written.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// As it is written in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Scheme, host and port. Written and read as `https://crm.example.com` or `http://127.0.0.1:8080`, without a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: Host<String>,
    port: u16,
}

/// An origin and a path prefix: the address of a server as a person configures it, such as `http://[::1]:8080/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: Origin,
    path_prefix: String,
}

/// Why a text is not the address of a server. The text is not repeated, since it may carry a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Neither `http://` nor `https://` is at the front.
    #[error("an address begins with https:// or http://")]
    Scheme,
    /// `user@` or `user:password@`.
    #[error("an address must not contain a user name or password (anything before an @)")]
    UserInfo,
    /// `?…`
    #[error("an address must not contain a query (anything after a ?)")]
    Query,
    /// `#…`
    #[error("an address must not contain a fragment (anything after a #)")]
    Fragment,
    /// No host, or something that is neither a name nor an IP address.
    #[error(
        "the host of an address is a name such as crm.example.com, an IPv4 address, or an IPv6 address in brackets"
    )]
    Host,
    /// Not a port, or port 0.
    #[error("the port of an address is a number from 1 to 65535")]
    Port,
    /// A path where only an origin makes sense.
    #[error("only scheme, host and port can be granted, such as https://crm.example.com: leave the path out")]
    Path,
    /// Spaces, control characters or backslashes, which other parsers read in other ways.
    #[error("an address must not contain spaces, control characters or backslashes")]
    Characters,
}

impl Bilingual for OriginError {
    fn ru(&self) -> String {
        match self {
            Self::Scheme => "адрес начинается с https:// или http://",
            Self::UserInfo => "в адресе не должно быть имени пользователя и пароля (того, что перед @)",
            Self::Query => "в адресе не должно быть параметров (того, что после ?)",
            Self::Fragment => "в адресе не должно быть якоря (того, что после #)",
            Self::Host => "имя сервера в адресе — это имя, например crm.example.com, адрес IPv4 или адрес IPv6 в квадратных скобках",
            Self::Port => "порт в адресе — число от 1 до 65535",
            Self::Path => "разрешить можно только схему, имя и порт, например https://crm.example.com: уберите путь",
            Self::Characters => "в адресе не должно быть пробелов, управляющих знаков и обратной косой черты",
        }
        .to_owned()
    }
}

impl Origin {
    /// The origin of a request, from its parsed parts. Whatever is unusual is refused here rather than interpreted.
    pub fn of_request(uri: &http::Uri) -> Result<Self, OriginError> {
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            _ => return Err(OriginError::Scheme),
        };
        let authority = uri.authority().ok_or(OriginError::Host)?;
        if authority.as_str().contains('@') {
            return Err(OriginError::UserInfo);
        }
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host) {
            Some("") => scheme.default_port(),
            Some(port) => port.strip_prefix(':').and_then(parse_port).ok_or(OriginError::Port)?,
            None => return Err(OriginError::Host),
        };
        Ok(Self { scheme, host: parse_host(host)?, port })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name or address.
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port, also where it is the default one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as an IP address, where it is one and not a name.
    pub fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// `host` or `host:port`, the default port left out: what goes into the `host` header.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl BaseUrl {
    /// Scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What comes before every path: empty, or beginning with a slash and not ending with one.
    pub fn path_prefix(&self) -> &str {
        &self.path_prefix
    }
}

impl From<Origin> for BaseUrl {
    /// The whole origin, without a prefix.
    fn from(origin: Origin) -> Self {
        Self { origin, path_prefix: String::new() }
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

fn parse_host(text: &str) -> Result<Host<String>, OriginError> {
    // A percent sign would be decoded, and brackets belong to IPv6 only; `Host::parse` refuses the other forbidden characters.
    if text.is_empty() || text.contains('%') {
        return Err(OriginError::Host);
    }
    normalize(Host::parse(text).map_err(|_| OriginError::Host)?)
}

fn normalize(host: Host<String>) -> Result<Host<String>, OriginError> {
    let Host::Domain(name) = host else {
        return Ok(host);
    };
    let name = name.strip_suffix('.').unwrap_or(&name);
    if name.len() > MAX_HOST || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(OriginError::Host);
    }
    Ok(Host::Domain(name.to_owned()))
}

impl FromStr for BaseUrl {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        // The URL standard forgives much (tabs, backslashes, missing slashes); an address in a configuration needs none of it.
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(OriginError::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(OriginError::Scheme),
        };
        if rest.contains('#') {
            return Err(OriginError::Fragment);
        }
        if rest.contains('?') {
            return Err(OriginError::Query);
        }
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.contains('@') {
            return Err(OriginError::UserInfo);
        }
        if authority.is_empty() || authority.contains('%') {
            return Err(OriginError::Host);
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::InvalidPort => OriginError::Port,
            _ => OriginError::Host,
        })?;
        let host = normalize(url.host().ok_or(OriginError::Host)?.to_owned())?;
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(OriginError::Port)?;
        Ok(Self { origin: Origin { scheme, host, port }, path_prefix: url.path().trim_end_matches('/').to_owned() })
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let base: BaseUrl = text.parse()?;
        if base.path_prefix.is_empty() { Ok(base.origin) } else { Err(OriginError::Path) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path_prefix)
    }
}

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text!(Origin, BaseUrl);
