//! The cookie that holds a session's identifier. Scripts cannot read it, and pages of other sites cannot have it sent.

use http::header::{COOKIE, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, request};

use super::origin::is_encrypted;
use runtime::secret::Secret;

/// Its name, behind which stands the port that was asked for, where one was: a browser has the same cookies for all ports of a host, and each may
/// be another server's.
pub(crate) const NAME: &str = "host-harness-session";
/// How many such cookies of a request are looked at.
const MOST: usize = 16;

/// The identifiers in the cookies of a request. Which of them is one of this server's, the server knows.
pub(crate) fn sessions(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| is_name(name)).map(|(_, id)| id).take(MOST)
}

fn is_name(name: &str) -> bool {
    name.strip_prefix(NAME).is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('-').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// The name for who sent this request.
fn name(head: &request::Parts) -> String {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.and_then(|host| host.port_u16()).map_or_else(|| NAME.to_owned(), |port| format!("{NAME}-{port}"))
}

/// The header that gives a browser the cookie.
pub(crate) fn given(id: &Secret, head: &request::Parts) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{}={}{}", name(head), id.expose(), attributes(head))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header that takes it away.
pub(crate) fn taken(head: &request::Parts) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{}=; Max-Age=0{}", name(head), attributes(head))).ok()
}

/// Where the client's way is encrypted, the cookie is sent over such ways alone.
fn attributes(head: &request::Parts) -> String {
    format!("; HttpOnly; SameSite=Strict; Path=/{}", if is_encrypted(head) { "; Secure" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_found_among_other_cookies() {
        for (cookies, ids) in [
            (&["host-harness-session=abc"][..], &["abc"][..]),
            (&["a=b; host-harness-session=abc ; c=d"], &["abc"]),
            (&["a=b", "host-harness-session-8066=abc; host-harness-session=def"], &["abc", "def"]),
            (
                &[
                    "host-harness-session2=abc; host-harness-session-x=a; x-host-harness-session=abc; host-harness-session",
                ],
                &[],
            ),
            (&["host-harness-session="], &[""]),
            (&[], &[]),
        ] {
            let headers = cookies.iter().map(|value| (COOKIE, value.parse().unwrap())).collect();
            assert_eq!(sessions(&headers).collect::<Vec<_>>(), ids, "{cookies:?}");
        }
    }

    #[test]
    fn each_port_of_a_host_has_a_cookie_of_its_own() {
        for (host, cookie) in [
            ("127.0.0.1:8067", "host-harness-session-8067"),
            ("[::1]:8066", "host-harness-session-8066"),
            ("pbx.example.ru", "host-harness-session"),
        ] {
            let (head, ()) = http::Request::builder().header(HOST, host).body(()).unwrap().into_parts();
            assert_eq!(name(&head), cookie);
            assert!(is_name(cookie));
        }
    }
}
