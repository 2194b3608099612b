//! Whether a request comes from a page of this very server. Other sites can make a browser send requests with its cookies; they cannot make it
//! say that their pages are this server's.
//!
//! Browsers say so themselves: in `Sec-Fetch-Site` where the server is reached over TLS or on this machine, in `Origin` elsewhere. `Origin` is
//! compared with the host that was asked for. A page also has to send `X-Requested-With`, which a form of another site cannot.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{HOST, HeaderName, ORIGIN};
use http::{HeaderMap, request};

use crate::connections::table::Connection;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What the pages of this server send in `X-Requested-With`.
const OWN: &str = "host-harness";

/// Whether a page of this server sent the request, and says so.
pub(crate) fn is_own_page(head: &request::Parts) -> bool {
    text(&head.headers, &X_REQUESTED_WITH) == Some(OWN) && is_own_origin(head) == Some(true)
}

/// Whether it comes from this server's own pages; none where it does not say where it comes from, as programs do not.
pub(crate) fn is_own_origin(head: &request::Parts) -> Option<bool> {
    let headers = &head.headers;
    if headers.contains_key(SEC_FETCH_SITE) {
        return Some(text(headers, &SEC_FETCH_SITE) == Some("same-origin"));
    }
    let origin = headers.get(ORIGIN)?.to_str().unwrap_or_default();
    // A proxy on this machine may ask with a name of its own, and says what it was asked for.
    let forwarded = is_of_local_proxy(head).then(|| text(headers, &X_FORWARDED_HOST)).flatten();
    let hosts = [text(headers, &HOST), forwarded];
    let authority = origin.split_once("://").map(|(_, authority)| authority).filter(|authority| !authority.is_empty());
    Some(
        authority.is_some_and(|authority| hosts.into_iter().flatten().any(|host| host.eq_ignore_ascii_case(authority))),
    )
}

/// Whether the client's part of the way is encrypted: the server speaks TLS itself, or a proxy on this machine says that it does.
pub(crate) fn is_encrypted(head: &request::Parts) -> bool {
    let own = head.extensions.get::<Arc<Connection>>().is_some_and(|connection| connection.is_encrypted());
    own || (is_of_local_proxy(head) && text(&head.headers, &X_FORWARDED_PROTO) == Some("https"))
}

/// Whether the connection comes from this machine. What others say of themselves in `X-Forwarded-…` counts for nothing.
fn is_of_local_proxy(head: &request::Parts) -> bool {
    head.extensions.get::<Arc<Connection>>().is_some_and(|connection| IpAddr::is_loopback(&connection.peer()))
}

/// The only value of a header.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn own(headers: &[(&str, &str)]) -> bool {
        let mut request = Request::post("/v1/session");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_own_page(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn only_a_page_of_this_server_that_says_so_may_change_something() {
        let (page, host) = (("x-requested-with", "host-harness"), ("host", "pbx.example:8066"));
        let origin = ("origin", "http://pbx.example:8066");
        let same = ("sec-fetch-site", "same-origin");
        assert!(own(&[page, host, origin]));
        assert!(own(&[page, host, ("origin", "https://PBX.example:8066")]));
        assert!(own(&[page, host, same]));
        // A proxy may have changed the host; what the browser itself says counts.
        assert!(own(&[page, ("host", "127.0.0.1:8066"), same, origin]));
        for refused in [
            &[host, origin][..],
            &[host, same],
            &[page, host],
            &[("x-requested-with", "XMLHttpRequest"), host, origin],
            &[page, page, host, origin],
            &[page, host, ("origin", "http://evil.example")],
            &[page, host, ("origin", "http://pbx.example")],
            &[page, host, ("origin", "null")],
            &[page, host, ("origin", "http://")],
            &[page, origin],
            &[page, host, ("sec-fetch-site", "cross-site")],
            &[page, host, ("sec-fetch-site", "same-site"), origin],
            &[page, host, ("sec-fetch-site", "none"), origin],
            // Whoever is not a proxy on this machine says nothing of hosts.
            &[page, ("host", "127.0.0.1:8066"), ("x-forwarded-host", "pbx.example:8066"), origin],
        ] {
            assert!(!own(refused), "{refused:?}");
        }
    }
}
