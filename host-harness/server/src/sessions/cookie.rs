//! The cookie that holds a session's identifier. Scripts cannot read it, and pages of other sites cannot have it sent.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use runtime::secret::Secret;

/// Its name.
pub(crate) const NAME: &str = "host-harness-session";

/// The identifier in the cookie of a request.
pub(crate) fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME).map(|(_, id)| id)
}

/// The header that gives a browser the cookie. `secure`: it is sent over TLS alone.
pub(crate) fn given(id: &Secret, secure: bool) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{NAME}={}{}", id.expose(), attributes(secure))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header that takes it away.
pub(crate) fn taken(secure: bool) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{NAME}=; Max-Age=0{}", attributes(secure))).ok()
}

fn attributes(secure: bool) -> String {
    format!("; HttpOnly; SameSite=Strict; Path=/{}", if secure { "; Secure" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_is_found_among_other_cookies() {
        for (cookies, id) in [
            (&["host-harness-session=abc"][..], Some("abc")),
            (&["a=b; host-harness-session=abc ; c=d"], Some("abc")),
            (&["a=b", "host-harness-session=abc"], Some("abc")),
            (&["host-harness-session2=abc; x-host-harness-session=abc; host-harness-session"], None),
            (&["host-harness-session="], Some("")),
            (&[], None),
        ] {
            let headers = cookies.iter().map(|value| (COOKIE, value.parse().unwrap())).collect();
            assert_eq!(session(&headers), id, "{cookies:?}");
        }
    }
}
