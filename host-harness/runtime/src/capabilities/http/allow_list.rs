//! The allow-list: which requests a component may send at all. This text is its specification.
//!
//! **Default deny.** An empty list grants nothing. Each entry grants one [`Origin`]: a scheme, a host and a port, all three equal.
//!
//! | granted | asked for | |
//! |---|---|---|
//! | `https://crm.example.com` | `https://crm.example.com/api`, `https://CRM.example.com`, `…com:443`, `…com.` | allowed: the same origin |
//! | | `http://crm.example.com` | denied: another scheme |
//! | | `https://crm.example.com:8443` | denied: another port |
//! | | `https://api.crm.example.com`, `https://example.com`, `https://crm.example.com.evil.example` | denied: another host; no wildcards |
//! | | `https://crm.example.com@evil.example`, `https://user@crm.example.com` | denied: user information is never accepted |
//! | `http://127.0.0.1:8080` | `http://127.1:8080`, `http://0x7f000001:8080` | allowed: the same address |
//! | | `http://localhost:8080`, `http://[::ffff:127.0.0.1]:8080` | denied: another host, whatever it resolves to |
//!
//! What is compared is the parsed request, and what is then connected to is the *granted* origin: the request is rebuilt from it, so no
//! difference between two parsers can lead elsewhere (GHSA-5qpp-g3j2-8frx was one).
//!
//! **Methods.** `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`, `OPTIONS`. `CONNECT` would open a tunnel, and `TRACE` would read the
//! access token back to the component.
//!
//! **Headers.** `authorization`, `proxy-authorization` and `cookie` are the host's: a request that carries one of them is denied, also
//! where the host would have replaced it, so that a component which tries is noticed. `x-http-method-override`, `x-http-method`,
//! `x-method-override`, `x-original-url` and `x-rewrite-url` would have a server read another request than the one that was judged; `expect`, `te`
//! and `trailer` are about the connection, which is the host's. They are denied too.

use http::header::{AUTHORIZATION, COOKIE, EXPECT, HeaderMap, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER};
use http::{Method, Request};

use super::denial::Denial;
use super::origin::Origin;

/// The methods that may be used.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// The headers that only the host sets, or nobody.
const HOST_HEADERS: [HeaderName; 11] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    EXPECT,
    TE,
    TRAILER,
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-rewrite-url"),
];

/// The origins that one integration's component may talk to.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowList {
    granted: Vec<Origin>,
}

impl AllowList {
    /// Grants these origins and nothing else.
    pub(crate) fn new(granted: Vec<Origin>) -> Self {
        Self { granted }
    }

    /// The granted origin that the request is for, or why it is refused. The origin of the access token in force is granted besides.
    pub(crate) fn judge<'a, B>(
        &'a self,
        request: &Request<B>,
        account: Option<&'a Origin>,
    ) -> Result<&'a Origin, Denial> {
        let asked = Origin::of_request(request.uri()).map_err(Denial::Address)?;
        let Some(granted) = self.granted.iter().chain(account).find(|granted| **granted == asked) else {
            return Err(Denial::Origin(asked));
        };
        if !METHODS.contains(request.method()) {
            return Err(Denial::Method(request.method().clone()));
        }
        match host_header(request.headers()) {
            Some(name) => Err(Denial::Header(name)),
            None => Ok(granted),
        }
    }
}

fn host_header(headers: &HeaderMap) -> Option<HeaderName> {
    HOST_HEADERS.into_iter().find(|name| headers.contains_key(name))
}
